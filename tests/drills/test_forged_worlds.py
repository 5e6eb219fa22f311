"""Random forgeries of ledger, tags and runs, end to end: whatever a writer does, no foreign byte ships."""

import hashlib
import os
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from mergeship.commands.decide import Decided, decide
from mergeship.commands.deploy import deploy
from mergeship.core import distribution
from mergeship.core.distribution import MANIFEST, UNFINISHED, Distribution, Manifest
from mergeship.core.release.ledger import REF, Entry, Ledger, Skip
from mergeship.core.workflow import PATH
from mergeship.drills.env import NO_SHIP, SHIP, DrillEnv, pipeline
from mergeship.errors import MergeshipError
from mergeship.world.forge.records import Run
from tests.archives import wheel
from tests.testbeds import drill_env

WORLDS = 300 if os.environ.get("MERGESHIP_SOAK") else 2
STATES: tuple[Any, ...] = ("claimed", "uploading", "uploaded", "proven", "released", "given-up")
pytestmark = pytest.mark.network
VERDICTS = {
    "ledger-foreign-run", "ledger-foreign-files", "ledger-leap", "ledger-disorder", "ledger-off-main", "ledger-behind",
    "ledger-disagrees",
}  # fmt: skip


def evil(version: str) -> tuple[str, bytes]:
    return f"obk-{version}-py3-none-any.whl", wheel("obk", version, {"obk/__init__.py": "evil = True\n"})


def evil_file(version: str) -> Distribution:
    name, content = evil(version)
    return Distribution(name, len(content), hashlib.sha256(content).hexdigest())


class Forger:
    """Someone with write access, and a bad mood."""

    def __init__(self, play: DrillEnv, random: Random) -> None:
        self.play = play
        self.random = random
        self.known = play.ledger
        play.runner.at(play.main)
        branch = play.commit(play.main, {"src/obk/evil.py": "x = 1\n"}, "feat: mine")
        play.bare.git("update-ref", "refs/heads/mine", branch)
        line = play.bare.git("rev-list", "--first-parent", "main").split()
        self.commits = [*line, branch, "f" * 40]
        jobs = dict.fromkeys(("Test", "Decide", "Build", "Deploy"), "success")
        runs = play.testbed.repo.runs
        for number, commit, where in ((666, branch, "mine"), (667, play.main, "mine"), (668, line[-1], "main")):
            runs.append(
                Run(number=number, workflow=PATH, event="push", branch=where, commit=commit,
                    began=play.testbed.repo.clock(), conclusion="success", jobs=dict(jobs))
            )  # fmt: skip
        self.runs = ["", "999", *(str(run.number) for run in runs)]

    def files(self, version: str, known: Ledger) -> tuple[Distribution, ...]:
        borrowed = [entry.files for entry in known.releases if entry.files]
        return self.random.choice([(evil_file(version),), (evil_file("9.9.9"),), (), *borrowed])

    def entry(self, known: Ledger) -> Entry:
        version = self.random.choice(["0.1.2", "0.1.3", "0.1.9", "5.0.0", "0.1.0"])
        state = self.random.choice(STATES)
        files = self.files(version, known)
        at = known.releases[-1].at if known.releases else self.play.testbed.repo.clock()
        return Entry(
            version=version, commit=self.random.choice(self.commits), state=state, at=at, began=at, files=files,
            run=self.random.choice(self.runs), tag=self.random.choice(["", "created", "refused"]),
        )  # fmt: skip

    def forge(self) -> None:
        """One change of something that anyone with write access can change."""
        play = self.play
        with suppress(MergeshipError):  # after a forgery that nobody can read
            self.known = play.ledger
        known = self.known
        kind = self.random.choice(("add", "add", "edit", "remove", "skip", "back", "tag", "run", "memory"))
        if kind == "add":
            self.put(msgspec.structs.replace(known, releases=(*known.releases, self.entry(known))))
        elif kind == "edit" and known.releases:
            old = self.random.choice(known.releases)
            field = self.random.choice(("state", "commit", "run", "files", "version"))
            new = msgspec.structs.replace(old, **{field: getattr(self.entry(known), field)})
            self.put(msgspec.structs.replace(known, releases=tuple(new if e == old else e for e in known.releases)))
        elif kind == "remove" and known.releases:
            self.put(
                msgspec.structs.replace(known, releases=known.releases[: self.random.randrange(len(known.releases))])
            )
        elif kind == "skip":
            at = known.releases[-1].at if known.releases else play.testbed.repo.clock()
            skip = Skip(self.random.choice(self.commits), at, "by maintainer: no", self.random.choice(self.runs))
            self.put(msgspec.structs.replace(known, skips=(*known.skips, skip)))
        elif kind == "back":
            commits = play.bare.git("for-each-ref", "--format=%(objectname)", REF).split()
            older = play.bare.git("rev-list", "--first-parent", *commits).split() if commits else []
            if older:
                play.bare.git("update-ref", REF, self.random.choice(older))
        elif kind == "tag":
            commit = self.random.choice(self.commits[:-1])
            play.bare.git("update-ref", f"refs/tags/v{self.random.choice(['0.1.1', '0.1.2', '0.2.0'])}", commit)
        elif kind == "run":
            runs = play.testbed.repo.runs
            runs.remove(self.random.choice(runs))
        else:
            shutil.rmtree(play.runner.state, ignore_errors=True)

    def put(self, ledger: Ledger) -> None:
        self.play.testbed.origin.put_ledger(ledger, "a forgery")


class World:
    """A project on a runner, and what was really built for it."""

    def __init__(self, play: DrillEnv) -> None:
        self.play = play
        self.built: set[tuple[str, str]] = set()
        self.number = 0

    def given(self, deadline: float) -> tuple[dict[str, str], tuple[str, ...]]:
        self.play.runner.at(self.play.main)
        self.number += 1
        settings = self.play.testbed.box.env["MERGESHIP_SET"]
        environ = self.play.runner.env(str(self.number), self.play.push, MERGESHIP_SET=settings)
        return environ, (*settings.splitlines(), "forge.deadline=5", f"index.deadline={deadline}")

    def run(self, deadline: float = 1) -> str:
        """All jobs of a run on main; the code of what ended it, empty for nothing."""
        environ, settings = self.given(deadline)
        folder, out = self.play.runner.folder, self.play.runner.dist
        try:
            decided = decide(folder, environ, lambda _: None, settings)
            if decided.error and not decided.unfinished:
                return decided.error.code
            self.build(decided, out)
            deploy(folder, environ, lambda _: None, settings, out=out)
        except MergeshipError as error:
            return error.code
        return ""

    def build(self, decided: Decided, out: Path) -> None:
        """The build of main, and what a download of a stranger's artifact brings beside it."""
        begun = {entry.version for entry in decided.unfinished}
        if decided.version and decided.version not in begun:
            self.play.put_built(decided.version, self.play.main)
            manifest = distribution.decode((out / MANIFEST).read_bytes())
            self.built |= {(file.name, file.sha256) for file in manifest.files}
        for entry in decided.unfinished:
            target = out / UNFINISHED / entry.version
            target.mkdir(parents=True)
            found = entry.run and all(file == evil_file(entry.version) for file in entry.files)
            if found:
                name, content = evil(entry.version)
                (target / name).write_bytes(content)
            lost = "" if found else "building it again gives others"
            kept = entry.files if found else ()
            text = distribution.encode(Manifest("obk", entry.version, entry.commit, kept, lost=lost))
            (target / MANIFEST).write_text(text)

    @property
    def foreign(self) -> set[tuple[str, str]]:
        """What is on the index, and was not built from main by main's own run."""
        projects = self.play.testbed.catalog.projects.values()
        return {(name, file.sha256) for project in projects for name, file in project.files.items()} - self.built


def test_no_forgery_has_anything_published(wheel_cache: Path) -> None:
    """T1 to T4: 300 in `make soak`, where every verdict occurs; each world ends with its release or with a reason."""
    seen: Counter[str] = Counter()
    for seed in range(WORLDS):
        random = Random(seed)  # noqa: S311 - no secrets
        with drill_env(wheel_cache) as play:
            world = World(play)
            play.merged(changes={PATH: pipeline()})
            assert world.run(deadline=60) == ""  # however busy the machine is
            for _ in range(random.randint(0, 2)):
                play.merged(random.choice((SHIP, NO_SHIP)))
                if random.random() < 0.5:
                    world.run()
            forger = Forger(play, random)
            for _ in range(random.randint(1, 3)):
                forger.forge()
            for _ in range(2):
                seen[world.run()] += 1
                assert not world.foreign, f"world {seed}: {world.foreign}"
    assert sum(seen.values()) == 2 * WORLDS
    if WORLDS > 100:
        assert set(seen) >= VERDICTS, f"never seen: {VERDICTS - set(seen)}"
