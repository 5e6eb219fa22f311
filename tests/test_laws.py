"""The laws of exactly once: whatever happens in whatever order, no version twice, no bytes twice, no intent lost.

Everything is decided by the product's own machine; what performs its steps is as small as it can be, and keeps to the
contracts of git, the index and the forge: a push is a compare-and-swap, each file is a transaction of its own, pages
may lag.
"""

import os
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar, assert_never

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mergeship.core.distribution import Distribution, Manifest
from mergeship.core.listing import Listing, Published
from mergeship.core.release import claim, delivery, ledger
from mergeship.core.release.claim import ClaimDecision, LookUp, LookUpSkips, ProjectFacts, ReadPolicies, Write
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.decision import Merged, Pull
from mergeship.core.release.due import due
from mergeship.core.release.ledger import Entry, Ledger
from mergeship.core.release.steps import (
    Await,
    DeliveryFacts,
    Effect,
    End,
    GiveUp,
    Keep,
    Look,
    Move,
    PutTag,
    Reread,
    Send,
)
from mergeship.core.release.upload import Answer, UploadOutcome, after, classify
from mergeship.core.trigger import Trigger
from mergeship.errors import Failed

LONG = int(os.environ.get("MERGESHIP_SOAK") or 0)
YES, NO = "- [x] Deployment PR", "- [x] Non-deployment PR"
SAME = {"intent": "checklist"}
LEASE = timedelta(hours=2)


_T = TypeVar("_T")
Steps = Generator[None, None, _T]
"""What a run does: it stops before each of its effects, where it may be overtaken, or die."""


class World(RuleBasedStateMachine):
    """A repository, an index, and runners that may die or be overtaken at any step."""

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
        for number, _ in enumerate(Runner(self, f"{self.builds + 1}", fails).run(self._head(old))):
            if number == last:
                return

    @rule(
        olds=st.sampled_from([(0, 0), (0, 0), (1, 0), (1, 1)]),
        order=st.randoms(use_true_random=False),
        lasts=st.sampled_from([(40, 40), (40, 40), (8, 40), (4, 40), (6, 6)]),
        fails=st.sampled_from([0, 0, 2]),
    )
    def race(self, olds: tuple[int, int], order: Random, lasts: tuple[int, int], fails: int) -> None:
        """Two runs at once, which take turns as it comes, and may die; none waits for the other."""
        runs = [Runner(self, f"{self.builds + 1}{n}", fails).run(self._head(old)) for n, old in enumerate(olds)]
        left = list(lasts)
        turns = [0] * 40 + [1] * 40
        order.shuffle(turns)
        for turn in turns:
            left[turn] -= 1
            if left[turn] >= 0:
                next(runs[turn], None)

    def _head(self, old: int) -> str:
        return self.line[max(0, len(self.line) - 1 - old)].sha

    def pushed(self, before: Ledger, wanted: Ledger, tagged: Entry | None = None) -> bool:
        """What git does with a push: a compare-and-swap, of the ledger and a tag or of neither."""
        if self.ledger is not before:
            return False
        assert ledger.continuity_error(self.ledger, wanted) == ""
        self.ledger = wanted
        if tagged:
            assert self.tags.setdefault(tagged.tag_name, tagged.commit) == tagged.commit
        for entry in wanted.releases:
            if entry.begun:
                assert self.ever.setdefault(entry.version, entry.commit) == entry.commit
        return True

    def listing(self) -> Listing:
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
            self.run(0, None, 0)
            self.shown = dict(self.index)
        assert {entry.state for entry in self.ledger.releases} <= {"released", "given-up", "claimed"}
        asked = [number for number, commit in enumerate(self.line) if self._asks(commit.sha)]
        order = {commit.sha: number for number, commit in enumerate(self.line)}
        shipped = [order[entry.commit] for entry in self.ledger.releases if entry.state == "released"]
        assert not asked or (shipped and max(shipped) >= max(asked)), f"{asked} asked, {shipped} shipped"
        super().teardown()

    def _asks(self, commit: str) -> bool:
        return commit in self.pulls and self.pulls[commit].body == YES


class Runner:
    """One run of the jobs decide, build and deploy, as loops over the product's own steps."""

    def __init__(self, world: World, run: str, fails: int) -> None:
        self.world = world
        self.id = run
        self.fails = fails
        """So many attempts to send a file go wrong."""
        self.ledger = world.ledger
        """As this run read it last."""
        self.found: dict[str, Distribution] = {}
        """What lies on this machine under the names of the release that is delivered."""

    def run(self, head: str) -> Steps[None]:
        own = yield from self._decide(head)
        manifest = self._built(own, head) if own else None
        self.ledger = self.world.ledger  # deploy is a job of its own
        try:
            wanted = due(self.ledger, manifest, head)
        except Failed:
            return  # nothing to deploy
        for entry in wanted.uploads:
            yield from self._deliver(entry, manifest.files if manifest and entry == wanted.own else ())

    def _decide(self, head: str) -> Steps[str]:
        """The version that this run has to build; empty for none."""
        while True:
            step = self._decided(head)
            decided = step.decided if isinstance(step, Write) else step
            if not isinstance(step, Write) or (yield from self._push(step.ledger)):
                break
        ships = decided.decision.decision == "ship" and decided.entry and decided.entry.state == "claimed"
        return decided.entry.version if ships and decided.entry else ""

    def _decided(self, head: str) -> ClaimDecision | Write:
        world = self.world
        facts = claim.ClaimFacts(
            project=ProjectFacts("p", "0.1.0", "", "checklist", LEASE),
            commit=head,
            trigger=Trigger(pushed=(world.line[0].sha, head)),
            run=self.id,
            now=world.now,
            first_parents=tuple(world.line[::-1]),
            ledger=self.ledger,
            tags=world.tags,
            listing=world.listing(),
        )
        while not isinstance(step := claim.next_step(facts), ClaimDecision | Write):
            match step:
                case ReadPolicies():
                    facts = msgspec.structs.replace(facts, policies=(SAME, SAME))
                case LookUpSkips():
                    facts = msgspec.structs.replace(facts, skipped="")
                case LookUp(commits):
                    merges = tuple(Merged(one, (world.pulls[one.sha],)) for one in commits if one.sha in world.pulls)
                    facts = msgspec.structs.replace(facts, merges=merges)
                case _:
                    assert_never(step)
        return step

    def _built(self, version: str, head: str) -> Manifest:
        """Other bytes each time: nothing may depend on a build that can be repeated."""
        self.world.builds += 1
        number = self.world.builds
        files = (
            Distribution(f"p-{version}-py3-none-any.whl", 1, f"{number:064x}"),
            Distribution(f"p-{version}.tar.gz", 1, f"{number + 1_000_000:064x}"),
        )
        return Manifest("p", version, head, files)

    def _deliver(self, entry: Entry, built: tuple[Distribution, ...]) -> Steps[None]:
        """What the pipeline's Deliverer does, in this world."""
        world = self.world
        here = {file for file in entry.files or built if file in (*built, *world.kept.get(entry.version, ()))}
        self.found = {file.name: file for file in here}
        facts = DeliveryFacts(
            now=world.now, lease=LEASE, run=self.id, deadline=1.0, page="", built=built,
            unbound=entry.state == "claimed", tag=world.tags.get(entry.tag_name, ""),
            here=frozenset(here),
        )  # fmt: skip
        for _ in range(50):
            before = self.ledger.entry(entry.version)
            step = delivery.next_step(before, facts)
            if isinstance(step, End):
                return
            facts = yield from self._performed(step, entry.version, facts)
            after = self.ledger.entry(entry.version)
            if (before and before.state) != (after and after.state):
                facts = facts.moved()
        raise AssertionError("it never ends")

    def _performed(self, step: Effect, version: str, facts: DeliveryFacts) -> Steps[DeliveryFacts]:
        world, learned = self.world, partial(msgspec.structs.replace, facts)
        match step:
            case Look():
                return learned(listing=world.listing())
            case Reread():
                yield
                self.ledger = world.ledger
                return learned(reread=True)
            case Keep(files):
                yield
                world.kept[version] = (*world.kept.get(version, ()), *files)
                return learned(kept=True)
            case Send(files):
                sent: list[UploadOutcome] = []
                while len(sent) < len(files) and all(one.ended == "sent" for one in sent):
                    sent.append((yield from self._send(self.found[files[len(sent)].name])))
                return learned(sent=tuple(sent))
            case Await(files):
                listed = world.listing()
                return learned(unlisted=next(filter(None, map(listed.lacks, files)), ""))
            case GiveUp():
                yield from self._move(version, step.move)
                return learned(giving_up=step)
            case PutTag(move):
                yield from self._move(version, move, tag=True)
                return facts
            case Move():
                yield from self._move(version, step)
                return facts
            case _:
                assert_never(step)

    def _send(self, file: Distribution) -> Steps[UploadOutcome]:
        """Attempts to send one file, each judged as the product judges it."""
        world, fails = self.world, self.fails
        sent = UploadOutcome(file, "again")
        for attempt in range(4):
            answer = None
            if not sent.looking and (attempt >= fails or attempt % 2):  # the others are lost on their way
                yield
                assert file in self._bound(), "bytes that the ledger does not bind are sent"
                there = world.index.setdefault(file.name, file.sha256)
                words = "OK" if there == file.sha256 else "File already exists"
                answer = Answer(200 if there == file.sha256 else 400, words) if attempt >= fails else None
            verdict = classify(answer) if answer else None
            ended = after(verdict, world.listing().presence(file))
            sent = UploadOutcome(file, ended, "said", verdict.code if verdict else "", looking=ended == "look")
            if ended == "look":
                world.shown = dict(world.index)
            elif ended != "again":
                assert ended != "sent" or world.index[file.name] == file.sha256
                return sent
        return msgspec.structs.replace(sent, ended="late")

    def _bound(self) -> set[Distribution]:
        """The files that the ledger binds, as it is now."""
        return {file for entry in self.world.ledger.releases for file in entry.files}

    def _move(self, version: str, move: Move, *, tag: bool = False) -> Steps[None]:
        wanted = self.ledger.moved(version, move.state, self.world.now, self.id, **move.changes)
        yield from self._push(wanted, wanted.entry(version) if tag else None)

    def _push(self, wanted: Ledger, tagged: Entry | None = None) -> Steps[bool]:
        """Write, unless someone else was faster: then this run knows what they wrote."""
        yield
        wanted = ledger.decode(ledger.encode(wanted), "p")
        done = self.world.pushed(self.ledger, wanted, tagged)
        self.ledger = self.world.ledger
        return done


TestLaws = World.TestCase
TestLaws.settings = settings(
    max_examples=2_000 if LONG else 40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
