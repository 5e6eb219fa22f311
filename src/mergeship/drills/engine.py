"""Drills of the whole pipeline: the project's workflow file itself, on the engine."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mergeship.core import workflow as workflows
from mergeship.core.progress import Event, StepSaid
from mergeship.core.result import Job
from mergeship.core.workflow import Workflow
from mergeship.drills import launch
from mergeship.drills.drill import Drill
from mergeship.drills.env import NO_SHIP, SHIP, DrillEnv, DrillSession, demand
from mergeship.rehearsal import engine
from mergeship.rehearsal.origin import Merge, change
from mergeship.rehearsal.run_rehearsal import pipeline
from mergeship.rehearsal.testbed import give_secrets
from mergeship.world.fault import Fault

BROKEN = '''\
"""A build backend that fails only when it is asked for distributions; `mergeship rehearse --drill build-failure`."""
from {real} import *
def build_sdist(*_, **__):
    raise SystemExit("the drill breaks the build here")
'''


class Played(msgspec.Struct, frozen=True):
    """A drill whose workflow runs on the engine."""

    drill: DrillEnv
    workflow: Workflow
    program: str
    log: list[str]
    """Every line that a step wrote."""

    def merged(self, number: int, body: str = SHIP, prepare: Callable[[Path], None] | None = None) -> Merge:
        """Merge a change of the working tree by a pull request."""
        testbed = self.drill.testbed
        branch, title = f"feature/played-{number}", f"feat: play {number}"
        if number > 1:
            testbed.origin.begin(branch)
        change(testbed.box.work, testbed.project, number)
        if prepare:
            prepare(testbed.box.work)
        testbed.origin.submit(branch, title)
        before = testbed.origin.main()
        pull_request = testbed.repo.propose(branch, title, body)
        return testbed.origin.pulled(before, testbed.repo.merge(pull_request.number), title)

    def run(self, merge: Merge, number: int) -> dict[str, str]:
        """Run the workflow on a merge; each job with its status."""

        def report(event: Event) -> None:
            if isinstance(event, StepSaid):
                self.log.append(event.line)

        jobs: list[Job] = self.drill.testbed.act(self.program, self.workflow, merge, number, report)
        return {job.name: job.status for job in jobs}


@contextmanager
def played(session: DrillSession) -> Iterator[Played]:
    """A drill with the project's workflow in it, or with the one that init writes."""
    with session.env() as drill:
        box = drill.testbed.box
        if session.preload:
            path = box.root / "preload.py"
            path.write_text(session.preload, encoding="utf-8")
            box.install(*launch.command(path))
        drill.testbed.origin.begin("feature/played-1")
        workflow = pipeline(workflows.PATH, box, lambda _: None)
        give_secrets(drill.testbed, workflow)
        yield Played(drill, workflow, engine.find_act(box.env["PATH"]), [])


def statuses(*wanted: str) -> dict[str, str]:
    """The jobs in their order, with a status each; `sync` runs after a deploy, and if there was nothing to ship."""
    quiet = wanted == ("passed", "passed", "skipped", "skipped")
    sync = "passed" if wanted[-1] == "passed" or quiet else "skipped"
    return dict(zip(("test", "decide", "build", "deploy", "sync"), (*wanted, sync), strict=True))


def _second_merge(session: DrillSession) -> str:
    with played(session) as play:
        for number in (1, 2):
            jobs = play.run(play.merged(number), number)
            demand(jobs == statuses(*["passed"] * 4), f"merge {number}: {jobs}")
        versions = [entry.version for entry in play.drill.ledger.releases]
        demand(len(set(versions)) == 2, f"released: {versions}")  # noqa: PLR2004 - one for each merge
        play.drill.complete(*versions)
        return f"{versions[0]}, then {versions[1]}, with nothing committed back in between"


def _non_deployment(session: DrillSession) -> str:
    with played(session) as play:
        jobs = play.run(play.merged(1, NO_SHIP), 1)
        demand(jobs == statuses("passed", "passed", "skipped", "skipped"), f"{jobs}")
        demand(not play.drill.ledger.releases and not play.drill.uploads, "something was claimed or sent")
        return "tested, decided to skip, nothing built or claimed"


def _test_failure(session: DrillSession) -> str:
    with played(session) as play:
        play.drill.testbed.box.env["MERGESHIP_SET"] += "\ntest.command=python -c 'raise SystemExit(1)'"
        jobs = play.run(play.merged(1), 1)
        demand(jobs == statuses("failed", "skipped", "skipped", "skipped"), f"{jobs}")
        demand(not play.drill.ledger.releases and not play.drill.uploads, "something was claimed or sent")
        return "the tests failed, and nothing was decided, built or sent"


def _build_failure(session: DrillSession) -> str:
    with played(session) as play:
        jobs = play.run(play.merged(1, SHIP, _break_backend), 1)
        demand(jobs == statuses("passed", "passed", "failed", "skipped"), f"{jobs}")
        demand(any("the drill breaks the build here" in line for line in play.log), "the backend's words are lost")
        demand(not play.drill.uploads, "something was sent")
        claimed = play.drill.ledger.releases[-1]
        demand(claimed.state == "claimed", f"{claimed.version} is {claimed.state}")
        return f"the build failed; {claimed.version} stays claimed, nothing was sent"


def _break_backend(work: Path) -> None:
    _own_backend(work, BROKEN)


def _own_backend(work: Path, code: str) -> None:
    """Put a backend of the drill's own around the project's."""
    path = work / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    match = re.search(r"^build-backend\s*=\s*[\"']([\w.]+)[\"'].*$", text, re.MULTILINE)
    line = 'build-backend = "drill_backend"\nbackend-path = ["."]'
    bare = f'{text}\n[build-system]\nrequires = ["setuptools"]\n{line}\n'
    text = text.replace(match[0], line) if match else bare
    real = match[1] if match else "setuptools.build_meta"
    path.write_text(text, encoding="utf-8")
    (work / "drill_backend.py").write_text(code.format(real=real), encoding="utf-8")


def _dirty(session: DrillSession) -> str:
    with played(session) as play:
        merge = play.merged(1)
        box = play.drill.testbed.box
        litter = {"dist/evil-9.9-py3-none-any.whl": "evil", "build/lib/evil.py": "evil = 1", "earlier/x": "x"}
        for name, text in litter.items():
            path = box.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        reaches = not _is_ignored(play, next(iter(litter)))  # the engine leaves ignored files behind, as `clean` does
        jobs = play.run(merge, 1)
        sent = list(play.drill.published)
        demand(not any("evil" in name for name in sent), f"the index has {sent}")
        if reaches:
            demand(jobs["build"] == "failed" and any("strange-files" in line for line in play.log), f"{jobs}")
            return "left by an earlier job, reported and refused; nothing was sent"
        demand(jobs == statuses(*["passed"] * 4), f"{jobs}")
        return f"left by an earlier job, not taken along: {', '.join(sent)}"


def _late_proof(session: DrillSession) -> str:
    with played(session) as play:
        drill = play.drill
        drill.testbed.box.env["MERGESHIP_SET"] += "\nindex.deadline=1.5"
        drill.testbed.catalog.shown = {}
        jobs = play.run(play.merged(1), 1)
        (first,) = drill.ledger.releases
        demand(jobs["deploy"] == "failed" and first.state == "uploaded", f"{jobs}, {first.state}")
        drill.testbed.catalog.shown = None
        jobs = play.run(play.merged(2, NO_SHIP), 2)
        demand(jobs == statuses(*["passed"] * 4), f"the next run: {jobs}")
        drill.complete(first.version)
        return f"{first.version} not listed in time; a run that ships nothing new proved it"


def _lost_runner(session: DrillSession) -> str:
    """The only machine with the bytes is gone, and what it built cannot be built equal again."""
    with played(session) as play:
        drill = play.drill
        drill.testbed.box.env["MERGESHIP_SET"] += "\nindex.deadline=1.5"
        drill.testbed.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 30
        jobs = play.run(play.merged(1, SHIP, _never_equal), 1)
        demand(jobs["deploy"] == "failed" and len(drill.published) == 1, f"the set-up: {jobs}, {drill.published}")
        drill.testbed.catalog.faults.clear()
        shutil.rmtree(drill.testbed.box.root / "home" / ".local" / "state")
        jobs = play.run(play.merged(2), 2)
        demand(jobs == statuses(*["passed"] * 4), f"{jobs}")
        versions = [entry.version for entry in drill.ledger.releases]
        drill.complete(*versions)
        return f"{versions[0]} finished with the bytes of its own run's artifact, then {versions[1]}"


def _never_equal(work: Path) -> None:
    """An sdist whose bytes are others each time."""
    backend = """\
from {real} import *
from {real} import build_sdist as real
import os, pathlib
def build_sdist(folder, *rest, **named):
    name = real(folder, *rest, **named)
    path = pathlib.Path(folder, name)
    import gzip
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=int.from_bytes(os.urandom(3), "big")))
    return name
"""
    _own_backend(work, backend)


def _is_ignored(play: Played, name: str) -> bool:
    shown = play.drill.testbed.origin.work.git(
        "status", "--porcelain", "--ignored", "--untracked-files=all", "--", name
    )
    return shown.startswith("!!")


DRILLS = (
    Drill("late-proof", "pages lag, then a merge that ships nothing", "red; the next run proves it", _late_proof),
    Drill("second-merge", "a second merge, with nothing committed back", "a second version", _second_merge),
    Drill("non-deployment", "a merge that says Non-deployment PR", "green, and nothing built", _non_deployment),
    Drill("test-failure", "failing tests", "everything behind them is skipped", _test_failure),
    Drill("build-failure", "a build backend that fails", "its words are reported, nothing is sent", _build_failure),
    Drill(
        "lost-runner", "the runner is gone, half of a release is up", "finished with its artifact's bytes", _lost_runner
    ),
    Drill("dirty-workspace", "distributions left by an earlier job", "they are not sent", _dirty),
)
