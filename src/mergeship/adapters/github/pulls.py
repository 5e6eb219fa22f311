"""One connection to GitHub's API, with what goes wrong there put into words."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mergeship.adapters.github import shapes
from mergeship.core.decision import Pull
from mergeship.core.history import DISPATCH
from mergeship.core.retry_after import seconds_to_wait
from mergeship.core.text import one_line
from mergeship.errors import Held
from mergeship.web import client

if TYPE_CHECKING:
    from gidgethub import HTTPException
    from gidgethub.httpx import GitHubAPI
    from tenacity import RetryCallState

VERSION = "2022-11-28"
# REST does not tell when a body was changed, and by whom.
_EDITED = """
query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { lastEditedAt editor { login } } }
}
"""
_FORBIDDEN, _NOT_FOUND, _UNAUTHORIZED, _TOO_MANY, _UNPROCESSABLE = 403, 404, 401, 429, 422
_WRITERS = {"admin", "write"}
_T = TypeVar("_T")


class GitHub:
    """GitHub's API for one repository, `owner/name`, until `until` (monotonic seconds)."""

    def __init__(self, connection: "GitHubAPI", repository: str, graphql: str, until: float) -> None:
        self._api = connection
        self._until = until
        self._repository = repository
        self._graphql = graphql
        self._base = f"/repos/{repository}"

    async def pulls_of(self, commit: str) -> tuple[Pull, ...]:
        """The pull requests that brought a commit to main. Just after a merge there may be none yet."""
        url = f"{self._base}/commits/{commit}/pulls?per_page=100"
        # Just after a push, GitHub may not know the commit itself: 422.
        answer = await self._unless(_UNPROCESSABLE, lambda: self._all(url)) or []
        found = shapes.shaped(answer, list[shapes.PullRequest], url)
        return tuple(one.pull(self._repository) for one in found if one.merged_into(self._repository, "main"))

    async def pull(self, number: int) -> Pull:
        """One pull request."""
        url = f"{self._base}/pulls/{number}"
        return shapes.shaped(await self._item(url), shapes.PullRequest, url).pull(self._repository)

    async def with_files(self, pull: Pull) -> Pull:
        """The same, with the files that it changes."""
        url = f"{self._base}/pulls/{pull.number}/files?per_page=100"
        found = shapes.shaped(await self._all(url), list[shapes.File], url)
        names = {name for file in found for name in (file.filename, file.previous_filename) if name}
        return msgspec.structs.replace(pull, files=tuple(sorted(names)))

    async def with_editor(self, pull: Pull) -> Pull:
        """The same, with the person who changed its body after the merge, unless that one may write here."""
        if pull.merged is None or pull.updated is None or pull.updated < pull.merged:
            return pull
        owner, _, name = self._repository.partition("/")
        asked = {"owner": owner, "name": name, "number": pull.number}
        answer = await self._tried(lambda: self._api.graphql(_EDITED, endpoint=self._graphql, **asked))
        edit = shapes.shaped(answer, shapes.Edited, self._graphql).repository.pull_request
        if edit.last_edited_at is None or edit.last_edited_at < pull.merged:
            return pull
        login = edit.editor.login if edit.editor else ""
        stranger = "" if await self._writes(login) else login or "somebody whose account is gone"
        return msgspec.structs.replace(pull, edited=True, edited_by=stranger)

    async def _writes(self, login: str) -> bool:
        """Whether a person may write here; nobody whom GitHub does not know as a collaborator does."""
        url = f"{self._base}/collaborators/{login}/permission"
        answer = await self._unless(_NOT_FOUND, lambda: self._item(url)) if login else None
        return answer is not None and shapes.shaped(answer, shapes.Permission, url).permission in _WRITERS

    async def _unless(self, status: int, ask: Callable[[], Awaitable[_T]]) -> _T | None:
        """The answer; None where GitHub says `status`."""
        try:
            return await ask()
        except Held as held:
            if getattr(held.__cause__, "status_code", 0) == status:
                return None
            raise

    async def _item(self, url: str) -> Any:  # noqa: ANN401 - JSON
        return await self._tried(lambda: self._api.getitem(url, extra_headers=_HEADERS))

    async def _all(self, url: str) -> list[Any]:
        async def pages() -> list[Any]:
            return [item async for item in self._api.getiter(url, extra_headers=_HEADERS, iterable_key=None)]

        return await self._tried(pages)

    async def _tried(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """The answer; what passes by itself is tried again, as long as the deadline of all lookups lasts."""
        from gidgethub import GitHubException, HTTPException
        from tenacity import AsyncRetrying, retry_if_exception

        async def once() -> _T:
            return await ask()

        attempts = AsyncRetrying(retry=retry_if_exception(_passes), wait=_pause, stop=self._late, reraise=True)
        try:
            return await attempts(once)
        except HTTPException as error:
            raise self._refused(error) from error
        except (GitHubException, ValueError) as error:  # ValueError: what says that it is JSON, and is not
            raise Held("forge-unreadable", f"{self._api.base_url}: {one_line(str(error))}", hint=_LATER) from error

    def _late(self, state: "RetryCallState") -> bool:
        return time.monotonic() + state.upcoming_sleep >= self._until

    def _refused(self, error: "HTTPException") -> Held:
        status = int(error.status_code)
        said = f"{self._api.base_url} answered {status} {one_line(str(error))[:300]} for {self._repository}"
        if status == _UNAUTHORIZED:
            return Held(
                "forge-token", said, hint="the token in GITHUB_TOKEN is wrong or has expired: hand over a new one"
            )
        if status in {_FORBIDDEN, _NOT_FOUND}:
            needed = error.headers.get("x-accepted-github-permissions") or "pull_requests=read"
            return Held("forge-permission", said, hint=f"the token needs the permission {needed}; or {DISPATCH}")
        return Held("forge-refused", said, hint=_LATER)


@asynccontextmanager
async def connected(api: str, graphql: str, repository: str, token: str, until: float) -> AsyncIterator[GitHub]:
    """A connection, which is closed when the block ends. `api` and `graphql` are addresses."""
    from gidgethub.httpx import GitHubAPI

    async with client(api) as http:
        connection = GitHubAPI(http, "mergeship", oauth_token=token or None, base_url=api)
        yield GitHub(connection, repository, graphql, until)


def _passes(error: BaseException) -> bool:
    import httpx2
    from gidgethub import GitHubBroken, HTTPException

    if isinstance(error, HTTPException):
        limited = int(error.status_code) in {_FORBIDDEN, _TOO_MANY} and _asked_to_wait(error) is not None
        return isinstance(error, GitHubBroken) or limited
    return isinstance(error, httpx2.TransportError)


def _asked_to_wait(error: "HTTPException") -> float | None:
    """The seconds that GitHub asks us to wait, None where it does not.

    Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    wait = seconds_to_wait(error.headers.get("retry-after", ""), datetime.now(UTC))
    if wait is not None:
        return wait
    if error.headers.get("x-ratelimit-remaining") == "0":
        reset = error.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - datetime.now(UTC).timestamp()) if reset.isdecimal() else None
    return None


def _pause(state: "RetryCallState") -> float:
    from gidgethub import HTTPException
    from tenacity import wait_random_exponential

    error = state.outcome.exception() if state.outcome else None
    asked = _asked_to_wait(error) if isinstance(error, HTTPException) else None
    return wait_random_exponential(0.2, max=10)(state) if asked is None else asked


async def gathered(found: list[Awaitable[_T]], at_once: int = 8) -> list[_T]:
    """The results of all, some of them asked for at once."""
    limit = asyncio.Semaphore(at_once)

    async def one(waiting: Awaitable[_T]) -> _T:
        async with limit:
            return await waiting

    return await asyncio.gather(*map(one, found))


_HEADERS = {"X-GitHub-Api-Version": VERSION}
_LATER = f"what was merged is not known, so nothing is decided: run the job again later; or {DISPATCH}"
