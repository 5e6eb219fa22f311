"""What the forge starts by itself: checks of pull requests, and the pipeline after a merge, on the engine."""

import itertools

from mergeship.core import contexts
from mergeship.core.progress import Note, Reporter
from mergeship.core.result import Job
from mergeship.core.workflow import Workflow
from mergeship.rehearsal import events
from mergeship.rehearsal.origin import Merge
from mergeship.rehearsal.testbed import CONCLUSIONS, Testbed

RUNS = 101
"""The first run's number that is not that of a merge."""


class Automation:
    """The workflows of one testbed."""

    def __init__(self, testbed: Testbed, program: str, report: Reporter) -> None:
        self.testbed = testbed
        self.program = program
        self.report = report
        self._numbers = itertools.count(RUNS)

    def checks(self, number: int, checks: Workflow, action: str) -> list[Job]:
        """Run a workflow on what the merge of a pull request would give, and report each job."""
        repo = self.testbed.repo
        pull_request = repo.pull_requests[number]
        self.report(Note(f"pull request #{number} {action}: {checks.path} runs"))
        self.testbed.origin.proposed(self.testbed.origin.main(), pull_request.head)
        path = self.testbed.box.work / checks.path
        names = contexts.by_run(path.read_text(encoding="utf-8"), checks.path)
        for name in names.values():
            repo.report(pull_request.head, name, "")
        event = events.pull_request(repo, self.testbed.forge, pull_request, action)
        jobs = self.testbed.run(self.program, checks, event, next(self._numbers), self.report)
        for job in jobs:
            repo.report(pull_request.head, names.get(job.name, job.name), CONCLUSIONS.get(job.status, "failure"))
        return jobs

    def pipeline(self, workflow: Workflow, merge: Merge) -> list[Job]:
        """Run the pipeline on a merge."""
        return self.testbed.push(self.program, workflow, merge, next(self._numbers), self.report)
