"""How far the ledger is borne out by git, by the index, and by the forge's record of runs.

Whoever may write to the repository may write the ledger, which is a ref like any other. So an entry is believed only
as far as something else bears it out: a tag and the index, or a run of main's own workflow, which nobody can forge
(https://docs.github.com/rest/actions/workflow-runs). A run that is gone proves nothing either way: anyone who may
write can delete it. A contradiction is a hold, with one code for each way to disagree.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from mergeship.core import pep440
from mergeship.core.listing import Listing, version_of
from mergeship.core.release.ledger import REF, Entry, Ledger, Skip
from mergeship.core.version import PARTS, BumpRequest, Part, Used, next_version, tagged
from mergeship.errors import Held

Outside = Callable[[str, Sequence[str]], Collection[str]]
"""Which of some commits a commit does not contain, itself and all before it."""
EVENTS = ("push", "workflow_dispatch")
"""What starts a pipeline on main."""
PENDING = ("claimed", "uploading", "uploaded")
"""States of which the index need not have anything."""
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


class ReadDeclared(msgspec.Struct, frozen=True):
    """Read what a commit declares."""

    commit: str


class LookUpRuns(msgspec.Struct, frozen=True):
    """Look these runs up."""

    runs: tuple[str, ...]


class Belief(msgspec.Struct, frozen=True):
    """What of the ledger counts."""

    unknown: Mapping[str, str] = {}
    """Versions that nothing bears out, each with why: nothing is sent of them, and they decide nothing."""
    void: frozenset[Skip] = frozenset()
    """Decisions by hand that nothing bears out: they are asked for again."""


Step = ReadDeclared | LookUpRuns | Belief


def next_step(ledger: Ledger, evidence: Evidence) -> Step:
    """What to find out next, and at last what counts. Raises Held for whatever contradicts the ledger."""
    _refuse_foreign_files(ledger)
    confirmed = _confirmed(ledger, evidence)
    rest = [entry for entry in ledger.releases if entry.version not in confirmed]
    last = next((entry for entry in reversed(ledger.releases) if entry.version in confirmed), None)
    for entry in _above_all_published(rest, evidence.listing):
        limit = _leap(entry, ledger, evidence)
        if limit and entry.commit not in evidence.declared:
            return ReadDeclared(entry.commit)
        if limit:
            raise _contradiction("ledger-leap", f"{entry.version} is {entry.state}, and {limit}")
    _refuse_what_is_behind(ledger, evidence)
    newer = ledger.releases[ledger.releases.index(last) + 1 :] if last else ledger.releases
    finished = [entry for entry in newer if entry.state in {"proven", "released"}][-NEWEST:]
    counting = [entry for entry in rest if entry.state in PENDING or entry in finished]
    off_main = evidence.outside(evidence.main, [entry.commit for entry in counting])
    strays = [entry for entry in counting if entry.commit in off_main]
    for entry in strays:
        if entry.begun and not evidence.by_hand:
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which is not on main"
            raise _contradiction("ledger-off-main", words)
    skips = [skip for skip in ledger.skips if last is None or evidence.outside(last.commit, [skip.commit])]
    covered = _covered([entry for entry in counting if entry not in strays], evidence)
    counting = [entry for entry in counting if entry.version not in covered]
    runs = (*(entry.run for entry in counting), *(skip.run for skip in skips))
    wanted = tuple(run for run in dict.fromkeys(runs) if run and run not in evidence.runs)
    if len(wanted) > MOST:
        raise _contradiction("ledger-foreign-run", f"{len(wanted)} runs have begun something and finished nothing")
    if wanted:
        return LookUpRuns(wanted)
    unknown = {entry.version: f"{entry.commit[:12]} is not on main" for entry in strays if entry.state in PENDING}
    for entry in counting:
        if entry not in strays and not _borne_out(entry, evidence) and entry.state in PENDING:
            unknown[entry.version] = NOTHING
    return Belief(unknown, frozenset(skip for skip in skips if not _decided_by_hand(skip, evidence)))


def believed(ledger: Ledger, belief: Belief, now: datetime, run: str) -> Ledger:
    """The ledger with what counts: what nothing bears out is given up, by this run, and decides nothing."""
    for version, why in belief.unknown.items():
        ledger = ledger.moved(version, "given-up", now, run, given_up=why)
    skips = tuple(skip for skip in ledger.skips if skip not in belief.void)
    return msgspec.structs.replace(ledger, skips=skips)


NOTHING = "no run of main's own workflow bears it out, and the index has nothing of it"


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


def _above_all_published(entries: Sequence[Entry], listing: Listing) -> list[Entry]:
    published = [version for version in listing.versions if pep440.is_version(version)]
    versions = pep440.comparable([*(entry.version for entry in entries), *published])
    highest = max(versions[len(entries) :], default=None)
    own = zip(entries, versions, strict=False)
    return [entry for entry, version in own if highest is None or version > highest]


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
    """Whether a run or the index bears an entry out. Raises Held if its run says something else."""
    run = evidence.runs.get(entry.run)
    if run is None:
        listed = any(evidence.listing.presence(file) == "same" for file in entry.files)
        if entry.state not in PENDING and not listed and not evidence.by_hand:
            raise _contradiction(
                "ledger-disagrees", f"{entry.version} is {entry.state}, and the index has no file of it"
            )
        return listed
    for words in _not_of(run, entry, evidence):
        raise _contradiction(
            "ledger-foreign-run", f"{entry.version} is {entry.state} by run {entry.run}, and that {words}"
        )
    return True


def _not_of(run: Run, entry: Entry, evidence: Evidence) -> Iterator[str]:
    """How a run cannot have brought an entry into its state."""
    yield from _not_main_s(run, evidence)
    stage = "decide" if entry.state == "claimed" else "deploy"
    if entry.state in {"claimed", "uploading"} and run.commit != entry.commit:
        yield f"was on {run.commit[:12]}, not on {entry.commit[:12]}"
    if evidence.outside(run.commit, [entry.commit]):
        yield f"was on {run.commit[:12]}, which does not contain {entry.commit[:12]}"
    if run.begun is not None and stage not in run.begun:
        yield f"has not begun to {stage}"


def _not_main_s(run: Run, evidence: Evidence) -> Iterator[str]:
    """How a run is not one of main's own workflow."""
    if run.path != evidence.workflow or run.repository.lower() != evidence.repository.lower():
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
    words = next(_not_main_s(run, evidence), "")
    if not words and (run.event != "workflow_dispatch" or run.commit != skip.commit):
        words = f"was started by {run.event} on {run.commit[:12]}"
    if words:
        raise _contradiction(
            "ledger-foreign-run", f"{skip.commit[:12]} is skipped by hand in run {skip.run}, and that {words}"
        )
    return True


def _refuse_foreign_files(ledger: Ledger) -> None:
    for entry in ledger.releases:
        for file in entry.files:
            version = version_of(file.name, ledger.project)
            if not (pep440.is_version(version) and pep440.same(version, entry.version)):
                raise _contradiction(
                    "ledger-foreign-files", f"{entry.version} has the file {file.name}, which is not of that version"
                )


def _leap(entry: Entry, ledger: Ledger, evidence: Evidence) -> str:
    """What a decision could have chosen at most, if an entry is above that, as one out of 0.x is; else empty."""
    declared = evidence.declared.get(entry.commit)
    earlier = itertools.takewhile(lambda other: other.version != entry.version, ledger.releases)
    before = [*evidence.listing.used, *(Used(other.version, "the ledger has it") for other in earlier)]
    with_tags = [*before, *tagged(ledger.project, (tag for tag in evidence.tags if tag != entry.tag_name))]
    for used in (with_tags, before):
        following = [version for part in PARTS if (version := _following(declared, used, part))]
        if following:
            own, *possible = pep440.comparable([entry.version, *following])
            return f"the highest version that can follow is {max(possible)}" if own > max(possible) else ""
    return "no version can follow what was published"


def _following(declared: str | None, used: Sequence[Used], part: Part) -> str:
    """The next version by a part; empty if decide would hold."""
    try:
        return next_version(declared, used, BumpRequest(part)).version
    except Held:
        return ""


def _refuse_what_is_behind(ledger: Ledger, evidence: Evidence) -> None:
    """Refuse a ledger without what tag and index have: it was put back to an earlier state."""
    if evidence.by_hand or not ledger.releases:
        return
    own_claim = ("claimed", evidence.run)
    known = [entry.commit for entry in ledger.releases if entry.begun or (entry.state, entry.run) == own_claim]
    last = known[-1] if known else (ledger.releases[0].since or ledger.releases[0].commit)
    own = {entry.version: entry for entry in ledger.releases}
    tagged_at = {
        version: evidence.tags[f"v{version}"]
        for version in evidence.listing.versions
        if pep440.is_version(version) and f"v{version}" in evidence.tags
    }
    off_main = evidence.outside(evidence.main, list(tagged_at.values()))
    newer = evidence.outside(last, list(tagged_at.values()))
    for version, commit in tagged_at.items():
        entry = own.get(version)
        if commit in off_main or (entry and (entry.begun or entry.commit != commit)):
            continue  # decide and deploy see what is someone else's
        if entry or commit in newer:
            state = entry.state if entry else "not there"
            raise _contradiction(
                "ledger-behind", f"tag and index have {version} for {commit[:12]}, and in the ledger it is {state}"
            )


def _contradiction(code: str, words: str) -> Held:
    return Held(code, f"the ledger is contradicted: {words}", hint=PUT_BACK)


PUT_BACK = (
    f"someone else wrote to {REF}: find the last commit that mergeship wrote (git fetch origin {REF} && git log -p "
    f"FETCH_HEAD), push it back (git push --force origin COMMIT:{REF}), and run the job again"
)
