"""What workflows say: checks of a commit, runs, and whether a runner is there.

Source: https://docs.github.com/rest/checks/runs and https://docs.github.com/rest/actions/workflow-runs
"""

from mergeship.adapters.github import shapes
from mergeship.adapters.github.connection import ADMIN_READ, NOT_FOUND, Connection, unless
from mergeship.adapters.github.shapes import CheckRun, Runner, WorkflowJob, WorkflowRun, WorkflowRuns
from mergeship.core.release.evidence import EVENTS


async def checks(ask: Connection, commit: str) -> list[CheckRun]:
    """The check runs of a commit."""
    url = f"{ask.base}/commits/{commit}/check-runs?per_page=100"
    return shapes.shaped(await ask.all(url, "checks=read", key="check_runs"), list[CheckRun], url)


async def of_push(ask: Connection, commit: str) -> list[WorkflowRun]:
    """The workflow runs that the push of a commit has started, the newest first."""
    url = f"{ask.base}/actions/runs?head_sha={commit}&event=push&per_page=100"
    return shapes.shaped(await ask.all(url, "actions=read", key="workflow_runs"), list[WorkflowRun], url)


async def run(ask: Connection, number: str) -> tuple[WorkflowRun, list[WorkflowJob]] | None:
    """A workflow run with the jobs of all its attempts; None for one that GitHub does not know, or not any more."""
    if not (number.isascii() and number.isdigit()):
        return None
    url = f"{ask.base}/actions/runs/{number}"
    answer = await unless(NOT_FOUND, ask.item(url, "actions=read"))
    if answer is None:
        await ask.item(ask.base)  # or the whole repository cannot be seen
        return None
    return shapes.shaped(answer, WorkflowRun, url), await _jobs(ask, int(number))


async def of_commit(ask: Connection, commit: str, most: int = 20) -> list[tuple[WorkflowRun, list[WorkflowJob]]]:
    """The newest workflow runs that were on a commit of main, by each event, with the jobs of all their attempts.

    Anyone who may write can dispatch one after the other, and hides no push behind them.
    """
    found: list[WorkflowRun] = []
    for event in EVENTS:
        url = f"{ask.base}/actions/runs?branch=main&event={event}&head_sha={commit}&per_page={most}"
        found += shapes.shaped(await ask.item(url, "actions=read"), WorkflowRuns, url).workflow_runs[:most]
    return [(run, await _jobs(ask, run.id)) for run in found]


async def _jobs(ask: Connection, number: int) -> list[WorkflowJob]:
    url = f"{ask.base}/actions/runs/{number}/jobs?filter=all&per_page=100"
    return shapes.shaped(await ask.all(url, "actions=read", key="jobs"), list[WorkflowJob], url)


async def runner_online(ask: Connection) -> bool:
    """Whether a self-hosted runner of the repository waits for jobs."""
    url = f"{ask.base}/actions/runners?per_page=100"
    runners = shapes.shaped(await ask.all(url, ADMIN_READ, key="runners"), list[Runner], url)
    return any(runner.status == "online" for runner in runners)
