"""What workflows say: checks of a commit, runs, and whether a runner is there.

Source: https://docs.github.com/rest/checks/runs and https://docs.github.com/rest/actions/workflow-runs
"""

from mergeship.adapters.github import shapes
from mergeship.adapters.github.connection import ADMIN_READ, Connection
from mergeship.adapters.github.shapes import CheckRun, WorkflowRun


async def checks(ask: Connection, commit: str) -> list[CheckRun]:
    """The check runs of a commit."""
    url = f"{ask.base}/commits/{commit}/check-runs?per_page=100"
    return shapes.shaped(await ask.all(url, "checks=read", key="check_runs"), list[CheckRun], url)


async def of_push(ask: Connection, commit: str) -> list[WorkflowRun]:
    """The workflow runs that the push of a commit has started, the newest first."""
    url = f"{ask.base}/actions/runs?head_sha={commit}&event=push&per_page=100"
    return shapes.shaped(await ask.all(url, "actions=read", key="workflow_runs"), list[WorkflowRun], url)


async def runner_online(ask: Connection) -> bool:
    """Whether a self-hosted runner of the repository waits for jobs."""
    runners = await ask.all(f"{ask.base}/actions/runners?per_page=100", ADMIN_READ, key="runners")
    return any(runner.get("status") == "online" for runner in runners)
