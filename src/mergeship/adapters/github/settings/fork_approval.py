"""Whose pull requests run workflows only after a person has agreed.

Source: https://docs.github.com/rest/actions/permissions
"""

import msgspec

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, NOT_FOUND, Connection
from mergeship.adapters.github.settings.handler import Reading, single
from mergeship.core.forge.fork_approval import ForkApproval

_PATH = "actions/permissions/fork-pr-contributor-approval"


async def _read(ask: Connection) -> ForkApproval:
    answer = await ask.item(f"{ask.base}/{_PATH}", ADMIN_READ)
    return ForkApproval(str(answer["approval_policy"]))


async def _write(ask: Connection, after: ForkApproval) -> None:
    await ask.write("PUT", f"{ask.base}/{_PATH}", {"approval_policy": after.policy}, ADMIN_WRITE)


def _unavailable(reading: Reading) -> str:
    return "not asked for" if reading.private else ""


HANDLER = msgspec.structs.replace(single(_read, _write), unavailable=_unavailable, absent=frozenset({NOT_FOUND}))
