"""act: runs a workflow file on this host, and its log becomes events."""

import os
import re
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mergeship.core.progress import TAIL, JobEnded, JobStarted, Reporter, StepEnded, StepSaid, StepStarted
from mergeship.core.result import Job
from mergeship.core.text import plain
from mergeship.core.workflow import Workflow
from mergeship.errors import Failed
from mergeship.process import end_group, started
from mergeship.rehearsal.sandbox import Sandbox
from mergeship.rehearsal.stand_ins import stand_ins

GRACE = 5.0  # seconds that act has to end its steps
_NOT_FETCHED = re.compile(r'failed to fetch "https?://[^/"]+/([^"]+)" version "([^"]+)"')


class Line(msgspec.Struct):
    """The fields of act's JSON log that matter here."""

    msg: str = ""
    level: str = "info"
    jobID: str = ""  # noqa: N815 - act's spelling
    matrix: dict[str, Any] | None = None
    step: str = ""
    stage: str = ""
    stepID: list[str] = []  # noqa: N815
    stepResult: str = ""  # noqa: N815
    jobResult: str = ""  # noqa: N815
    raw_output: bool = False
    executionTime: int = 0  # noqa: N815 - nanoseconds


def find_act(path: str) -> str:
    """The act of this environment, else the one on `path`. Raises Failed when there is none."""
    own = str(Path(sys.executable).parent)
    act = shutil.which("act", path=os.pathsep.join([own, path]))
    if not act:
        raise Failed(
            "no-act",
            "act is not installed, and it is what runs workflow files in a rehearsal",
            hint="pip install 'mergeship[rehearse]', or put act on PATH (nektosact.com)",
        )
    return act


def command(act: str, workflow: Workflow, box: Sandbox, env: Mapping[str, str], event: str = "push") -> list[str]:
    """Act's command line for an event of that name. `env` is given to every step; secrets come only from a file.

    act itself has to run in another folder than the project: there it would read `.actrc`, and the project's
    `.env`, `.vars` and `.input` are replaced by nothing, as GitHub reads none of them.
    """
    arguments = [act, event, "--json", "--directory", str(box.work), "--workflows", str(box.work / workflow.path)]
    arguments += ["--eventpath", str(box.event), "--secret-file", str(box.secrets)]
    for option in ("--env-file", "--var-file", "--input-file"):
        arguments += [option, str(box.nothing)]
    arguments += ["--concurrent-jobs", "1", "--no-cache-server"]
    arguments += ["--artifact-server-addr", "127.0.0.1", "--cache-server-addr", "127.0.0.1"]
    for label in dict.fromkeys((*workflow.labels, "self-hosted")):
        arguments += ["--platform", f"{label}=-self-hosted"]
    for action, folder in stand_ins(workflow.uses).items():
        arguments += ["--local-repository", f"{action}={folder}"]
    for name, value in env.items():
        arguments += ["--env", f"{name}={value}"]
    return arguments


def perform(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str], workflow: Workflow, merge: int, report: Reporter
) -> list[Job]:
    """Run act to its end and give every job of the workflow back, those that never began as skipped.

    Raises Failed when act itself fails, or cannot fetch an action.
    """
    log = Log(merge, report)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with started(arguments, cwd=cwd, env=env, stderr=errors) as process:
            try:
                for text in process.stdout or ():
                    log.read(text)
                status = process.wait()
            except BaseException:
                end_group(process, GRACE)
                raise
        errors.seek(0)
        lines = errors.read().splitlines()
    if log.not_fetched:
        raise Failed(
            "action-not-fetched",
            f"{workflow.path} uses {', '.join(log.not_fetched)}, which cannot be fetched here",
            hint="rehearse with network access, or take that step out for the rehearsal",
        )
    if status and not any(job.status == "failed" for job in log.jobs):
        raise Failed(
            "engine-failed",
            f"act ended with status {status}",
            hint="see its output above, and correct what it names",
            detail="\n".join([*log.strange, *lines][-TAIL:]),
        )
    ran = {job.name.partition(" ")[0] for job in log.jobs}
    skipped = [Job(merge, name, "skipped", 0.0) for name in workflow.jobs if name not in ran]
    return [*log.jobs, *skipped]


class Log:
    """act's log, line by line: reported as events, and kept as jobs."""

    def __init__(self, merge: int, report: Reporter) -> None:
        self.merge = merge
        self.report = report
        self.jobs: list[Job] = []
        self.not_fetched: list[str] = []
        self.strange: list[str] = []
        self._began: dict[str, float] = {}
        self._tails: dict[str, deque[str]] = {}
        self._failed: dict[str, str] = {}
        """The step of each job that failed first."""
        self._ending: dict[str, StepEnded] = {}
        """Failed steps whose last words are still to come: act writes them after their end."""

    def read(self, text: str) -> None:
        """Take one line of the log."""
        try:
            line = msgspec.json.decode(text, type=Line)
        except msgspec.DecodeError:
            self.strange.append(plain(text))
            return
        if not line.jobID:
            self.strange.append(plain(line.msg))
            return
        job = line.jobID
        if line.matrix:
            job += f" ({', '.join(str(value) for value in line.matrix.values())})"
        if job not in self._began:
            self._began[job] = time.monotonic()
            self.report(JobStarted(job))
        self._step(job, line)
        if line.jobResult:
            self._end(job, passed=line.jobResult == "success")

    def _step(self, job: str, line: Line) -> None:
        step = plain(line.step).strip().partition("\n")[0]
        outermost = len(line.stepID) <= 1
        if line.raw_output or line.level == "error":
            self._said(job, step, plain(line.msg))
            missing = _NOT_FETCHED.search(line.msg)
            if missing and not line.raw_output:
                self.not_fetched.append(f"{missing[1]}@{missing[2]}")
        if job in self._ending and (self._ending[job].step != step or line.jobResult):
            self._end_step(job)
        if line.stage == "Main" and outermost and line.msg.startswith("⭐"):
            if job not in self._failed:
                self._tails[job] = deque(maxlen=TAIL)
            self.report(StepStarted(job, step))
        elif line.stepResult and outermost and (line.stage == "Main" or line.stepResult != "success"):
            ended = StepEnded(job, step, line.stepResult == "success", round(line.executionTime / 1e9, 3))
            self._ending[job] = ended
            if ended.passed:
                self._end_step(job)
            else:
                self._failed.setdefault(job, step)

    def _said(self, job: str, step: str, text: str) -> None:
        """Keep a line of output; once a step has failed, what later steps say is reported but not kept."""
        if job not in self._failed or job in self._ending:
            self._tails.setdefault(job, deque(maxlen=TAIL)).append(text)
        self.report(StepSaid(job, step, text))

    def _end_step(self, job: str) -> None:
        ended = self._ending.pop(job, None)
        if ended:
            self.report(ended)

    def _end(self, job: str, *, passed: bool) -> None:
        seconds = round(time.monotonic() - self._began[job], 3)
        if passed:
            self.jobs.append(Job(self.merge, job, "passed", seconds))
        else:
            tail = tuple(self._tails.get(job, ()))
            self.jobs.append(Job(self.merge, job, "failed", seconds, self._failed.get(job, ""), tail))
        self.report(JobEnded(job, passed, seconds))
