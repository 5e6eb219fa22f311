"""How one kind of setting is read and written."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import msgspec

from mergeship.adapters.github.connection import Connection
from mergeship.core.forge.setting import Setting


class Reading(msgspec.Struct, kw_only=True):
    """What is known of a repository while its settings are read, one kind after the other."""

    repository: dict[str, Any]
    """GitHub's own answer about it."""
    environment: str
    """The environment that matters, empty for none."""
    leave: Collection[str] = ()
    """Kinds that someone else decides on."""
    settings: list[Setting]
    lacking: dict[str, str]
    """Kinds that are not available here, each with GitHub's words."""

    @property
    def private(self) -> bool:
        """Whether the repository is private."""
        return bool(self.repository.get("private"))


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of setting is read and written."""

    read: Callable[[Connection, Reading], Awaitable[Sequence[Setting]]]
    """All of that kind. Raises Refused if it cannot be had."""
    again: Callable[[Connection, Any], Awaitable[Setting | None]]
    """One of them as it is now; None if it is not there."""
    write: Callable[[Connection, Any, Any, str], Awaitable[None]]
    """Put one from what it was to what it should be, None for nothing; the text is the value of a secret."""
    unavailable: Callable[[Reading], str] = lambda _: ""
    """Why GitHub need not be asked; empty if it has to be."""
    absent: frozenset[int] = frozenset()
    """Statuses of a refusal that say that there is no such thing here, and not that it may not be read."""
    left_with: Callable[[Collection[str]], bool] = lambda _: True
    """Whether it need not even be read, given everything that someone else decides on."""


def single(
    read: Callable[[Connection], Awaitable[Setting | None]], write: Callable[[Connection, Any], Awaitable[None]]
) -> Handler:
    """A handler of what a repository has once, and what is written whole."""

    async def read_all(ask: Connection, _: Reading) -> Sequence[Setting]:
        setting = await read(ask)
        return [] if setting is None else [setting]

    async def again(ask: Connection, _: Setting) -> Setting | None:
        return await read(ask)

    async def put(ask: Connection, _: object, after: Setting, __: str) -> None:
        await write(ask, after)

    return Handler(read=read_all, again=again, write=put)
