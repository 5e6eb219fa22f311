"""The laws of exactly once: whatever happens in whatever order, no version twice, no bytes twice, no intent lost.

Everything is decided by the product's own machine; what performs its steps is as small as it can be, and keeps to the
contracts of git, the index and the forge: a push is a compare-and-swap, each file is a transaction of its own, pages
may lag.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import assert_never

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mergeship.core.distribution import Distribution, Manifest
from mergeship.core.listing import Listing, Published
from mergeship.core.release import claim, delivery, ledger
from mergeship.core.release.claim import Decided, LookUp, Project, ReadPolicies, Write
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.decision import Merged, Pull
from mergeship.core.release.due import due
from mergeship.core.release.ledger import Entry, Ledger
from mergeship.core.release.steps import Await, Effect, End, Facts, GiveUp, Keep, Look, Move, PutTag, Reread, Send
from mergeship.core.release.upload import Answer, Sent, after, judge
from mergeship.core.release.upload import there as there_is
from mergeship.core.trigger import Trigger
from mergeship.errors import Failed

LONG = int(os.environ.get("MERGESHIP_SOAK") or 0)
YES, NO = "- [x] Deployment PR", "- [x] Non-deployment PR"
LEASE = timedelta(hours=2)


class Crash(Exception):
    """The process dies here."""


class World(RuleBasedStateMachine):
    """A repository, an index, and runners that may die at any step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 20, tzinfo=UTC)
        self.line: list[Commit] = [Commit("0" * 40, "chore: begin")]
        self.pulls: dict[str, Pull] = {}
        self.ledger = Ledger(project="p")
        self.index: dict[str, str] = {}
        self.foreign: set[str] = set()
        self.shown: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.kept: dict[str, tuple[Distribution, ...]] = {}
        self.builds = 0
        self.steps_left: int | None = None
        self.ever: dict[str, str] = {}
        """Every version that was ever bound to bytes, with its commit."""

    # What happens to the repository and to the index.

    @rule(body=st.sampled_from([YES, NO, YES]))
    def merge(self, body: str) -> None:
        number = len(self.line)
        commit = Commit(f"{number:040x}", f"feat: {number} (#{number})")
        self.pulls[commit.sha] = Pull(number, "t", body, (), "feature/x", own_branch=True, author="a")
        self.line.append(commit)

    @rule(hours=st.sampled_from([1, 3]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def pages_catch_up(self) -> None:
        self.shown = dict(self.index)

    @rule(minor=st.integers(1, 9))
    def rival_uploads(self, minor: int) -> None:
        name = f"p-0.1.{minor}.tar.gz"
        if name not in self.index:
            self.index[name] = "rival"
            self.foreign.add(f"0.1.{minor}")
            self.shown = dict(self.index)

    # What a run does; each effect may be its last one.

    @rule(old=st.integers(0, 3), last=st.one_of(st.none(), st.integers(0, 12)), fails=st.integers(0, 3))
    def run(self, old: int, last: int | None, fails: int) -> None:
        """All jobs of a run on main, or on an older commit; it may die before effect number `last`."""
        head = self.line[max(0, len(self.line) - 1 - old)]
        self.steps_left = last
        try:
            self._run(head.sha, fails)
        except Crash:
            pass
        finally:
            self.steps_left = None

    def _run(self, head: str, fails: int) -> None:
        """The jobs decide, build and deploy, as loops over the product's own steps."""
        own = self._decide(head)
        manifest = self._built(own, head) if own else None
        try:
            wanted = due(self.ledger, manifest, head)
        except Failed:
            return  # nothing to deploy
        for entry in wanted.uploads:
            self._deliver(entry, manifest.files if manifest and entry == wanted.own else (), fails)

    def _decide(self, head: str) -> str:
        """The version that this run has to build; empty for none."""
        facts = claim.Facts(
            project=Project("p", "0.1.0", "", "checklist", LEASE),
            commit=head,
            trigger=Trigger(pushed=(self.line[0].sha, head)),
            run="",
            now=self.now,
            first_parents=tuple(self.line[::-1]),
            ledger=self.ledger,
            tags=self.tags,
            listing=self._listing(),
        )
        while not isinstance(step := claim.next_step(facts), Decided | Write):
            match step:
                case ReadPolicies():
                    facts = msgspec.structs.replace(facts, policies=("checklist", "checklist"))
                case LookUp(commits):
                    merges = tuple(Merged(one, (self.pulls[one.sha],)) for one in commits if one.sha in self.pulls)
                    facts = msgspec.structs.replace(facts, merges=merges)
                case _:
                    assert_never(step)
        decided = step.decided if isinstance(step, Write) else step
        if isinstance(step, Write):
            self._push(step.ledger)
        ships = decided.decision.decision == "ship" and decided.entry and decided.entry.state == "claimed"
        return decided.entry.version if ships and decided.entry else ""

    def _built(self, version: str, head: str) -> Manifest:
        """Other bytes each time: nothing may depend on a build that can be repeated."""
        self.builds += 1
        files = (
            Distribution(f"p-{version}-py3-none-any.whl", 1, f"{self.builds:064x}"),
            Distribution(f"p-{version}.tar.gz", 1, f"{self.builds + 1_000_000:064x}"),
        )
        return Manifest("p", version, head, files)

    def _deliver(self, entry: Entry, built: tuple[Distribution, ...], fails: int) -> None:
        """What the pipeline's Deliverer does, in this world."""
        known = self._entry(entry.version).files or built
        facts = Facts(
            now=self.now, lease=LEASE, run="", deadline=1.0, page="", built=built,
            tag=self.tags.get(entry.tag_name, ""),
            here=frozenset(file.name for file in known if file in (*built, *self.kept.get(entry.version, ()))),
        )  # fmt: skip
        for _ in range(50):
            before = self.ledger.entry(entry.version)
            step = delivery.next_step(before, facts)
            if isinstance(step, End):
                return
            facts = self._performed(step, entry.version, facts, fails)
            if self.ledger.entry(entry.version) != before:
                facts = facts.moved()
        raise AssertionError("it never ends")

    def _performed(self, step: Effect, version: str, facts: Facts, fails: int) -> Facts:
        learned = partial(msgspec.structs.replace, facts)
        match step:
            case Look():
                return learned(listing=self._listing())
            case Reread():
                return learned(reread=True)
            case Keep(files):
                self._effect()
                self.kept[version] = files
                return learned(kept=True)
            case Send(files):
                sent: list[Sent] = []
                while len(sent) < len(files) and all(one.ended == "sent" for one in sent):
                    sent.append(self._send(files[len(sent)], fails))
                return learned(sent=tuple(sent))
            case Await(files):
                listed = self._listing()
                return learned(unlisted=next(filter(None, map(listed.lacks, files)), ""))
            case GiveUp():
                self._move(version, step.move)
                return learned(giving_up=step)
            case PutTag(move):
                entry = self._entry(version)
                self._move(version, move)  # and the tag, in one push
                assert self.tags.setdefault(entry.tag_name, entry.commit) == entry.commit
                return learned(tag_refused="")
            case Move(state):
                self._move(version, step)
                return learned(bound=facts.bound or state == "uploading")
            case _:
                assert_never(step)

    def _send(self, file: Distribution, fails: int) -> Sent:
        """Attempts to send one file, each judged as the product judges it."""
        sent = Sent(file, "again")
        for attempt in range(4):
            answer = None
            if not sent.looking and (attempt >= fails or attempt % 2):  # the others are lost on their way
                self._effect()
                there = self.index.setdefault(file.name, file.sha256)
                words = "OK" if there == file.sha256 else "File already exists"
                answer = Answer(200 if there == file.sha256 else 400, words) if attempt >= fails else None
            verdict = judge(answer) if answer else None
            ended = after(verdict, there_is(file, self._listing()))
            sent = Sent(file, ended, "said", verdict.code if verdict else "", looking=ended == "look")
            if ended == "look":
                self.shown = dict(self.index)
            elif ended != "again":
                assert ended != "sent" or self.index[file.name] == file.sha256
                return sent
        return msgspec.structs.replace(sent, ended="late")

    def _entry(self, version: str) -> Entry:
        entry = self.ledger.entry(version)
        assert entry is not None
        return entry

    def _move(self, version: str, move: Move) -> None:
        self._push(self.ledger.moved(version, move.state, self.now, "", **move.changes))

    def _push(self, wanted: Ledger) -> None:
        self._effect()
        assert ledger.continuity_error(self.ledger, wanted) == ""
        self.ledger = ledger.decode(ledger.encode(wanted), "p")
        for entry in wanted.releases:
            if entry.begun:
                assert self.ever.setdefault(entry.version, entry.commit) == entry.commit

    def _effect(self) -> None:
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Crash

    def _listing(self) -> Listing:
        files = tuple(Distribution(name, 1, sha256) for name, sha256 in self.shown.items())
        versions = {name.removeprefix("p-").removesuffix(".tar.gz").split("-")[0] for name in self.shown}
        return Listing(tuple(Published(version) for version in sorted(versions)), files)

    # The laws.

    @invariant()
    def no_version_is_used_twice(self) -> None:
        versions = [entry.version for entry in self.ledger.releases]
        assert len(versions) == len(set(versions))

    @invariant()
    def a_commit_has_one_release_at_most(self) -> None:
        commits = [entry.commit for entry in self.ledger.releases if entry.begun]
        assert len(commits) == len(set(commits))

    @invariant()
    def what_is_released_is_complete_with_equal_hashes(self) -> None:
        for entry in self.ledger.releases:
            if entry.state in {"uploaded", "proven", "released"}:
                assert all(self.index.get(file.name) == file.sha256 for file in entry.files)

    @invariant()
    def tags_and_ledger_agree(self) -> None:
        for entry in self.ledger.releases:
            if entry.tag == "created":
                assert self.tags[entry.tag_name] == entry.commit

    @invariant()
    def later_versions_hold_later_commits(self) -> None:
        order = {commit.sha: number for number, commit in enumerate(self.line)}
        begun = [entry for entry in self.ledger.releases if entry.begun]
        places = [order[entry.commit] for entry in begun]
        assert places == sorted(places)

    def teardown(self) -> None:
        """Left alone for long enough, everything that asked for it ships, and nothing stays in between."""
        self.now += 2 * LEASE
        self.shown = dict(self.index)
        for _ in range(8):
            self._run(self.line[-1].sha, 0)
            self.shown = dict(self.index)
        assert {entry.state for entry in self.ledger.releases} <= {"released", "given-up", "claimed"}
        asked = [number for number, commit in enumerate(self.line) if self._asks(commit.sha)]
        order = {commit.sha: number for number, commit in enumerate(self.line)}
        shipped = [order[entry.commit] for entry in self.ledger.releases if entry.state == "released"]
        assert not asked or (shipped and max(shipped) >= max(asked)), f"{asked} asked, {shipped} shipped"
        super().teardown()

    def _asks(self, commit: str) -> bool:
        return commit in self.pulls and self.pulls[commit].body == YES


TestLaws = World.TestCase
TestLaws.settings = settings(
    max_examples=2_000 if LONG else 40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
