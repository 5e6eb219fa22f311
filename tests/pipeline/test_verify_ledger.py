"""What a run may count on, as values."""

from datetime import timedelta

from mergeship.core.listing import Listing
from mergeship.core.release.belief import Belief
from mergeship.pipeline.verify_ledger import LONG_AGO, Verified
from tests.core.release.test_verdict import NOW, evidence, ledger, run


def test_an_upload_is_quiet_since_its_run_ended_or_began_to_deploy_again() -> None:
    """T12: this run's own upload is as old as the ledger says, however often it is run again."""
    before = NOW - timedelta(days=1)
    runs = {
        "1": run(ended_at=NOW, deployed_at=before, deployed_again_at=before),
        "2": run(deployed_at=before, deployed_again_at=NOW),  # it goes on
        "3": run(),
        "4": None,  # nobody can delete one that goes on
        "9": run(deployed_at=before, deployed_again_at=before),
    }
    verified = Verified(Listing(), ledger(), ledger(), Belief(), evidence(runs=runs, run="9"))
    assert verified.quiet_since == {"1": NOW, "2": NOW, "4": LONG_AGO}
