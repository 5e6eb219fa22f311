"""How pull requests are merged.

Source: https://docs.github.com/rest/repos/repos#update-a-repository
"""

from collections.abc import Sequence
from typing import Any

from mergeship.adapters.github.connection import ADMIN_WRITE, Connection
from mergeship.adapters.github.settings.handler import Handler, Reading
from mergeship.core.forge.merging import Merging


async def _read(_: Connection, reading: Reading) -> Sequence[Merging]:
    return [_merging(reading.repository)]


async def _again(ask: Connection, _: Merging) -> Merging:
    return _merging(await ask.item(ask.base))


async def _write(ask: Connection, _: object, after: Merging, __: str) -> None:
    body = {
        "allow_squash_merge": after.squash,
        "squash_merge_commit_title": after.title,
        "squash_merge_commit_message": after.message,
        "delete_branch_on_merge": after.delete_branch,
    }
    await ask.write("PATCH", ask.base, body, ADMIN_WRITE)


def _merging(repository: dict[str, Any]) -> Merging:
    return Merging(
        squash=bool(repository["allow_squash_merge"]),
        title=str(repository.get("squash_merge_commit_title")),
        message=str(repository.get("squash_merge_commit_message")),
        delete_branch=bool(repository.get("delete_branch_on_merge")),
    )


HANDLER = Handler(read=_read, again=_again, write=_write)
