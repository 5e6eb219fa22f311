"""The laws of exactly once: whatever happens in whatever order, no version twice, no bytes twice, no intent lost.

The decision, the ledger and the delivery are the product's own; git, the index and the forge are as small as they can
be and keep to their contracts: a push is a compare-and-swap, each file is a transaction of its own, pages may lag.
"""

import os
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release import commit_range, decision, delivery, ledger
from mergeship.core.release.commit_range import Beginning, Commit
from mergeship.core.release.decision import Merged, Pull
from mergeship.core.release.ledger import Entry, Ledger
from mergeship.core.release.upload import Answer, judge
from mergeship.core.version import Wish, next_version

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
        own = self._decide(head)
        for entry in self.ledger.unfinished:
            self._deliver(entry.version, fails)
        if own:
            self._deliver(own, fails)

    def _decide(self, head: str) -> str:
        newest_first = self.line[::-1]
        begins = Beginning(whole=True)
        span = commit_range.since_last_release(newest_first, head, self.ledger, begins, self.now, LEASE)
        found = decision.settled(span)
        if found is None:
            merges = [Merged(one, (self.pulls[one.sha],)) for one in span.commits if one.sha in self.pulls]
            found = decision.decide(merges, "checklist", span.since)
        if found.decision != "ship":
            return ""
        if found.own:
            return found.own.version if found.own.state == "claimed" else ""
        wanted = self.ledger
        for stale in span.stale:
            wanted = wanted.moved(stale.version, "given-up", self.now, "", given_up="stale")
        listing = self._listing()
        version = next_version("0.1.0", [*listing.used, *wanted.used], Wish()).version
        claim = Entry(
            version=version, commit=head, state="claimed", at=self.now, since=span.bound, pull_requests=found.pulls
        )
        self._push(wanted.claimed(claim))
        return version

    def _deliver(self, version: str, fails: int) -> None:
        entry = self._entry(version)
        if entry.state == "claimed":
            if any(name.startswith(f"p-{version}") for name in self.shown):
                self._move(version, "given-up", given_up="published by somebody else")
                return
            self.builds += 1
            files = (
                Distribution(f"p-{version}-py3-none-any.whl", 1, f"{self.builds:064x}"),
                Distribution(f"p-{version}.tar.gz", 1, f"{self.builds + 1_000_000:064x}"),
            )
            self._effect()
            self.kept[version] = files
            self._move(version, "uploading", files=files, began=self.now)
        entry = self._entry(version)
        if entry.state == "uploading":
            for file in entry.files:
                if not self._send(version, file, fails):
                    return
            self._move(version, "uploaded")
        entry = self._entry(version)
        if entry.state == "uploaded" and all(self.shown.get(file.name) == file.sha256 for file in entry.files):
            self._move(version, "proven")
        entry = self._entry(version)
        if entry.state in {"uploaded", "proven"}:
            self._effect()
            assert self.tags.setdefault(entry.tag_name, entry.commit) == entry.commit
            if entry.state == "proven":
                self._move(version, "released", tag="created")

    def _send(self, version: str, file: Distribution, fails: int) -> bool:
        """Send one file as the product does; whether it is on the index."""
        for attempt in range(4):
            answer = None
            if attempt >= fails or attempt % 2:  # the others are lost on their way
                self._effect()
                there = self.index.setdefault(file.name, file.sha256)
                words = "OK" if there == file.sha256 else "File already exists"
                answer = Answer(200 if there == file.sha256 else 400, words) if attempt >= fails else None
            verdict = judge(answer) if answer else None
            match delivery.after(verdict, delivery.there(file, self._listing())):
                case "sent":
                    assert self.index[file.name] == file.sha256
                    return True
                case "give-up":
                    self._move(version, "given-up", given_up="lost")
                    return False
                case "look":
                    self.shown = dict(self.index)
                case "again" | "stop":
                    pass
        return False

    def _entry(self, version: str) -> Entry:
        entry = self.ledger.entry(version)
        assert entry is not None
        return entry

    def _move(self, version: str, state: ledger.State, **changes: object) -> None:
        self._push(self.ledger.moved(version, state, self.now, "", **changes))

    def _push(self, wanted: Ledger) -> None:
        self._effect()
        assert ledger.broken(self.ledger, wanted) == ""
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
