"""What the forge starts by itself: checks of pull requests, and the pipeline after a merge, on the engine."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from mergeship.core import contexts
from mergeship.core import workflow as workflows
from mergeship.core.progress import Note, Reporter
from mergeship.core.result import Job
from mergeship.core.workflow import Workflow
from mergeship.errors import MergeshipError
from mergeship.rehearsal import events
from mergeship.rehearsal.origin import Merge
from mergeship.rehearsal.testbed import Testbed, give_secrets
from mergeship.world.forge.fake_repository import PullRequest, Run

RUNS = 101
"""The first run's number that is not that of a merge."""


class Automation:
    """The workflows of one testbed."""

    def __init__(self, testbed: Testbed, program: str, report: Reporter) -> None:
        self.testbed = testbed
        self.program = program
        self.report = report
        self.failed: list[MergeshipError] = []
        """What went wrong behind the scenes."""
        self._numbers = itertools.count(RUNS)

    def checks(self, number: int, checks: Workflow, action: str) -> list[Job]:
        """Run a workflow on what the merge of a pull request would give, and report each job."""
        repo = self.testbed.repo
        pull_request = repo.pull_requests[number]
        self.report(Note(f"pull request #{number} {action}: {checks.path} runs"))
        self.testbed.origin.proposed(self.testbed.origin.main(), pull_request.head)
        return self._checked(pull_request, checks, action)

    def _checked(self, pull_request: PullRequest, checks: Workflow, action: str) -> list[Job]:
        repo = self.testbed.repo
        path = self.testbed.box.work / checks.path
        names = contexts.by_run(path.read_text(encoding="utf-8"), checks.path)
        for name in names.values():
            repo.report(pull_request.head, name, "")
        event = events.pull_request(repo, self.testbed.forge, pull_request, action)
        jobs = self.testbed.run(self.program, checks, event, next(self._numbers), self.report)
        for job in jobs:
            conclusion = {"passed": "success", "skipped": "skipped"}.get(job.status, "failure")
            repo.report(pull_request.head, names.get(job.name, job.name), conclusion)
        return jobs

    def pipeline(self, workflow: Workflow, merge: Merge) -> list[Job]:
        """Run the pipeline on a merge."""
        number = next(self._numbers)
        repo = self.testbed.repo
        run = Run(
            number=number, workflow=workflow.path, event="push", branch="main", commit=merge.after,
            began=repo.clock(),
        )  # fmt: skip
        repo.runs.append(run)
        jobs = self.testbed.run(
            self.program, workflow, events.pushed(repo, self.testbed.forge, merge), number, self.report
        )
        run.conclusion = "failure" if any(job.status == "failed" for job in jobs) else "success"
        return jobs

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """While the block runs, workflows start by themselves, one after another, as on a single runner."""
        queue: SimpleQueue[tuple[str, str, PullRequest] | None] = SimpleQueue()
        self.testbed.repo.on_event = lambda *happened: queue.put(happened)
        worker = threading.Thread(target=self._work, args=(queue,), name="automation", daemon=True)
        worker.start()
        try:
            yield
        finally:
            queue.put(None)
            worker.join()

    def _work(self, queue: "SimpleQueue[tuple[str, str, PullRequest] | None]") -> None:
        while happened := queue.get():
            try:
                self._happened(*happened)
            except MergeshipError as error:
                self.failed.append(error)

    def _happened(self, event: str, action: str, pull_request: PullRequest) -> None:
        testbed = self.testbed
        if event == "pull_request":
            testbed.origin.proposed(testbed.origin.main(), pull_request.head)
            if (checks := self._workflow(workflows.CHECKS)) and pull_request.open:
                self._checked(pull_request, checks, action)
            return
        after = pull_request.brought[-1]
        merge = testbed.origin.pulled(testbed.repo.bare.resolved(f"{after}^1"), after, pull_request.title)
        if workflow := self._workflow(workflows.PATH):
            give_secrets(testbed, workflow, made_up=False)
            self.pipeline(workflow, merge)

    def _workflow(self, name: str) -> Workflow | None:
        """A workflow of what is checked out."""
        path = self.testbed.box.work / name
        return workflows.read(path.read_text(encoding="utf-8"), name) if path.is_file() else None
