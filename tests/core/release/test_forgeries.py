"""Random forgeries of the ledger, the tags and the record of runs, against a model of what has really happened.

Whoever may write to the repository changes anything; the verdict is a hold, or what follows from it is borne out by the
model: nothing is uploaded that main's own run did not decide on and build, and no merge is forgotten (T1 to T6).
"""

import hashlib
import os
import random
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release import claim
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.belief import Belief, believed
from mergeship.core.release.claim import ClaimDecision, ClaimFacts, LookUp, ProjectFacts
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.conflicts import conflicts
from mergeship.core.release.decision import Merged, Pull
from mergeship.core.release.evidence import Evidence, LookUpCommits, LookUpRuns, ReadDeclared, Run
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.release.verdict import next_step
from mergeship.core.trigger import Trigger
from mergeship.errors import Held

ROUNDS = int(os.environ.get("MERGESHIP_FUZZ", "2000"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(hours=2)
YES, NO = "- [x] Deployment PR", "- [x] Non-deployment PR"
MAIN = [f"{number:040x}" for number in range(1, 13)]
STRAY = "f" * 40
PATH = ".github/workflows/ci-cd.yml"
ALL = frozenset({"decide", "build", "deploy"})
STRANGER, GONE = "666", "777"


def built(commit: str, version: str) -> tuple[Distribution, ...]:
    """What main's own build of a commit makes."""
    names = (f"obk-{version}-py3-none-any.whl", f"obk-{version}.tar.gz")
    return tuple(Distribution(n, 9, hashlib.sha256(f"{commit} {n}".encode()).hexdigest()) for n in names)


def evil(version: str) -> tuple[Distribution, ...]:
    return (Distribution(f"obk-{version}-py3-none-any.whl", 9, "e" * 64),)


def outside(commit: str, others: Sequence[str]) -> Collection[str]:
    inside = MAIN[: MAIN.index(commit) + 1] if commit in MAIN else [*MAIN[:3], commit]
    return [other for other in others if other not in inside]


class World:
    """A project's real history, up to a merge that is decided on now."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.head = chance.randrange(4, len(MAIN))
        self.releases: list[Entry] = []
        self.skips: list[Skip] = []
        self.runs: dict[str, Run] = {}
        self.tags: dict[str, str] = {}
        self.listed: dict[str, Distribution] = {}
        self.shipped: set[str] = set()
        """Commits that main's runs have decided to ship."""
        self.asks: dict[str, str] = {MAIN[self.head]: chance.choice([YES, NO, ""])}
        """What the merges ask for, as their checklists say it."""
        for number in range(1, self.head):
            self._merge(number)
        self.runs[str(self.head)] = self._run(self.head, frozenset({"decide"}))
        self.runs[STRANGER] = msgspec.structs.replace(self._run(1, ALL), branch="mine", commit=STRAY)

    def _run(self, number: int, begun: frozenset[str], event: str = "push") -> Run:
        at = self.at(number) if number < self.head else None
        return Run(
            path=PATH, event=event, branch="main", commit=MAIN[number], repository="o/obk", begun=begun,
            decided="decide" in begun, decided_at=at, deployed_at=at if "deploy" in begun else None, ended_at=at,
            declined=begun == {"decide"} and at is not None,
        )  # fmt: skip

    @staticmethod
    def at(number: int) -> datetime:
        """When a merge came."""
        return NOW - timedelta(days=20 - number)

    def _merge(self, number: int) -> None:
        what = self.chance.choice(["ship", "ship", "skip", "fail", "by hand"])
        run, at = str(number), self.at(number)
        # One that ships nothing itself may have finished something else.
        skipped = self.chance.choice([ALL, frozenset({"decide"})])
        self.runs[run] = self._run(number, {"ship": ALL, "skip": skipped}.get(what, frozenset()))
        self.asks[MAIN[number]] = {"ship": YES, "skip": NO, "fail": YES}.get(what, "")
        if what == "fail" and self.chance.random() < 0.5:  # a person wanted to ship it, and the run was cancelled
            cancelled = self._run(number, frozenset({"decide"}), "workflow_dispatch")
            self.runs[str(200 + number)] = msgspec.structs.replace(cancelled, declined=False)
        if what == "by hand":
            by_hand = str(100 + number)
            self.runs[by_hand] = self._run(number, frozenset({"decide"}), "workflow_dispatch")
            self.skips.append(Skip(MAIN[number], at, "by me: no", by_hand))
        if what != "ship":
            return
        version = f"0.1.{number}"
        files, last = built(MAIN[number], version), number == self.head - 1
        state: Any = self.chance.choice(["uploading", "uploaded", "proven", "released"]) if last else "released"
        self.shipped.add(MAIN[number])
        tag: Any = "created" if state == "released" else ""
        self.releases.append(
            Entry(version=version, commit=MAIN[number], state=state, at=at, run=run, files=files, began=at, tag=tag)
        )
        self.listed |= {file.name: file for file in (files[:1] if state in {"uploading", "uploaded"} else files)}
        if tag:
            self.tags[f"v{version}"] = MAIN[number]

    @property
    def listing(self) -> Listing:
        versions = sorted({name.split("-")[1].removesuffix(".tar.gz") for name in self.listed})
        return Listing(tuple(map(Published, versions)), tuple(self.listed.values()))

    def undecided(self) -> list[str]:
        """Commits whose merges nothing has decided on."""
        ends = [entry.commit for entry in self.releases] + [skip.commit for skip in self.skips]
        last = max((MAIN.index(end) for end in ends), default=0)
        return MAIN[last + 1 : self.head + 1]

    def asked_for(self, commit: str) -> bool:
        """Whether what is undecided up to a commit asks to be shipped."""
        asks = [self.asks[sha] for sha in self.undecided() if MAIN.index(sha) <= MAIN.index(commit)]
        return YES in asks and "" not in asks


class Forger:
    """Someone with write access, and without a merge."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = world.chance
        self.releases, self.skips = list(world.releases), list(world.skips)
        self.tags, self.runs = dict(world.tags), dict(world.runs)

    def entry(self) -> Entry:
        chance, real = self.chance, self.world.releases
        commit = chance.choice([*MAIN[: self.world.head + 1], MAIN[self.world.head], STRAY])
        known = [entry.version for entry in real] or ["0.1.1"]
        fresh = [f"0.1.{self.world.head}", f"0.1.{self.world.head + 1}", "0.2.0", "5.0.0", "0.0.5", f"{known[-1]}.0"]
        version = chance.choice([*known, *fresh, *fresh])
        files = chance.choice(
            [evil(version), built(commit, version), (*built(commit, version), *evil(version)), *(e.files for e in real)]
        )
        state: Any = chance.choice(["claimed", "uploading", "uploading", "uploaded", "proven", "released", "given-up"])
        return Entry(
            version=version, commit=commit, state=state, at=NOW - timedelta(days=chance.choice([0, 0, 9, -9999])),
            run=chance.choice([*self.runs, STRANGER, GONE, "", "666x"]), files=() if state == "claimed" else files,
            tag=chance.choice(["", "created", "refused"]), since=chance.choice(["", commit]),
        )  # fmt: skip

    def careful(self) -> None:
        """What only the merges themselves contradict: a release of a commit in the name of its own run."""
        commit = self.chance.choice(self.world.undecided() or [MAIN[self.world.head]])
        number = MAIN.index(commit)
        state: Any = self.chance.choice(["claimed", "uploading", "uploaded"])
        files = () if state == "claimed" else built(commit, f"0.1.{number}")
        self.releases.append(
            Entry(version=f"0.1.{number}", commit=commit, state=state, at=NOW, run=str(number), files=files, began=NOW)
        )

    def dispatch(self) -> None:
        """Start the pipeline, which holds, or waits; and say that it has decided to skip."""
        head = self.world.head
        begun = self.chance.choice([frozenset(), frozenset({"decide"})])
        waits = self.world._run(head, begun, "workflow_dispatch")
        self.runs["300"] = msgspec.structs.replace(waits, decided=False)
        self.skips.append(Skip(MAIN[head], NOW, "by me: no", "300"))

    def claim_all(self) -> None:
        """Claims for all that is undecided, more of them than are looked up: the last one is this run's own."""
        commits = self.world.undecided()
        padding = [f"0.1.{self.world.head - 1}.{number}" for number in range(1, 12)]
        places = [*([commits[0]] * 11), *commits][-len(commits) - 11 :] if commits else []
        versions = [*padding, *(f"0.1.{MAIN.index(commit) + 20}" for commit in commits)]
        for commit, version in zip(places, versions, strict=True):
            run = str(self.world.head) if commit == MAIN[self.world.head] else "8888"
            self.releases.append(Entry(version=version, commit=commit, state="claimed", at=NOW, run=run))

    def forge(self) -> None:
        """Change one thing."""
        ways = (self.append, self.append, self.insert, self.change, self.cut, self.skip, self.tag, self.delete_run)
        self.chance.choice((*ways, self.run_again, self.careful, self.dispatch, self.claim_all, self.give_up))()

    def append(self) -> None:
        self.releases.append(self.entry())

    def insert(self) -> None:
        self.releases.insert(self.chance.randrange(len(self.releases) + 1), self.entry())

    def change(self) -> None:
        false = self.entry()
        fields = self.chance.sample(["commit", "state", "run", "files", "at", "tag"], self.chance.randrange(1, 4))
        if self.releases:
            at = self.chance.randrange(len(self.releases))
            self.releases[at] = msgspec.structs.replace(self.releases[at], **{f: getattr(false, f) for f in fields})

    def cut(self) -> None:
        del self.releases[self.chance.randrange(len(self.releases) + 1) :]

    def skip(self) -> None:
        commit = self.chance.choice(MAIN[: self.world.head + 1])
        self.skips.append(Skip(commit, self.entry().at, "by me: no", self.chance.choice([*self.runs, GONE, ""])))

    def tag(self) -> None:
        self.tags.setdefault(f"v{self.entry().version}", self.chance.choice([*MAIN[: self.world.head + 1], STRAY]))

    def delete_run(self) -> None:
        self.runs.pop(self.chance.choice(list(self.runs)))

    def run_again(self) -> None:
        """It waits, for as long as one likes."""
        number = self.chance.choice(list(self.runs))
        self.runs[number] = msgspec.structs.replace(self.runs[number], ended_at=None)

    def give_up(self) -> None:
        if self.releases:
            self.releases[-1] = msgspec.structs.replace(self.releases[-1], state="given-up")


def verdict(world: World, forger: Forger) -> tuple[Ledger, Belief]:
    """What counts, for a runner that remembers nothing. Raises Held."""
    forged = Ledger(project="obk", releases=tuple(forger.releases), skips=tuple(forger.skips))
    read = ledgers.decode(ledgers.encode(forged), "obk")
    known = Evidence(
        repository="o/obk", workflow=PATH, main=MAIN[world.head], head=MAIN[world.head], outside=outside,
        tags=forger.tags, listing=world.listing, run=str(world.head), now=NOW, lease=LEASE,
    )  # fmt: skip
    while not isinstance(step := next_step(read, known), Belief):
        match step:
            case LookUpRuns(numbers):
                found = {number: forger.runs.get(number) for number in numbers}
                known = msgspec.structs.replace(known, runs={**known.runs, **found})
            case LookUpCommits(commits):
                known = msgspec.structs.replace(
                    known, of_commit={c: tuple(r for r in forger.runs.values() if r.commit == c) for c in commits}
                )
            case ReadDeclared(commit):
                known = msgspec.structs.replace(known, declared={**known.declared, commit: "0.1.0"})
    counting = believed(read, step, NOW, "9")
    if wrong := conflicts(counting, world.listing, forger.tags, outside):
        raise Held("ledger-disagrees", "; ".join(wrong))
    return counting, step


def sent(world: World, counting: Ledger, belief: Belief, forger: Forger) -> list[tuple[Entry, Distribution]]:
    """What deploy would send: bytes that build finds in a run's artifact, or builds again and finds equal."""
    wanted = [
        (entry, file)
        for entry in counting.releases
        if entry.state == "uploading"
        for file in entry.files
        if world.listing.presence(file) != "same"
    ]
    found = []
    for entry, file in wanted:
        artifact = () if entry.version in belief.unsourced or entry.run not in forger.runs else _artifact(world, entry)
        if file in {*artifact, *built(entry.commit, entry.version)}:
            found.append((entry, file))
    return found


def _artifact(world: World, entry: Entry) -> tuple[Distribution, ...]:
    """What the run has handed on, which nobody can change."""
    if entry.run == STRANGER:
        return evil(entry.version)
    return tuple(file for real in world.releases if real.run == entry.run for file in real.files)


def judge(seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311
    world = World(chance)
    forger = Forger(world)
    for _ in range(chance.randrange(1, 4)):
        forger.forge()
    try:
        counting, belief = verdict(world, forger)
    except Held as held:
        return held.code
    # An untagged half release that is taken out is not told from someone else's: docs/security.md says so.
    bound = {entry.commit: entry.version for entry in world.releases if entry.tag}
    try:
        decided = decision(world, counting, belief)
    except Held as held:
        return held.code  # nothing is finished that its merges do not ask for
    for entry, file in sent(world, counting, belief, forger):
        if entry.version in decided.refuted:
            continue
        assert entry.commit in MAIN, (seed, entry)
        assert file in built(entry.commit, entry.version), (seed, entry)
        assert entry.commit in world.shipped or world.asked_for(entry.commit), (seed, entry)
        assert bound.get(entry.commit, entry.version) == entry.version, (seed, entry)
    _refuse_to_forget(seed, world, counting, decided)
    return "continues"


def decision(world: World, counting: Ledger, belief: Belief) -> ClaimDecision:
    """What decide makes of it. Raises Held.

    Who puts the missing tag of a release on a later commit moves where a project without a ledger begins:
    docs/security.md says so.
    """
    line = tuple(Commit(sha) for sha in reversed(MAIN[: world.head + 1]))
    known = ClaimFacts(
        project=ProjectFacts("obk", "0.1.0", "", "checklist", LEASE), commit=MAIN[world.head], trigger=Trigger(),
        run=str(world.head), now=NOW, first_parents=line, ledger=counting, tags=world.tags, listing=world.listing,
        void=tuple(belief.void), introduced=MAIN[1], policies=({}, {}),
    )  # fmt: skip
    while not isinstance(step := claim.judge(known), ClaimDecision):
        assert isinstance(step, LookUp)
        merges = tuple(
            Merged(commit, (Pull(1 + MAIN.index(commit.sha), "t", world.asks[commit.sha], (), "b", True, "a"),))
            for commit in step.commits
        )
        known = msgspec.structs.replace(known, merges=merges)
    return step


def _refuse_to_forget(seed: int, world: World, counting: Ledger, decided: ClaimDecision) -> None:
    if decided.decision.decision == "ship":  # and what holds is not in there
        assert "" not in [world.asks[sha] for sha in world.undecided()] or any(
            entry.commit in world.undecided() and entry.begun for entry in counting.releases
        ), (seed, counting)
    if decided.decision.decision != "skip":
        return  # all of it is in there, or a person is asked
    kept = [entry for entry in counting.releases if entry.version not in decided.refuted]
    covered = [entry for entry in kept if entry.commit in world.undecided()]
    if any(entry.state in {"uploading", "uploaded"} for entry in covered):
        return  # for a while: until its bytes are not found
    forgotten = [commit for commit in world.undecided() if world.asks[commit] != NO]
    assert not forgotten, (seed, forgotten, counting)


def test_no_forgery_is_believed_further_than_it_is_borne_out() -> None:
    seen: dict[str, int] = {}
    for seed in range(ROUNDS):
        code = judge(seed)
        seen[code] = seen.get(code, 0) + 1
    assert seen["continues"] > ROUNDS / 20
    assert seen.keys() >= {
        "ledger-unreadable", "ledger-foreign-files", "ledger-disorder", "ledger-foreign-run", "ledger-off-main",
        "ledger-leap", "ledger-behind",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("runs._not_of", iter(())),
        ("runs.by_its_run", True),
        ("runs.decided_by_hand", True),
        ("verdict._has_ended", False),
        ("verdict._to_confirm", []),
        ("claim.unsent", ()),
    ],
)
def test_without_its_guard_a_forgery_gets_through(name: str, without: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"mergeship.core.release.{name}", lambda *_: without)
    with pytest.raises(AssertionError, match=r"\(\d+, "):
        sum(len(judge(seed)) for seed in range(5000))
