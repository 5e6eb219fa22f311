"""Workflows that start by themselves, one after another, as on a single runner."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from mergeship.core import workflow as workflows
from mergeship.core.workflow import Workflow
from mergeship.errors import MergeshipError
from mergeship.rehearsal import engine
from mergeship.rehearsal.automation import Automation
from mergeship.rehearsal.testbed import Testbed, give_secrets
from mergeship.world.forge.records import PullRequest

Happened = tuple[str, str, PullRequest]


@contextmanager
def automation_of(testbed: Testbed) -> Iterator[list[MergeshipError]]:
    """While the block runs, the forge's events start workflows; yields what goes wrong meanwhile."""
    automation = Automation(testbed, engine.find_act(testbed.box.env["PATH"]), lambda _: None)
    queue: SimpleQueue[Happened | None] = SimpleQueue()
    failed: list[MergeshipError] = []

    def work() -> None:
        while happened := queue.get():
            try:
                _start(automation, *happened)
            except MergeshipError as error:
                failed.append(error)

    testbed.repo.on_event = lambda *happened: queue.put(happened)
    worker = threading.Thread(target=work, name="automation", daemon=True)
    worker.start()
    try:
        yield failed
    finally:
        queue.put(None)
        worker.join()


def _start(automation: Automation, event: str, action: str, pull_request: PullRequest) -> None:
    testbed = automation.testbed
    if event == "pull_request":
        testbed.origin.proposed(testbed.origin.main(), pull_request.head)
        if (checks := _checked_out(testbed, workflows.CHECKS)) and pull_request.open:
            automation.checks(pull_request.number, checks, action)
        return
    after = pull_request.brought[-1]
    merge = testbed.origin.pulled(testbed.repo.bare.resolved(f"{after}^1"), after, pull_request.title)
    if workflow := _checked_out(testbed, workflows.PATH):
        give_secrets(testbed, workflow, made_up=False)
        automation.pipeline(workflow, merge)


def _checked_out(testbed: Testbed, name: str) -> Workflow | None:
    path = testbed.box.work / name
    return workflows.read(path.read_text(encoding="utf-8"), name) if path.is_file() else None
