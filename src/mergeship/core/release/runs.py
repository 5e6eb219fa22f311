"""What the forge's record of runs bears out: nobody can forge a run, and whoever may write can delete one.

Source: https://docs.github.com/rest/actions/workflow-runs
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from mergeship.core.release.evidence import EVENTS, PENDING, Evidence, Run
from mergeship.core.release.ledger import Entry, Skip
from mergeship.core.release.plausibility import OR_BY_HAND, contradiction

CLOCKS = timedelta(minutes=1)
"""So far the clocks of a forge and of an index may be apart."""


def borne_out(entry: Entry, skipped: Sequence[str], evidence: Evidence) -> bool:
    """Whether its run, its tag or the index bears an entry out. Raises Held if its run says something else.

    What a person has `skipped` since is left behind.
    """
    known = by_its_run(entry, evidence)
    if entry.state == "claimed":
        return known or not (entry.run or evidence.run)  # of a person's own machine, and so is this
    on_index = evidence.lists_some_of(entry)
    left_behind = any(not evidence.outside(commit, [entry.commit]) for commit in skipped)
    if _is_tagged_elsewhere(entry, evidence, left_behind=left_behind):
        return False
    if entry.state == "uploading":
        return known or on_index
    tagged = evidence.tagged(entry)
    if not needs_its_commit_s_runs(entry, evidence):
        if entry.state in PENDING or on_index:
            return True
        if left_behind or evidence.by_hand:
            return False
        words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, and the index has no file of it"
        raise contradiction("ledger-disagrees", words, OR_BY_HAND)
    if _is_of_its_commit_s_runs(entry, evidence, known=known):
        return True
    if left_behind and entry.state in PENDING and not evidence.listing.has_all(entry.files):
        return False  # nothing more is sent of it
    if (on_index or tagged) and not evidence.by_hand and not left_behind:
        lacks = "the index has no file" if tagged else "there is no tag"
        words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, {lacks} of it, and no run says so"
        late = on_index and any(evidence.of_commit[entry.commit])
        words += ", as its deploy began after the index had it by their clocks" if late else ""
        raise contradiction("ledger-disagrees", words, OR_BY_HAND)
    # A person's decision confirms what a release says to have brought, so it takes more than its tag or its files.
    return entry.state in PENDING and on_index if evidence.by_hand else on_index or tagged


def _is_of_its_commit_s_runs(entry: Entry, evidence: Evidence, *, known: bool) -> bool:
    """Whether a run of its commit may have sent it, or is too old for anyone to know."""
    own, on_index = evidence.of_commit[entry.commit], evidence.lists_some_of(entry)
    may_have = (run for run in own if not any(_not_of_main(run, evidence)) and _may_have_sent(run, entry, evidence))
    if (on_index or entry.state in PENDING) and any(may_have):  # what was finished is there
        return True
    return on_index and entry.tag == "refused" and not known and not own and evidence.is_old(entry)


def _is_tagged_elsewhere(entry: Entry, evidence: Evidence, *, left_behind: bool) -> bool:
    """Whether the tag of what is on the index is elsewhere. Raises Held, unless a person decides, or has since."""
    at = evidence.tags.get(entry.tag_name, entry.commit)
    if at == entry.commit or not (evidence.lists_some_of(entry) or entry.state not in PENDING):
        return False
    if not (left_behind or evidence.by_hand):
        words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, and its tag is on {at[:12]}"
        raise contradiction("ledger-disagrees", words, OR_BY_HAND)
    return True


def needs_its_commit_s_runs(entry: Entry, evidence: Evidence) -> bool:
    """Whether neither its run, nor tag and index, say which commit was sent: any run may finish what one began."""
    if entry.state in {"claimed", "uploading"}:
        return False
    if evidence.tagged(entry) and evidence.lists_some_of(entry):
        return False
    run = evidence.runs.get(entry.run)
    return run is None or run.commit != entry.commit or not _may_have_sent(run, entry, evidence)


def _may_have_sent(run: Run, entry: Entry, evidence: Evidence) -> bool:
    """Whether a run had begun to deploy before the index took the last file, as far as both say when that was."""
    if run.begun is None:
        return True
    uploaded = evidence.uploaded_at(entry) if evidence.listing.has_all(entry.files) else None
    late = run.deployed_at is not None and uploaded is not None and run.deployed_at > uploaded + CLOCKS
    return "deploy" in run.begun and not late


def by_its_run(entry: Entry, evidence: Evidence) -> bool:
    """Whether the forge knows its run. Raises Held if that cannot have done it, unless a person decides now."""
    run = evidence.runs.get(entry.run)
    if run is None or (evidence.by_hand and any(_not_of(run, entry, evidence))):
        return False
    for words in _not_of(run, entry, evidence):
        raise contradiction(
            "ledger-foreign-run", f"{entry.version} is {entry.state} by run {entry.run}, and that {words}"
        )
    return True


def _not_of(run: Run, entry: Entry, evidence: Evidence) -> Iterator[str]:
    """How a run cannot have brought an entry into its state."""
    yield from _not_of_main(run, evidence)
    stage = "decide" if entry.state == "claimed" else "deploy"
    if entry.state in {"claimed", "uploading"} and run.commit != entry.commit:
        yield f"was on {run.commit[:12]}, not on {entry.commit[:12]}"
    if run.begun is not None and stage not in run.begun:
        yield f"has not begun to {stage}"
    if entry.state == "uploading" and not run.decided:
        yield "has decided nothing"


def _not_of_main(run: Run, evidence: Evidence) -> Iterator[str]:
    """How a run is not one of main's own workflow."""
    ours = run.path == evidence.workflow or run.is_pipeline  # which had another name then
    if not ours or run.repository.lower() != evidence.repository.lower():
        yield f"ran {run.path} of {run.repository}, not {evidence.workflow}"
    if run.event not in EVENTS or run.branch != "main":
        yield f"was started by {run.event} on {run.branch}"
    if evidence.outside(evidence.main, [run.commit]):
        yield f"was on {run.commit[:12]}, which is not on main"


def decided_by_hand(skip: Skip, evidence: Evidence) -> bool:
    """Whether a run bears a person's decision out. Raises Held if that run says something else."""
    run = evidence.runs.get(skip.run)
    if run is None:
        return False
    if evidence.outside(evidence.main, [run.commit, skip.commit]):
        return False  # main was rewritten since
    words = next(_not_of_main(run, evidence), "")
    if not words and (run.event != "workflow_dispatch" or run.commit != skip.commit):
        words = f"was started by {run.event} on {run.commit[:12]}"
    if words and evidence.by_hand:
        return False
    if words:
        words = f"{skip.commit[:12]} is skipped by hand in run {skip.run}, and that {words}"
        raise contradiction("ledger-foreign-run", words, OR_BY_HAND)
    if run.actor and skip.by.lower() != run.actor.lower():
        return False  # or that person has another name by now
    return run.decided and (run.begun is None or run.declined)  # or it may have been a decision to ship


def has_skipped(commit: str, before: datetime, evidence: Evidence) -> bool:
    """Whether a run of main's own on a commit of it has found nothing to ship, `before` anything came after it.

    Later it may have left what it was on to the claim of a later commit, which has ended since.
    """
    runs = evidence.of_commit.get(commit, ())
    return any(
        run.skipped
        and run.commit == commit
        and run.decided_at is not None
        and run.decided_at <= before
        and not any(_not_of_main(run, evidence))
        for run in runs
    )
