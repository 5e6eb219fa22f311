"""A repository's settings on GitHub, a file each: all of them read, and one at a time written.

What someone else has set besides is read just before, and kept.
Source: https://docs.github.com/rest (repos, actions, deployments, issues)
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mergeship.adapters.github.connection import FORBIDDEN, NOT_FOUND, UPGRADE, Connection, RequestRefused, unless
from mergeship.adapters.github.settings import protection
from mergeship.adapters.github.settings.handler import Handler, Reading
from mergeship.core.forge.registry import KINDS
from mergeship.core.forge.setting import Actual, Setting
from mergeship.errors import Held, Misconfigured


async def actual(ask: Connection, environment: str, leave: Collection[str] = ()) -> Actual:
    """Everything of a repository, but for the kinds to `leave`. `environment` is the one that matters, empty for none.

    Raises Misconfigured for a repository that cannot be set up, Held for what cannot be read.
    """
    with as_github(ask):
        return await _actual(ask, environment, leave)


async def again(ask: Connection, setting: Setting) -> Setting | None:
    """One setting as it is now; None if it is not there. Raises Held for what cannot be read."""
    with as_github(ask):
        return await _handler(setting.kind()).again(ask, setting)


async def write(ask: Connection, before: Setting | None, after: Setting | None, value: str) -> None:
    """Put one setting from what it was to what it should be. `value` is that of a secret."""
    about = after or before
    if about is None:
        raise ValueError("a change from nothing to nothing")
    await _handler(about.kind()).write(ask, before, after, value)


def _handler(kind: str) -> Handler:
    """What reads and writes settings of that kind: the file of that name."""
    handler: Handler = import_module(f"{__name__}.{kind.replace('-', '_')}").HANDLER
    return handler


@contextmanager
def as_github(ask: Connection) -> Iterator[None]:
    """Raises Held for answers that lack what GitHub's have."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        words = f"{ask.api} did not answer like GitHub: {type(error).__name__} {error}"
        hint = "check GITHUB_API_URL: that of GitHub Enterprise Server ends with /api/v3"
        raise Held("forge-unreadable", words, hint=hint) from error


async def _actual(ask: Connection, environment: str, leave: Collection[str]) -> Actual:
    repository = await ask.item(ask.base)
    _refuse(repository, ask.repository)
    if await unless(NOT_FOUND, ask.item(f"{ask.base}/branches/main", "contents=read")) is None:
        raise Misconfigured(
            "no-main", f"{ask.repository} has no branch main yet", hint="push it first: git push origin HEAD:main"
        )
    writers = await _writers(ask)
    app = await unless(NOT_FOUND, ask.item("/apps/github-actions"))
    reading = Reading(repository=repository, environment=environment, leave=leave, settings=[], lacking={})
    for kind in KINDS:
        await _read(ask, kind, reading)
    unprotected = "protection" in leave or "protection" in reading.lacking
    besides = () if unprotected else await protection.besides(ask, reading.settings)
    return Actual(
        repository=str(repository["full_name"]),
        private=reading.private,
        writers=writers,
        actions_app=int(app["id"]) if app else 0,
        settings=tuple(reading.settings),
        lacking=reading.lacking,
        besides=besides,
    )


async def _read(ask: Connection, kind: str, reading: Reading) -> None:
    """Read the settings of one kind, or note why there are none."""
    handler = _handler(kind)
    if kind in reading.leave and handler.left_with(reading.leave):
        return
    if words := handler.unavailable(reading):
        reading.lacking[kind] = words
        return
    try:
        reading.settings += await handler.read(ask, reading)
    except RequestRefused as refused:
        upgrade = refused.status == FORBIDDEN and UPGRADE in refused.words.lower()
        if not upgrade and refused.status not in handler.absent:
            raise
        reading.lacking[kind] = refused.words


def _refuse(repository: dict[str, Any], requested: str) -> None:
    name = str(repository["full_name"])
    if name.lower() != requested.lower():
        raise Misconfigured(
            "repository-renamed",
            f"{requested} is now called {name}",
            hint=f"git remote set-url origin {repository.get('clone_url') or name}",
        )
    if repository.get("archived"):
        raise Misconfigured(
            "repository-archived", f"{name} is archived, so nothing in it can be changed", hint="unarchive it"
        )
    if "allow_squash_merge" not in repository:
        raise Misconfigured(
            "forge-permission",
            f"you cannot see the settings of {name}",
            hint="an administrator has to do this, with a token that has the permission "
            "administration=write: gh auth login, or GH_TOKEN",
        )
    branch = repository.get("default_branch")
    if branch != "main":
        raise Misconfigured(
            "other-default-branch",
            f"the default branch of {name} is called {branch}, and releases are made from main",
            hint=f"rename it: gh api -X POST repos/{name}/branches/{branch}/rename -f new_name=main",
        )


async def _writers(ask: Connection) -> tuple[str, ...]:
    """The people who may write."""
    people = await ask.all(f"{ask.base}/collaborators?permission=push&per_page=100")
    return tuple(sorted(person["login"] for person in people if person.get("type") != "Bot"))
