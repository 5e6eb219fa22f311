"""What the index lists, once the ledger agrees with it and with the tags."""

from collections.abc import Mapping

from mergeship.adapters import index
from mergeship.core.listing import Listing
from mergeship.core.release import ledger
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.text import without_password
from mergeship.errors import Failed, Held
from mergeship.pipeline.standing import Standing


def listed(standing: Standing, environ: Mapping[str, str], *, by_hand: bool = False) -> Listing:
    """What the index lists; the ledger that agrees with it is the one that this runner remembers.

    Raises Held where the index cannot be read, or where the ledger says something else. A release that is merely gone
    from the index is no obstacle where a person decides (`by_hand`).

    A release that was seen there and is not shown now is waited for: pages lag behind, and not everywhere the same.
    """
    settings, project = standing.source.settings.index, standing.source.project.normalized
    where = index.addresses(settings).simple
    found = index.listing(where, project, settings.deadline, environ)
    last = ledger.last_finished(standing.ledger)
    if found.files and not any(file.sha256 for file in found.files):
        raise Held(
            "index-without-hashes",
            f"{without_password(where)}{project}/ tells no sha256 of any file, so no upload could be proven",
            hint="use an index that does (PEP 503, PEP 691)",
        )
    if last and not by_hand and any(found.lacks(file) for file in last.files):
        try:
            index.wait_until_listed(where, project, last.files, settings.deadline, environ)
        except Failed:
            pass  # told below, as one of the disagreements
        else:
            found = index.listing(where, project, settings.deadline, environ)
    wrong = ledger.disagreements(standing.ledger, found, standing.refs.tags, by_hand=by_hand)
    if wrong:
        raise Held("ledger-disagrees", "; ".join(wrong), hint=_HINT)
    if standing.refs.ledger:
        standing.state.remember(standing.refs.ledger)
    return found


_HINT = (
    "somebody wrote to refs/mergeship/ledger, moved a tag or deleted a release: see git log -p of the ledger, and put "
    "back what mergeship wrote; if an owner deleted a release, " + DISPATCH
)
