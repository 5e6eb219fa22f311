"""What the forge starts by itself: checks of pull requests, and the pipeline after a merge, on the engine."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from mergeship.core import contexts
from mergeship.core import workflow as workflows
from mergeship.core.event import Note, Tell
from mergeship.core.result import Job
from mergeship.core.workflow import Workflow
from mergeship.errors import MergeshipError
from mergeship.rehearsal import events
from mergeship.rehearsal.origin import Merge
from mergeship.rehearsal.stage import Stage, give_secrets
from mergeship.world.forge.hosting import Proposal, Run

RUNS = 101
"""The first run's number that is not that of a merge."""


class Automation:
    """The workflows of one stage."""

    def __init__(self, stage: Stage, program: str, tell: Tell) -> None:
        self.stage = stage
        self.program = program
        self.tell = tell
        self.failed: list[MergeshipError] = []
        """What went wrong behind the scenes."""
        self._numbers = itertools.count(RUNS)

    def checks(self, number: int, checks: Workflow, action: str) -> list[Job]:
        """Run a workflow on what the merge of a pull request would give, and report each job."""
        hosting = self.stage.hosting
        proposal = hosting.proposals[number]
        self.tell(Note(f"pull request #{number} {action}: {checks.path} runs"))
        self.stage.origin.proposed(self.stage.origin.main(), proposal.head)
        return self._checked(proposal, checks, action)

    def _checked(self, proposal: Proposal, checks: Workflow, action: str) -> list[Job]:
        hosting = self.stage.hosting
        path = self.stage.box.work / checks.path
        names = contexts.by_run(path.read_text(encoding="utf-8"), checks.path)
        for name in names.values():
            hosting.report(proposal.head, name, "")
        event = events.pull_request(hosting, self.stage.forge, proposal, action)
        jobs = self.stage.run(self.program, checks, event, next(self._numbers), self.tell)
        for job in jobs:
            conclusion = {"passed": "success", "skipped": "skipped"}.get(job.status, "failure")
            hosting.report(proposal.head, names.get(job.name, job.name), conclusion)
        return jobs

    def pipeline(self, workflow: Workflow, merge: Merge) -> list[Job]:
        """Run the pipeline on a merge."""
        number = next(self._numbers)
        hosting = self.stage.hosting
        run = Run(
            number=number, workflow=workflow.path, event="push", branch="main", commit=merge.after,
            began=hosting.clock(),
        )  # fmt: skip
        hosting.runs.append(run)
        jobs = self.stage.run(
            self.program, workflow, events.pushed(hosting, self.stage.forge, merge), number, self.tell
        )
        run.conclusion = "failure" if any(job.status == "failed" for job in jobs) else "success"
        return jobs

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """While the block runs, workflows start by themselves, one after another, as on a single runner."""
        queue: SimpleQueue[tuple[str, str, Proposal] | None] = SimpleQueue()
        self.stage.hosting.on_event = lambda *happened: queue.put(happened)
        worker = threading.Thread(target=self._work, args=(queue,), name="automation", daemon=True)
        worker.start()
        try:
            yield
        finally:
            queue.put(None)
            worker.join()

    def _work(self, queue: "SimpleQueue[tuple[str, str, Proposal] | None]") -> None:
        while happened := queue.get():
            try:
                self._happened(*happened)
            except MergeshipError as error:
                self.failed.append(error)

    def _happened(self, event: str, action: str, proposal: Proposal) -> None:
        stage = self.stage
        if event == "pull_request":
            stage.origin.proposed(stage.origin.main(), proposal.head)
            if (checks := self._workflow(workflows.CHECKS)) and proposal.open:
                self._checked(proposal, checks, action)
            return
        after = proposal.brought[-1]
        merge = stage.origin.pulled(stage.hosting.bare.resolved(f"{after}^1"), after, proposal.title)
        if workflow := self._workflow(workflows.PATH):
            give_secrets(stage, workflow, made_up=False)
            self.pipeline(workflow, merge)

    def _workflow(self, name: str) -> Workflow | None:
        """A workflow of what is checked out."""
        path = self.stage.box.work / name
        return workflows.read(path.read_text(encoding="utf-8"), name) if path.is_file() else None
