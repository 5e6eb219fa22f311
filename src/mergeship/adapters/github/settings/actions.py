"""Which actions may run.

Source: https://docs.github.com/rest/actions/permissions
"""

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, Connection
from mergeship.adapters.github.settings.handler import single
from mergeship.core.forge.actions import Actions


async def _read(ask: Connection) -> Actions:
    answer = await ask.item(f"{ask.base}/actions/permissions", ADMIN_READ)
    pinned = answer.get("sha_pinning_required")
    allowed = str(answer.get("allowed_actions", ""))
    return Actions(bool(answer["enabled"]), allowed, None if pinned is None else bool(pinned))


async def _write(ask: Connection, after: Actions) -> None:
    allowed = {"allowed_actions": after.allowed} if after.allowed else {}
    pinned = {} if after.pinned is None else {"sha_pinning_required": after.pinned}
    body = {"enabled": after.enabled, **pinned, **allowed}
    await ask.write("PUT", f"{ask.base}/actions/permissions", body, ADMIN_WRITE)


HANDLER = single(_read, _write)
