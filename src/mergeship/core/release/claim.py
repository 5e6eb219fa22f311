"""What a run on a commit decides, and what it writes into the ledger for that: a machine without effects."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from mergeship.core import pep440, policy
from mergeship.core.intent import Policy
from mergeship.core.listing import Listing
from mergeship.core.policy import Policies
from mergeship.core.release import commit_range, decision
from mergeship.core.release.commit_range import Commit, Range, RangeStart
from mergeship.core.release.decision import ByHand, Decision, Merged, Reason
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.trigger import Trigger
from mergeship.core.version import BumpRequest, Used, next_version, tagged
from mergeship.errors import Held


class ProjectFacts(msgspec.Struct, frozen=True):
    """What a decision has to know of the project."""

    name: str
    """Normalized."""
    declared: str | None
    """The version that is declared; None if it comes from tags."""
    tag_prefix: str
    intent: Policy
    lease: timedelta


class ClaimFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knows."""

    project: ProjectFacts
    commit: str
    trigger: Trigger
    run: str
    """The workflow run; empty outside of one."""
    now: datetime
    first_parents: tuple[Commit, ...]
    """Main's first-parent line, the newest first, as far as it was read."""
    ledger: Ledger
    tags: Mapping[str, str]
    """The origin's tags, each with its commit."""
    listing: Listing
    """What the index has."""
    void: tuple[Skip, ...] = ()
    """Decisions by hand that nothing bears out any more."""
    by_person: frozenset[str] = frozenset()
    """Versions whose own run a person has started, and which that run has decided on."""
    unsourced: frozenset[str] = frozenset()
    """Versions that count, but not by their run: they confirm nothing of what they bring."""
    doubtful: frozenset[str] = frozenset()
    """Versions that were finished, as the ledger says, and that nothing bears out."""
    introduced: str = ""
    """The commit that brought the pipeline to main; empty if it is not known, or decides nothing."""

    # Found out on the way.
    policies: tuple[Policies | None, Policies | None] | None = None
    """What decided before the merges, and what does at the commit; None for either if there was no project."""
    merges: tuple[Merged, ...] | None = None
    skipped: str | None = None
    """The last commit on which main's own run had nothing to ship; empty if none is known."""

    @property
    def begun_by_person(self) -> frozenset[str]:
        """Uploads that a person began, and that no later decision may have ended: nobody can tell if one is void."""
        return frozenset() if self.void else self.by_person

    @property
    def unsent(self) -> tuple[Entry, ...]:
        """Uploads that have begun by the ledger, and of which the index has nothing."""
        return unsent(self.ledger, self.listing)


class ReadPolicies(msgspec.Struct, frozen=True):
    """Read what decides at these commits; `base` is empty if there is none."""

    base: str
    head: str


class LookUp(msgspec.Struct, frozen=True):
    """Look up the pull requests of these commits."""

    commits: tuple[Commit, ...]
    since: str


class LookUpSkips(msgspec.Struct, frozen=True):
    """Look for the first of these commits on which main's own run had nothing to ship: the newest come first."""

    commits: tuple[str, ...]
    head: str
    """The one that comes after them."""


class ClaimDecision(msgspec.Struct, frozen=True):
    """The decision, and the version that goes with it."""

    decision: Decision
    range: Range
    entry: Entry | None = None
    """The release of the commit: the one that it has, or the new claim."""
    because: tuple[str, ...] = ()
    """Why that version."""
    refuted: frozenset[str] = frozenset()
    """Uploads that would have begun, and that nothing asks for: they are not gone on with."""


class Write(msgspec.Struct, frozen=True):
    """Write this ledger, and the decision stands; if someone was faster, decide again."""

    ledger: Ledger
    decided: ClaimDecision


Question = ReadPolicies | LookUpSkips | LookUp
Step = Question | Write | ClaimDecision


def unsent(ledger: Ledger, listing: Listing) -> tuple[Entry, ...]:
    """Uploads that have begun by the ledger, and of which the index has nothing."""
    sending = (entry for entry in ledger.releases if entry.state in {"uploading", "uploaded"})
    return tuple(entry for entry in sending if not listing.has_some(entry.files))


def next_step(facts: ClaimFacts) -> Step:
    """What to do next. Raises Held for a history that cannot be decided on, and for a version that may not follow."""
    judged = judge(facts)
    if isinstance(judged, Question):
        return judged
    person, own = facts.trigger.by_hand, judged.decision.own
    if judged.decision.decision == "ship":
        return _renewed(facts, judged, own) if own else _claimed(facts, judged)
    if judged.decision.decision == "skip" and person and person.decision == "skip" and not judged.range.newer:
        return _skipped(facts, judged, person)
    if judged.decision.decision == "skip" and person is None and judged.refuted:
        return Write(_without_refuted(facts, judged), judged)
    return judged


def _skipped(facts: ClaimFacts, judged: ClaimDecision, person: ByHand) -> Write:
    """What has not been sent is given up. What was sent and is not listed yet is not: its page may lag."""
    line = [commit.sha for commit in facts.first_parents]
    before = line[line.index(facts.commit) :]
    unsent = [
        entry
        for entry in facts.unsent
        if entry.commit in before and (entry.state == "uploading" or entry.commit == facts.commit)
    ]
    ledger, reasons = facts.ledger, judged.decision.reasons
    for entry in (*judged.range.claims, *unsent):
        ledger = ledger.moved(entry.version, "given-up", facts.now, facts.run, given_up="skipped by hand")
        reasons = (*reasons, Reason(entry.version, f"{entry.state} for {entry.commit[:12]}, is given up", "skip"))
    skip = Skip(facts.commit, facts.now, person.says, facts.run, person.actor, person.role)
    decided = msgspec.structs.replace(judged.decision, reasons=reasons)
    return Write(ledger.skipped(skip), msgspec.structs.replace(judged, decision=decided))


def judge(facts: ClaimFacts) -> Question | ClaimDecision:
    """Ship, skip or hold, whatever that means for the ledger. Raises Held for a history that cannot be decided on."""
    person = facts.trigger.by_hand
    return _judge_merges(facts) if person is None else _judge_by_hand(facts, person)


def _judge_by_hand(facts: ClaimFacts, person: ByHand) -> ReadPolicies | ClaimDecision:
    run = commit_range.by_hand(facts.first_parents, facts.commit, facts.ledger, facts.now, facts.project.lease)
    if unread := unconfirmed(facts):
        return unread
    with suppress(Held):  # else a person goes on from the commit before
        run = msgspec.structs.replace(run, base=_since_last_release(facts, facts.ledger).base)
    unsent = facts.unsent
    decided = decision.already_decided(run, person, open_=run.own in unsent) or decision.by_hand(person)
    if person.decision == "ship" and (words := _was_released(facts)):
        decided = decision.not_again(facts.commit, words)
    others = frozenset(entry.version for entry in unsent if entry not in (run.own, run.newer))
    return ClaimDecision(decided, run, None, refuted=others)


def _was_released(facts: ClaimFacts) -> str:
    """How the commit was released before, in words; empty if it was not, as far as is known."""
    for version in facts.listing.versions:
        if facts.tags.get(f"v{version}") == facts.commit and facts.ledger.of(facts.commit) is None:
            return f"its tag and the index have {version}"
    for entry in facts.ledger.releases:
        if entry.commit == facts.commit and entry.version in facts.doubtful:
            return f"the ledger says that it is released as {entry.version}, and nothing bears that out any more"
        if entry.commit == facts.commit and entry.state == "given-up" and facts.listing.has_all(entry.files):
            return f"{entry.version} of it is on the index as a whole, though it was given up"
    return ""


def _judge_merges(facts: ClaimFacts) -> Question | ClaimDecision:
    run = _since_last_release(facts, facts.ledger)
    decided, own = decision.already_decided(run), run.own
    # A claim keeps a number, and an upload of which the index has nothing may be anyone's word: they decide nothing.
    doubtful = facts.unsent
    if own is not None and (own.state == "claimed" or own in doubtful):
        decided = None
    if decided is not None:  # and those are judged by the runs that come after them
        return ClaimDecision(decided, run, decided.own, refuted=frozenset(entry.version for entry in doubtful))
    others = tuple(entry for entry in facts.ledger.releases if entry != own or entry in doubtful)
    run = _since_last_release(facts, msgspec.structs.replace(facts.ledger, releases=others), doubtful)
    if len(run.commits) > commit_range.LONG and facts.skipped is None and (skips := _before_any_claim(facts, run)):
        return LookUpSkips(skips, facts.commit)
    run = commit_range.since_skip(run, facts.skipped or "")
    if unread := unconfirmed(facts):
        return unread
    if facts.merges is None:
        return LookUp(run.commits, run.since)
    earlier = [entry for entry in doubtful if entry not in (own, run.newer)]
    run, merges, refuted = _without_uploads(facts, run, facts.merges, earlier)
    decided = _decided(facts, merges, run)
    if decided.decision == "ship" and own is not None:
        decided = msgspec.structs.replace(decided, own=own)
    elif own is not None and own in doubtful:
        refuted |= {own.version}
    return ClaimDecision(decided, run, decided.own, refuted=refuted)


def _without_uploads(
    facts: ClaimFacts, run: Range, merges: tuple[Merged, ...], uploads: Sequence[Entry]
) -> tuple[Range, tuple[Merged, ...], frozenset[str]]:
    """What is left to decide behind the uploads that have begun, and those that their merges do not ask for."""
    refuted = set()
    places = {merge.commit.sha: number for number, merge in enumerate(merges, 1)}
    done = 0
    for entry in sorted(uploads, key=lambda upload: places.get(upload.commit, 0)):
        end = places.get(entry.commit, 0)
        wanted = _decided(facts, merges[done:end], run, merges[done:]).decision
        asked = wanted == "ship" or entry.version in facts.begun_by_person
        if end <= done or not asked:
            refuted.add(entry.version)
            continue
        done, since = end, f"{entry.version}, {entry.state} at {entry.commit[:12]}"
        commits = tuple(merge.commit for merge in merges[done:])
        run = msgspec.structs.replace(run, commits=commits, since=since, base=entry.commit)
    return run, merges[done:], frozenset(refuted)


def _decided(
    facts: ClaimFacts, merges: Sequence[Merged], run: Range, with_later: Sequence[Merged] | None = None
) -> Decision:
    """What some merges ask for, unless a person is said to have skipped them, there or at one of those `with_later`."""
    asked = {merge.commit.sha for merge in (merges if with_later is None else with_later)}
    decided = decision.decide(merges, facts.project.intent, run.since, facts.introduced)
    return decision.without_proof(decided, [skip for skip in facts.void if skip.commit in asked])


def _before_any_claim(facts: ClaimFacts, run: Range) -> tuple[str, ...]:
    """The commits of a range, the newest first, on which a run that skipped has judged all that came before.

    None of them if anything in the range was claimed: a run may have left what it was on to that claim, which has
    ended since.
    """
    open_ = (entry for entry in facts.ledger.releases if not entry.begun or entry in facts.unsent)
    claimed = {entry.commit for entry in open_}
    shas = tuple(commit.sha for commit in run.commits[:-1])
    return () if claimed.intersection(shas) else shas[::-1]


def unconfirmed(facts: ClaimFacts) -> ReadPolicies | None:
    """What to read of the policies; None if they are those that a person has confirmed.

    What is merged does not choose by which rule it is read, nor where secrets go. Raises Held if it would.
    """
    person = facts.trigger.by_hand
    if person and person.commit and facts.commit.startswith(person.commit):
        return None
    try:
        since = policies_since(facts)
    except Held as held:
        words = f"a person has to confirm what these merges change: {held.message}"
        raise Held("policy-changed", words, hint=_look_at(facts)) from held
    if facts.policies is None:
        return ReadPolicies(since, facts.commit)
    if changed := policy.changes(*facts.policies):
        raise Held("policy-changed", policy.hold_words(changed), hint=_look_at(facts))
    return None


def policies_since(facts: ClaimFacts) -> str:
    """The commit whose policies were confirmed: of the last release that has begun, or skip; else of the pipeline.

    A claim confirms nothing, nor does an upload without its run, and one of which the index has nothing only if a
    person began it. Empty if there is none.
    """
    open_ = [entry for entry in facts.unsent if entry.version not in facts.begun_by_person]
    open_ += [entry for entry in facts.ledger.unfinished if entry.version in facts.unsourced]
    releases = tuple(entry for entry in facts.ledger.releases if entry.begun)
    begun = msgspec.structs.replace(facts.ledger, releases=releases)
    run = _since_last_release(facts, begun, open_)
    if release := run.newer or run.own:
        return release.commit
    shas = {commit.sha for commit in run.commits}
    if facts.skipped in shas:
        return facts.skipped or ""
    return facts.introduced if facts.introduced in shas else run.base


def _since_last_release(facts: ClaimFacts, ledger: Ledger, without: Sequence[Entry] = ()) -> Range:
    """What has not been decided on. Raises Held for a history that does not fit to the ledger."""
    return commit_range.since_last_release(
        facts.first_parents, facts.commit, ledger, _start(facts), facts.now, facts.project.lease, without
    )


def _look_at(facts: ClaimFacts) -> str:
    return f"look at that, and if it is right {commit_range.confirm(facts.commit)}"


def _start(facts: ClaimFacts) -> RangeStart:
    """Where a project without a ledger begins."""
    versions = [version for version in facts.listing.versions if pep440.is_version(version)]
    highest = max(zip(pep440.comparable(versions), versions, strict=True), default=None)
    at = _tag_of(facts, highest[1]) if highest else ""
    shas = [commit.sha for commit in facts.first_parents]
    start = commit_range.range_start(at, facts.introduced, facts.trigger.pushed, facts.commit, shas)
    known = facts.ledger.entry(highest[1]) if highest else None
    lacks = at in shas and not (known and known.begun)
    return msgspec.structs.replace(start, lacking=start.ends) if lacks else start


def _tag_of(facts: ClaimFacts, version: str) -> str:
    """The commit that a version's tag is on, the oldest one if it is spelled in several ways; empty without one."""
    at = []
    for tag, commit in facts.tags.items():
        named = tagged(facts.project.name, [tag], facts.project.tag_prefix)
        at += [commit for used in named if pep440.same(used.version, version)]
    line = [commit.sha for commit in facts.first_parents]
    return max(at, key=lambda commit: line.index(commit) if commit in line else -1, default="")


def _renewed(facts: ClaimFacts, judged: ClaimDecision, own: Entry) -> Step:
    """A claim that still holds begins its lease again, if its version is still available."""
    if own.state != "claimed":
        return msgspec.structs.replace(judged, entry=own, because=own.because)
    if own.version in facts.listing.versions:
        words = "someone else published it before our upload started"
        ledger = facts.ledger.moved(own.version, "given-up", facts.now, facts.run, given_up=words)
        return _with_claim(facts, judged, ledger, own)
    ledger = _without_refuted(facts, judged).moved(own.version, "claimed", facts.now, facts.run)
    return Write(ledger, msgspec.structs.replace(judged, entry=own, because=own.because))


def _claimed(facts: ClaimFacts, judged: ClaimDecision) -> Write:
    ledger = facts.ledger
    for stale in judged.range.stale:
        lease = facts.project.lease.total_seconds()
        words = f"its claim expired after {lease:g} s without an upload"
        ledger = ledger.moved(stale.version, "given-up", facts.now, facts.run, given_up=words)
    facts = msgspec.structs.replace(facts, ledger=ledger)
    return _with_claim(facts, judged, _without_refuted(facts, judged))


def _without_refuted(facts: ClaimFacts, judged: ClaimDecision) -> Ledger:
    """The ledger in which uploads that nothing asks for are given up: no later job goes on with them."""
    ledger = facts.ledger
    for version in sorted(judged.refuted) if facts.trigger.by_hand is None else ():
        words = "the index has nothing of it, and its merges do not ask to ship"
        ledger = ledger.moved(version, "given-up", facts.now, facts.run, given_up=words)
    return ledger


def _with_claim(facts: ClaimFacts, judged: ClaimDecision, ledger: Ledger, before: Entry | None = None) -> Write:
    """The ledger with the next version claimed for the commit, in the place of the claim `before`."""
    project = facts.project
    used: list[Used] = [
        *facts.listing.used,
        *tagged(project.name, facts.tags, project.tag_prefix),
        *ledger.used,
    ]
    following = next_version(project.declared, used, BumpRequest(judged.decision.bump))
    entry = Entry(
        version=following.version,
        commit=facts.commit,
        state="claimed",
        at=facts.now,
        run=facts.run,
        because=before.because if before else judged.decision.words,
        pull_requests=before.pull_requests if before else judged.decision.pulls,
        since=before.since if before else judged.range.base,
    )
    return Write(ledger.claimed(entry), msgspec.structs.replace(judged, entry=entry, because=following.reasons))
