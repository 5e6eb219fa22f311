"""What GITHUB_TOKEN may do.

Source: https://docs.github.com/rest/actions/permissions
"""

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, Connection
from mergeship.adapters.github.settings.handler import single
from mergeship.core.forge.workflow_permissions import WorkflowPermissions


async def _read(ask: Connection) -> WorkflowPermissions:
    answer = await ask.item(f"{ask.base}/actions/permissions/workflow", ADMIN_READ)
    return WorkflowPermissions(
        str(answer["default_workflow_permissions"]), bool(answer["can_approve_pull_request_reviews"])
    )


async def _write(ask: Connection, after: WorkflowPermissions) -> None:
    body = {
        "default_workflow_permissions": after.default,
        "can_approve_pull_request_reviews": after.pull_requests,
    }
    await ask.write("PUT", f"{ask.base}/actions/permissions/workflow", body, ADMIN_WRITE)


HANDLER = single(_read, _write)
