"""A runner of a drill: a machine with a checkout and a state of its own, which calls the installed command."""

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mergeship.adapters.git import Repository
from mergeship.core.workflow import PATH
from mergeship.drills import launch
from mergeship.drills.fork_server import ForkServer
from mergeship.process import ProcessFailed, output
from mergeship.rehearsal.testbed import Testbed
from mergeship.world.forge.records import Run


class Ran(msgspec.Struct, frozen=True):
    """What a command ended with."""

    status: int
    document: dict[str, Any]
    output: str
    """Everything that it wrote."""
    seconds: float

    @property
    def code(self) -> str:
        """The error's code; empty for none."""
        error = self.document.get("error") or {}
        return str(error.get("code", ""))

    @property
    def message(self) -> str:
        """What it says for itself, in one line."""
        error = self.document.get("error")
        if error:
            return f"{error['code']}: {error['message']}"
        return str(self.document.get("decision") or f"status {self.status}")


class Runner:
    """One runner. What it does is done by the command that a user has, with `--json`."""

    def __init__(self, testbed: Testbed, name: str = "runner", *, server: ForkServer | None = None) -> None:
        self.testbed = testbed
        self.server = server
        """Where its commands run, if a new process for each would take too long."""
        self.in_job = True
        """Whether its commands are steps of a job, which work in clean rooms."""
        self.home = testbed.box.root / "runners" / name
        self.folder = self.home / "work"
        self.dist = self.folder / "dist"
        self.state = self.home / "state"
        self.home.mkdir(parents=True)
        testbed.origin.bare.git("clone", "--quiet", "--template=", str(testbed.box.origin), str(self.folder))
        self.repository = Repository(self.folder, testbed.box.env)
        self.repository.git("remote", "set-url", "origin", f"{testbed.forge}/{testbed.repo.name}.git")

    def at(self, commit: str) -> None:
        """Check a commit out, in a clean workspace."""
        self.repository.git("fetch", "--quiet", "--no-tags", str(self.testbed.box.origin), "refs/heads/main")
        self.repository.git("checkout", "--quiet", "--force", "--detach", commit)
        shutil.rmtree(self.dist, ignore_errors=True)

    def command(self, preload: str = "") -> list[str]:
        """What starts the installed command, with a drill's fault in its process if there is one."""
        if not preload:
            return [str(self.testbed.box.command)]
        path = self.home / "preload.py"
        path.write_text(f"{preload}\n", encoding="utf-8")
        return [*launch.command(path)]

    def env(self, run: str = "1", event: Mapping[str, Any] | None = None, **more: str) -> dict[str, str]:
        """The environment of one step."""
        by_hand = event is not None and "inputs" in event
        number = self._recorded(run, "workflow_dispatch" if by_hand else "push")
        env = self.testbed.box.env | self.testbed.variables
        env |= {"XDG_STATE_HOME": str(self.state), "GITHUB_RUN_ID": number, "GITHUB_REF": "refs/heads/main"}
        env |= {"GITHUB_ACTIONS": "true", "GITHUB_SHA": self.repository.head()} if self.in_job else {}
        env |= {"GITHUB_TOKEN": self.testbed.token, "PYPI_API_TOKEN": self.testbed.catalog.token}
        if event is not None:
            path = self.home / f"event-{run}.json"
            path.write_bytes(msgspec.json.encode(event))
            env |= {
                "GITHUB_EVENT_PATH": str(path),
                "GITHUB_EVENT_NAME": "workflow_dispatch" if by_hand else "push",
            }
        return {**env, **more}

    def _recorded(self, run: str, event: str) -> str:
        """The number of that run on what is checked out, which the forge knows: one for each commit and event."""
        repo, commit = self.testbed.repo, self.repository.head()
        number = int(hashlib.sha256(f"{run} {commit} {event}".encode()).hexdigest()[:8], 16)
        if all(known.number != number for known in repo.runs):
            begun = ("Decide",) if event == "workflow_dispatch" else ("Decide", "Build", "Deploy", "Sync")
            jobs = {"Test": "success", **dict.fromkeys(begun, "in_progress")}
            began = repo.clock()
            repo.runs.append(
                Run(number=number, workflow=PATH, event=event, branch="main", commit=commit, began=began, jobs=jobs)
            )
        return str(number)

    def shown(self, *words: str, event: Mapping[str, Any] | None = None, preload: str = "") -> str:
        """What a command shows to a person who looks at the log of a job."""
        env = self.env("1", event, GITHUB_STEP_SUMMARY=str(self.home / "summary"))
        _, output = _run([*self.command(preload), *words, "."], self.folder, env)
        return output

    def call(
        self,
        *words: str,
        run: str = "1",
        event: Mapping[str, Any] | None = None,
        preload: str = "",
        settings: Sequence[str] = (),
        more: Mapping[str, str] = {},
        options: Sequence[str] = (),
    ) -> Ran:
        """Call the command, to its end."""
        chosen = [word for setting in settings for word in ("--set", setting)]
        line = [*words, ".", "--json", *chosen, *options]
        env = self.env(run, event, **more)
        started = next(known for known in self.testbed.repo.runs if str(known.number) == env["GITHUB_RUN_ID"])
        if words[0] in {"build", "deploy"}:  # of a person's decision it is not known before
            decided = {"Decide": "success"} if started.jobs.get("Decide") == "in_progress" else {}
            started.jobs = {**started.jobs, **decided, words[0].capitalize(): "in_progress"}
        began = time.monotonic()
        if self.server:
            status, output = self.server.run(line, self.folder, env, preload)
        else:
            status, output = _run([*self.command(preload), *line], self.folder, env)
        document = _document(output)
        if words[0] == "decide":
            self.decided(
                env["GITHUB_RUN_ID"], str(document.get("decision", "")), finishes=bool(document.get("unfinished"))
            )
        return Ran(status, document, output, round(time.monotonic() - began, 3))

    def decided(self, number: str, decision: str, *, finishes: bool) -> None:
        """Record how the job Decide of a run has ended, and that the later ones are skipped if nothing ships."""
        run = next(known for known in self.testbed.repo.runs if str(known.number) == number)
        if run.jobs.get("Decide") != "success":  # no later attempt takes that back
            run.jobs = {**run.jobs, "Decide": "success" if decision in {"ship", "skip"} else "failure"}
        if decision == "skip" and not finishes:
            run.jobs = {**run.jobs, "Build": "skipped", "Deploy": "skipped"}


def _run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str]:
    try:
        return 0, output(command, cwd=cwd, env=env)
    except ProcessFailed as error:
        return error.status, error.output


def _document(output: str) -> dict[str, Any]:
    """The JSON document in what a command wrote; its standard output comes first."""
    start = output.find("{\n")
    end = output.find("\n}\n", start)
    if start < 0 or end < 0:
        return {}
    document: dict[str, Any] = msgspec.json.decode(output[start : end + 2])
    return document
