"""What a run may count on, as values, and how a run of the forge is read."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from mergeship.adapters.github.shapes import WorkflowJob, WorkflowRun
from mergeship.core.listing import Listing
from mergeship.core.release.belief import Belief
from mergeship.core.release.evidence import Run
from mergeship.core.workflow import PATH
from mergeship.drills.env import pipeline
from mergeship.pipeline import project_state
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.verify_ledger import LONG_AGO, Verified, _read
from tests import ledgers
from tests.conftest import commit_all, git
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


@pytest.fixture
def state(obk: Path, environ: Mapping[str, str], tmp_path: Path) -> ProjectState:
    ledgers.with_origin(obk)
    return project_state.read(obk, ledgers.of_project(environ, tmp_path / "state"), lambda _: None)


def seen(state: ProjectState, text: str, conclusion: str | None, *jobs: str, path: str = PATH, attempt: int = 1) -> Run:
    """A run of a workflow whose jobs ended so: `NAME conclusion` each, without one for a job that goes on."""
    file = Path(state.repository.path) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    commit_all(file.parent)
    status = "completed" if conclusion else "in_progress"
    of_forge = WorkflowRun(
        1, path, status, conclusion, head_sha=git(file.parent, "rev-parse", "HEAD"), run_attempt=attempt, updated_at=NOW
    )
    ended = [(name, ended) for name, _, ended in (job.partition(" ") for job in jobs)]
    jobs_of_forge = [
        WorkflowJob(name, "completed" if how else "in_progress", how or None, None if how == "skipped" else 1, NOW)
        for name, how in ended
    ]
    return _read(state, of_forge, jobs_of_forge)


SKIPPED = ("Test success", "Decide success", "Build skipped", "Deploy skipped")


def test_a_run_has_declined_if_its_later_jobs_were_skipped(state: ProjectState) -> None:
    """T3: whatever became of the job that brings the version back."""
    for conclusion in ("success", "failure", None):
        found = seen(state, pipeline(), conclusion, *SKIPPED)
        assert (found.declined, found.skipped, found.decided, found.is_pipeline) == (
            True,
            conclusion == "success",
            True,
            True,
        )


def test_a_run_that_was_cancelled_has_not_declined(state: ProjectState) -> None:
    """T3: it may have been to ship; nor has one in which somebody else's attempt comes after the cancelled one."""
    assert not seen(state, pipeline(), "cancelled", *SKIPPED).declined
    for again in (("Test success", "Decide failure", "Build skipped", "Deploy skipped"), ("Sync success",)):
        assert not seen(state, pipeline(), "success", *SKIPPED, *again, attempt=2).declined
    assert not seen(state, pipeline(), None, "Test success", "Decide success").declined  # it has not come so far
    assert not seen(state, pipeline(), "success", "Decide success", "Build success", "Deploy skipped").declined


def test_a_decision_in_progress_is_seen(state: ProjectState) -> None:
    assert seen(state, pipeline(), None, "Test success", "Decide").deciding
    assert not seen(state, pipeline(), None, "Test success", "Decide failure").deciding


CALLS = """\
on: push
jobs:
  decide:
    runs-on: x
    steps: [{run: mergeship decide}]
  release:
    runs-on: x
    needs: decide
    steps: [{run: mergeship build}, {run: mergeship deploy}]
"""


def test_a_job_that_begins_in_any_case_says_nothing(state: ProjectState) -> None:
    """Its steps have the condition; so a decision by hand to skip counts, and a run that ships nothing is no end."""
    found = seen(state, CALLS, "success", "decide success", "release success")
    assert (found.declined, found.skipped) == (True, False)
    conditional = CALLS.replace("    needs: decide", "    needs: decide\n    if: needs.decide.outputs.ship == 'true'")
    assert not seen(state, conditional, "success", "decide success", "release success").declined
    always = CALLS.replace("    needs: decide", "    needs: decide\n    if: ${{ !cancelled() }}")
    assert seen(state, always, "success", "decide success", "release success").declined
    assert seen(state, conditional, "success", "decide success", "release skipped").skipped


def test_a_job_that_is_asked_tells_it_for_one_that_is_not(state: ProjectState) -> None:
    """T3: the build of a decision to ship failed, and deploy has no condition of its own."""
    both = CALLS.replace("[{run: mergeship build}, {run: mergeship deploy}]", "[{run: mergeship deploy}]")
    build = (
        "  build:\n    runs-on: x\n    if: needs.decide.outputs.ship == 'true'\n    steps: [{run: mergeship build}]\n"
    )
    ended = ("decide success", "build failure", "release skipped")
    assert not seen(state, both + build, "failure", *ended).declined
    assert seen(state, both + build, "success", "decide success", "build skipped", "release skipped").declined


def test_a_pipeline_is_one_whatever_it_is_called(state: ProjectState) -> None:
    text = CALLS.replace("[{run: mergeship decide}]", "[{run: mergeship decide}, {run: mergeship deploy}]")
    found = seen(state, text, "success", "decide success", path=".github/workflows/old.yml")
    assert (found.begun, found.is_pipeline) == (None, True)
    assert not seen(state, "on: push\njobs: {x: {runs-on: x}}\n", "success", path=".github/workflows/x.yml").is_pipeline
