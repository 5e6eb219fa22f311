"""How far the ledger is borne out by git, by the index, and by the forge's record of runs.

Whoever may write to the repository may write the ledger, which is a ref like any other. So an entry is believed only
as far as something else bears it out: a tag and the index, or a run of main's own workflow, which nobody can forge
(https://docs.github.com/rest/actions/workflow-runs). A run that is gone proves nothing either way: anyone who may
write can delete it. A contradiction is a hold, with one code for each way to disagree.
"""

from collections.abc import Collection, Sequence

from mergeship.core.release import runs
from mergeship.core.release.belief import FINISHED, Belief
from mergeship.core.release.contradictions import (
    refuse_lost_releases,
    refuse_old_commits,
    refuse_strays,
    refuse_what_is_behind,
)
from mergeship.core.release.evidence import PENDING, Evidence, LookUpCommits, LookUpRuns, ReadDeclared
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.release.plausibility import (
    above_all_published,
    contradiction,
    leap,
    ranked,
    refuse_disorder,
    refuse_foreign_files,
)
from mergeship.core.version import tagged

Step = LookUpCommits | ReadDeclared | LookUpRuns | Belief
NOTHING = "nothing bears it out, neither a run of main's own workflow nor both index and tag"
ENDED = "its run has ended, holds or waits for too long, and sent nothing"
COVERED = "a later claim contains it"
GONE = "neither the index nor a tag has it, and it decides nothing"
SHIPPED = "a later release contains its commit, and the index has nothing of it"
NEWEST = 10
"""Finished releases without a tag whose runs are looked up: a forge may refuse every tag of a project."""
MOST = 100
"""Releases that may have begun and not ended: a living project has a handful."""


def next_step(ledger: Ledger, evidence: Evidence) -> Step:
    """What to find out next, and at last what counts. Raises Held for whatever contradicts the ledger."""
    refuse_foreign_files(ledger)
    refuse_disorder(ledger)
    published = _published(ledger, evidence)
    confirmed = {entry.version: entry for entry in published if evidence.tagged(entry)}
    rest = [entry for entry in ledger.releases if entry.version not in confirmed]
    last = next(reversed(confirmed.values()), None)
    pending = [entry for entry in rest if entry.state in PENDING]
    if len(pending) > MOST:
        raise contradiction("ledger-foreign-run", f"{len(pending)} releases would have begun, and none of them ended")
    off_main = frozenset(evidence.outside(evidence.main, [entry.commit for entry in rest]))
    unread = _leaps(rest, off_main, ledger, evidence)
    if unread:
        return ReadDeclared(unread)
    refuse_strays([entry for entry in pending if entry.commit in off_main], evidence)
    deciding = pending + _to_confirm(rest, last, ledger, evidence)
    on_main = [entry for entry in deciding if entry.commit not in off_main]
    covered = _covered(on_main, evidence)
    counting = [entry for entry in on_main if entry.version not in covered]
    skips = _deciding(ledger, last, evidence)
    if len(skips) > MOST:
        raise contradiction("ledger-foreign-run", f"{len(skips)} decisions by hand would not be in any release yet")
    numbers = (*(entry.run for entry in counting), *(skip.run for skip in skips))
    wanted = tuple(run for run in dict.fromkeys(numbers) if run and run not in evidence.runs)
    if wanted:
        return LookUpRuns(wanted)
    unknown = {entry.version: f"{entry.commit[:12]} is not on main" for entry in deciding if entry.commit in off_main}
    unknown |= dict.fromkeys(covered, COVERED)
    unknown |= {entry.version: GONE for entry in rest if entry not in deciding and _is_gone(entry, evidence)}
    unproven = [entry.commit for entry in counting if runs.needs_its_commit_s_runs(entry, evidence)]
    if set(unproven) - evidence.of_commit.keys():
        return LookUpCommits(tuple(dict.fromkeys(unproven)))
    void = frozenset(skip for skip in skips if not runs.decided_by_hand(skip, evidence))
    skipped = _skipped(ledger, void, skips)
    unknown |= {entry.version: NOTHING for entry in _not_borne_out(counting, skipped, evidence)}
    unknown |= {entry.version: SHIPPED for entry in counting if _is_shipped(entry, last, ledger, evidence)}
    unknown |= {entry.version: ENDED for entry in counting if _has_ended(entry, evidence)}
    begun = [entry for entry in ledger.releases if entry.begun and entry.version not in unknown]
    kept = [entry for entry in ledger.releases if entry.state != "given-up" and entry.version not in unknown]
    refuse_old_commits([entry for entry in on_main if entry in kept], kept, evidence)
    finished = [entry for entry in ledger.releases if entry.state in FINISHED] if evidence.by_hand else []
    recorded = [*begun, *finished]
    refuse_what_is_behind(ledger, recorded, [entry for entry in published if entry in begun], skipped, evidence)
    refuse_lost_releases(published, begun, skipped, evidence)
    unsourced = {entry.version for entry in counting if not runs.by_its_run(entry, evidence)}
    return Belief(unknown, void, frozenset(unsourced.difference(unknown)))


def _published(ledger: Ledger, evidence: Evidence) -> list[Entry]:
    """The releases of which the index lists every file, with equal hashes."""
    listed = {file.name: file.sha256 for file in evidence.listing.files}
    return [
        entry
        for entry in ledger.releases
        if entry.files and all(listed.get(file.name) == file.sha256 for file in entry.files)
    ]


def _leaps(rest: Sequence[Entry], off_main: Collection[str], ledger: Ledger, evidence: Evidence) -> str:
    """A commit whose declaration has to be read first. Raises Held for a version that cannot follow.

    What a commit declares counts only on main, whose head stands for all others: anyone may push a branch that
    declares anything.
    """
    suspects = above_all_published(rest, evidence.listing)
    if sum(entry.begun for entry in suspects) > MOST:
        raise contradiction("ledger-foreign-run", f"{len(suspects)} releases are above all that the index lists")
    listed, tags = ranked(evidence.listing.used), ranked(tagged(ledger.project, evidence.tags))
    highest = next((entry for entry in reversed(suspects) if entry.state == "given-up"), None)
    for entry in (entry for entry in suspects if entry.state != "given-up" or entry == highest):
        commit = evidence.main if entry.commit in off_main else entry.commit
        limit = leap(entry, evidence.declared.get(commit), ledger, listed, tags)
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
    listed = evidence.listing.has_all
    untagged = [entry for entry in finished if entry.tag == "refused" and listed(entry.files)]
    if untagged:  # what the newest of them contains decides nothing
        beyond = evidence.outside(untagged[-1].commit, [entry.commit for entry in untagged])
        old = [entry for entry in untagged[:-NEWEST] if entry.commit not in beyond]
        finished = [entry for entry in finished if entry not in old]
    return finished


def _deciding(ledger: Ledger, last: Entry | None, evidence: Evidence) -> list[Skip]:
    """Decisions by hand that decide something: newer than what tag and index confirm, by their commits or times.

    Or newer than the last that is finished by the ledger: then that may be gone from the index.
    """
    if last is None:
        return list(ledger.skips)
    finished = [entry for entry in ledger.releases if entry.state in FINISHED]
    since = min(last.at, finished[-1].at) if finished else last.at
    beyond = evidence.outside(last.commit, list(dict.fromkeys(skip.commit for skip in ledger.skips)))
    return [skip for skip in ledger.skips if skip.at >= since or skip.commit in beyond]


def _skipped(ledger: Ledger, void: Collection[Skip], deciding: Sequence[Skip]) -> list[str]:
    """The commits up to which a person has skipped everything: all that decide something, and some that do not."""
    old = [skip.commit for skip in ledger.skips if skip not in void and skip not in deciding]
    new = [skip.commit for skip in deciding if skip not in void]
    return list(dict.fromkeys([*old[-NEWEST:], *new]))


def _covered(entries: Sequence[Entry], evidence: Evidence) -> frozenset[str]:
    """Claims that decide nothing, as a later one that counts contains them: their runs need not be looked up."""
    claims = [entry for entry in entries if entry.state == "claimed"]
    covered: set[str] = set()
    if len(claims) <= NEWEST:
        return frozenset()  # nobody waits for so few
    for claim in reversed(claims):
        if claim.version in covered or not claim.run or evidence.runs.get(claim.run, ...) is None:
            continue
        others = [other for other in claims if other.commit not in {evidence.head, claim.commit}]
        outside = evidence.outside(claim.commit, [other.commit for other in others])
        covered |= {other.version for other in others if other.commit not in outside}
    return frozenset(covered)


def _has_ended(entry: Entry, evidence: Evidence) -> bool:
    """Whether an entry is a claim whose run is over, or has waited for longer than a claim holds since it decided.

    Whatever the ledger says: anyone who may write can stamp a claim anew, and run a run again.
    """
    run = evidence.runs.get(entry.run)
    if entry.state != "claimed" or run is None or entry.run == evidence.run:
        return False
    late = abs(evidence.now - (run.decided_at or evidence.now)) > evidence.lease
    return run.ended_at is not None or late or not (run.decided or run.deciding)


def _not_borne_out(counting: Sequence[Entry], skipped: Sequence[str], evidence: Evidence) -> list[Entry]:
    """What nothing bears out. Raises Held for whatever contradicts the rest.

    Nobody is asked about a release that is listed as a whole, and part of a later one that is, and is borne out.
    """
    unknown: list[Entry] = []
    ends: list[str] = []
    for entry in reversed(counting):
        whole = entry.state in FINISHED and evidence.listing.has_all(entry.files)
        if whole and any(not evidence.outside(end, [entry.commit]) for end in ends):
            continue
        if not runs.borne_out(entry, skipped, evidence):
            unknown.append(entry)
        elif whole:
            ends.append(entry.commit)
    return unknown


def _is_gone(entry: Entry, evidence: Evidence) -> bool:
    """Whether an old release still waits for its tag, and nothing shows that it ever was: it gets none."""
    waits = entry.state == "proven" or (entry.state == "released" and entry.tag == "refused")
    return waits and not evidence.lists_some_of(entry) and not evidence.tagged(entry)


def _is_shipped(entry: Entry, last: Entry | None, ledger: Ledger, evidence: Evidence) -> bool:
    """Whether an upload of which the index has nothing is part of a later release: it was given up, or may be."""
    if (
        last is None
        or entry.state not in {"uploading", "uploaded"}
        or ledger.releases.index(entry) > ledger.releases.index(last)
    ):
        return False
    return not evidence.lists_some_of(entry) and not evidence.outside(last.commit, [entry.commit])
