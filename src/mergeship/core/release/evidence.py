"""How far the ledger is borne out by git, by the index, and by the forge's record of runs.

Whoever may write to the repository may write the ledger, which is a ref like any other. So an entry is believed only
as far as something else bears it out: a tag and the index, or a run of main's own workflow, which nobody can forge
(https://docs.github.com/rest/actions/workflow-runs). A run that is gone proves nothing either way: anyone who may
write can delete it. A contradiction is a hold, with one code for each way to disagree.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from mergeship.core.listing import Listing
from mergeship.core.release.belief import FINISHED, Belief
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.release.plausibility import (
    above_all_published,
    above_versions,
    contradiction,
    leap,
    refuse_disorder,
    refuse_foreign_files,
)

Outside = Callable[[str, Sequence[str]], Collection[str]]
"""Which of some commits a commit does not contain, itself and all before it."""
EVENTS = ("push", "workflow_dispatch")
"""What starts a pipeline on main."""
PENDING = ("claimed", "uploading", "uploaded")
"""States in which nothing may be on the index yet."""
NOTHING = "no run of main's own workflow bears it out, and the index has nothing of it"
NEWEST = 10
"""Finished releases without a tag whose runs are looked up: a forge may refuse every tag of a project."""
MOST = 100
"""Runs that are looked up at all: a living project has a handful that tag and index do not confirm."""


class Run(msgspec.Struct, frozen=True):
    """A workflow run, as the forge records it."""

    path: str
    """Of the workflow file."""
    event: str
    branch: str
    commit: str
    repository: str
    """`owner/name` of the repository whose branch that is."""
    begun: frozenset[str] | None
    """The stages whose jobs have begun, in any attempt; None if the workflow does not say which jobs they are."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known besides the ledger."""

    repository: str
    """`owner/name` of this one."""
    workflow: str
    """The path of main's own workflow."""
    main: str
    """The commit that main is at."""
    head: str
    """The commit that the run that asks is on."""
    outside: Outside
    tags: Mapping[str, str]
    """The origin's tags, each with its commit."""
    listing: Listing
    """What the index has."""
    run: str = ""
    """The run that asks: it believes its own claim."""
    by_hand: bool = False
    """Whether a person decides now: then what git contradicts is left behind and no obstacle."""

    # Found out on the way.
    declared: Mapping[str, str | None] = {}
    """What the project declares at commits; None for what cannot be read there."""
    runs: Mapping[str, Run | None] = {}
    """Runs by their numbers; None for one that the forge does not know any more."""
    of_commit: Mapping[str, tuple[Run, ...]] = {}
    """Runs by the commit that they were on."""


class ReadDeclared(msgspec.Struct, frozen=True):
    """Read what a commit declares."""

    commit: str


class LookUpRuns(msgspec.Struct, frozen=True):
    """Look these runs up."""

    runs: tuple[str, ...]


class LookUpCommits(msgspec.Struct, frozen=True):
    """Look the runs up that were on these commits."""

    commits: tuple[str, ...]


Step = LookUpCommits | ReadDeclared | LookUpRuns | Belief


def next_step(ledger: Ledger, evidence: Evidence) -> Step:
    """What to find out next, and at last what counts. Raises Held for whatever contradicts the ledger."""
    refuse_foreign_files(ledger)
    refuse_disorder(ledger)
    confirmed = _confirmed(ledger, evidence)
    rest = [entry for entry in ledger.releases if entry.version not in confirmed]
    last = next((entry for entry in reversed(ledger.releases) if entry.version in confirmed), None)
    off_main = frozenset(evidence.outside(evidence.main, [entry.commit for entry in rest]))
    unread = _leaps(rest, off_main, ledger, evidence)
    if unread:
        return ReadDeclared(unread)
    strays = [entry for entry in rest if entry.commit in off_main]
    _refuse_strays(strays, evidence)
    deciding = [entry for entry in rest if entry.state in PENDING] + _to_confirm(rest, last, ledger, evidence)
    on_main = [entry for entry in deciding if entry not in strays]
    _refuse_old_commits(on_main, ledger, evidence)
    covered = _covered(on_main, evidence)
    counting = [entry for entry in on_main if entry.version not in covered]
    skips = _deciding(ledger, last, evidence)
    runs = (*(entry.run for entry in counting), *(skip.run for skip in skips))
    wanted = tuple(run for run in dict.fromkeys(runs) if run and run not in evidence.runs)
    if len(wanted) > MOST:
        raise contradiction("ledger-foreign-run", f"{len(wanted)} runs would have begun something and finished nothing")
    if wanted:
        return LookUpRuns(wanted)
    unknown = {entry.version: f"{entry.commit[:12]} is not on main" for entry in deciding if entry in strays}
    unproven = [entry.commit for entry in counting if _needs_its_commit_s_runs(entry, evidence)]
    if set(unproven) - evidence.of_commit.keys():
        return LookUpCommits(tuple(dict.fromkeys(unproven)))
    unknown |= {entry.version: NOTHING for entry in counting if not _borne_out(entry, evidence)}
    void = frozenset(skip for skip in skips if not _decided_by_hand(skip, evidence))
    _refuse_what_is_behind(ledger, [skip.commit for skip in ledger.skips if skip not in void], evidence)
    found = (entry.version for entry in counting if entry.version not in unknown and not _by_its_run(entry, evidence))
    return Belief(unknown, void, frozenset(found))


def _confirmed(ledger: Ledger, evidence: Evidence) -> frozenset[str]:
    """The versions that tag and index both bear out."""
    listed = {file.name: file.sha256 for file in evidence.listing.files}
    return frozenset(
        entry.version
        for entry in ledger.releases
        if entry.files
        and evidence.tags.get(entry.tag_name) == entry.commit
        and all(listed.get(file.name) == file.sha256 for file in entry.files)
    )


def _leaps(rest: Sequence[Entry], off_main: Collection[str], ledger: Ledger, evidence: Evidence) -> str:
    """A commit whose declaration has to be read first. Raises Held for a version that cannot follow.

    What a commit declares counts only on main, whose head stands for all others: anyone may push a branch that
    declares anything.
    """
    for entry in above_all_published(rest, evidence.listing):
        commit = evidence.main if entry.commit in off_main else entry.commit
        limit = leap(entry, evidence.declared.get(commit), ledger, evidence.listing, evidence.tags)
        if limit and commit not in evidence.declared:
            return commit
        if limit:
            raise contradiction("ledger-leap", f"{entry.version} is {entry.state}, and {limit}")
    return ""


def _to_confirm(rest: Sequence[Entry], last: Entry | None, ledger: Ledger, evidence: Evidence) -> list[Entry]:
    """Finished releases that decide something: they, or their commits, come after what tag and index confirm."""
    finished = [entry for entry in rest if entry.state in FINISHED]
    if last is not None:
        later = ledger.releases[ledger.releases.index(last) + 1 :]
        beyond = evidence.outside(last.commit, [entry.commit for entry in finished])
        finished = [entry for entry in finished if entry in later or entry.commit in beyond]
    untagged = [entry for entry in finished if entry.tag == "refused"]
    return [entry for entry in finished if entry not in untagged[:-NEWEST]]


def _refuse_strays(strays: Sequence[Entry], evidence: Evidence) -> None:
    """Refuse an upload that has begun for a commit that is not on main, unless a person leaves it behind now."""
    for entry in strays:
        if entry.state in {"uploading", "uploaded"} and not evidence.by_hand:
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which is not on main"
            raise contradiction("ledger-off-main", words, _OR_BY_HAND)


def _refuse_old_commits(entries: Sequence[Entry], ledger: Ledger, evidence: Evidence) -> None:
    """Refuse a release of a commit that an earlier one contains: decide calls that superseded."""
    kept = [entry for entry in ledger.releases if entry.state != "given-up"]
    for entry in entries:
        before = kept[kept.index(entry) - 1] if kept[0] != entry else None
        if before and not evidence.outside(before.commit, [entry.commit]):
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which {before.version} contains"
            raise contradiction("ledger-disorder", words)


def _deciding(ledger: Ledger, last: Entry | None, evidence: Evidence) -> list[Skip]:
    """Decisions by hand that decide something: newer than what tag and index confirm, by their commits or times."""
    return [
        skip
        for skip in ledger.skips
        if last is None or skip.at >= last.at or evidence.outside(last.commit, [skip.commit])
    ]


def _covered(entries: Sequence[Entry], evidence: Evidence) -> frozenset[str]:
    """Claims that decide nothing, as a later one that counts contains them: their runs need not be looked up."""
    claims = [entry for entry in entries if entry.state == "claimed"]
    covered: set[str] = set()
    for claim in reversed(claims):
        if claim.version in covered or not claim.run or evidence.runs.get(claim.run, ...) is None:
            continue
        others = [other for other in claims if other.commit not in {evidence.head, claim.commit}]
        outside = evidence.outside(claim.commit, [other.commit for other in others])
        covered |= {other.version for other in others if other.commit not in outside}
    return frozenset(covered)


def _borne_out(entry: Entry, evidence: Evidence) -> bool:
    """Whether its run, its tag or the index bears an entry out. Raises Held if its run says something else."""
    by_its_run = _by_its_run(entry, evidence)
    if entry.state == "claimed":
        return by_its_run or not (entry.run or evidence.run)  # of a person's own machine, and so is this
    on_index = any(evidence.listing.presence(file) == "same" for file in entry.files)
    if entry.state == "uploading":
        return by_its_run or on_index
    if not _needs_its_commit_s_runs(entry, evidence):
        return True
    for run in evidence.of_commit[entry.commit]:
        if not any(_not_of_main(run, evidence)) and (run.begun is None or "deploy" in run.begun):
            return True
    tagged = evidence.tags.get(entry.tag_name) == entry.commit
    if (on_index or tagged) and not evidence.by_hand:
        lacks = "the index has no file" if tagged else "there is no tag"
        words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, {lacks} of it, and no run says so"
        raise contradiction("ledger-disagrees", words, _OR_BY_HAND)
    return on_index or tagged


def _needs_its_commit_s_runs(entry: Entry, evidence: Evidence) -> bool:
    """Whether neither its run, nor tag and index, say which commit was sent: any run may finish what one began."""
    tagged = evidence.tags.get(entry.tag_name) == entry.commit
    on_index = any(evidence.listing.presence(file) == "same" for file in entry.files)
    if entry.state in {"claimed", "uploading"} or (tagged and on_index):
        return False
    run = evidence.runs.get(entry.run)
    return run is None or run.commit != entry.commit


def _by_its_run(entry: Entry, evidence: Evidence) -> bool:
    """Whether the forge knows its run. Raises Held if that cannot have done it."""
    run = evidence.runs.get(entry.run)
    if run is None:
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


def _not_of_main(run: Run, evidence: Evidence) -> Iterator[str]:
    """How a run is not one of main's own workflow."""
    ours = run.path == evidence.workflow or run.begun is not None  # a pipeline that had another name then
    if not ours or run.repository.lower() != evidence.repository.lower():
        yield f"ran {run.path} of {run.repository}, not {evidence.workflow}"
    if run.event not in EVENTS or run.branch != "main":
        yield f"was started by {run.event} on {run.branch}"
    if evidence.outside(evidence.main, [run.commit]):
        yield f"was on {run.commit[:12]}, which is not on main"


def _decided_by_hand(skip: Skip, evidence: Evidence) -> bool:
    """Whether a run bears a person's decision out. Raises Held if that run says something else."""
    run = evidence.runs.get(skip.run)
    if run is None:
        return False
    if evidence.outside(evidence.main, [run.commit, skip.commit]):
        return False  # main was rewritten since
    words = next(_not_of_main(run, evidence), "")
    if not words and (run.event != "workflow_dispatch" or run.commit != skip.commit):
        words = f"was started by {run.event} on {run.commit[:12]}"
    if not words and run.begun is not None and "decide" not in run.begun:
        words = "has not begun to decide"
    if words:
        raise contradiction(
            "ledger-foreign-run", f"{skip.commit[:12]} is skipped by hand in run {skip.run}, and that {words}"
        )
    return True


def _refuse_what_is_behind(ledger: Ledger, skipped: Sequence[str], evidence: Evidence) -> None:
    """Refuse a ledger without what tag and index have: it was put back to an earlier state.

    What a person decided on since is left behind; a commit that is released cannot be decided on.
    """
    if not ledger.releases:
        return
    listed = {file.name: file.sha256 for file in evidence.listing.files}
    published = [
        entry
        for entry in ledger.releases
        if entry.begun and all(listed.get(file.name) == file.sha256 for file in entry.files)
    ]
    own_claim = ("claimed", evidence.run)
    own = [entry for entry in ledger.releases if evidence.run and (entry.state, entry.run) == own_claim]
    ends = [entry.commit for entry in (*published[-1:], *own)]
    ends = ends or [ledger.releases[0].since or ledger.releases[0].commit]
    newer = above_versions(evidence.listing.versions, published[-1].version if published else "")
    tagged_at = {version: evidence.tags[f"v{version}"] for version in newer if f"v{version}" in evidence.tags}
    beyond = set(tagged_at.values()) - set(evidence.outside(evidence.main, list(tagged_at.values())))
    for end in (*ends, *skipped):
        beyond &= set(evidence.outside(end, sorted(beyond)))
    states = {entry.version: entry.state for entry in ledger.releases}
    begun = {(entry.version, entry.commit) for entry in ledger.releases if entry.begun}
    for version, commit in tagged_at.items():
        if commit in beyond and (version, commit) not in begun and (not evidence.by_hand or commit == evidence.head):
            state = states.get(version, "not there")
            words = f"tag and index have {version} for {commit[:12]}, and in the ledger it is {state}"
            raise contradiction("ledger-behind", words, _REMEMBERED + _OR_BY_HAND)


_REMEMBERED = "; the runner that wrote it remembers that commit in the file ledger-seen of its state"
_OR_BY_HAND = f"; or, if a maintainer did that on purpose, {DISPATCH}"
