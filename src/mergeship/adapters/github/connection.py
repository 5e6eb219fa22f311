"""One connection to GitHub's API: what passes is retried, and what goes wrong is put into words."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mergeship.adapters.github.token import Token
from mergeship.core.progress import Note, Reporter
from mergeship.core.retry_after import no_sooner, seconds_to_wait
from mergeship.core.text import one_line
from mergeship.errors import Held
from mergeship.web import LARGEST, client, refuse_clear

if TYPE_CHECKING:
    import httpx2
    from gidgethub import HTTPException
    from gidgethub.httpx import GitHubAPI
    from tenacity import RetryCallState

VERSION = "2022-11-28"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE, TOO_MANY = 401, 403, 404, 409, 422, 429
ADMIN_READ, ADMIN_WRITE = "administration=read", "administration=write"
UPGRADE = "upgrade to"
"""GitHub's words for what a plan does not include."""
_MOVED = {301, 307, 308}
_BY_NUMBER = re.compile(r"/repositories/\d+")
_SSO = re.compile(r"url=(\S+)")
_PERSON = re.compile(r"must have (admin|push)", re.IGNORECASE)
_SECONDARY = re.compile(r"secondary rate limit|abuse detection", re.IGNORECASE)
MOST_ITEMS = 20_000
"""Of a list, all of its pages together."""
A_MINUTE = 60.0  # what GitHub wants waited for at least, if it does not say how long
_T = TypeVar("_T")
_OF_ANOTHER_KIND = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What gidgethub raises for an answer that is no JSON, is nested too deeply, or is a number where a list belongs."""
Cache = dict[str, tuple[str | None, str | None, Any, str | None]]
"""Answers by their address, each with its ETag: asked for again, they cost nothing of the rate limit."""


class RequestRefused(Held):
    """GitHub's answer was an error. `status` is that of HTTP, `words` GitHub's own words."""

    def __init__(self, code: str, message: str, *, hint: str, status: int, words: str) -> None:
        super().__init__(code, message, hint=hint)
        self.status = status
        self.words = words


class Connection:
    """GitHub's API for one repository, `owner/name`, until `until` (monotonic seconds)."""

    def __init__(self, api: "GitHubAPI", repository: str, token: Token, until: float, report: Reporter) -> None:
        self._api = api
        self._report = report
        self.api = api.base_url
        """The address."""
        self._token = token
        self._until = until
        self.repository = repository
        self.base = f"/repos/{repository}"

    async def item(self, url: str, needs: str = "metadata=read") -> Any:  # noqa: ANN401 - JSON
        """What one address answers. `needs` is the permission that it takes. Raises RequestRefused, or Held."""
        return await self._tried("GET", url, needs, lambda: self._api.getitem(url, extra_headers=_HEADERS))

    async def all(self, url: str, needs: str = "metadata=read", key: str | None = None) -> list[Any]:
        """All pages of a list; `key` is what it is called in an answer that holds more than the list."""

        async def pages() -> list[Any]:
            items, size = [], 0
            async for item in self._api.getiter(url, extra_headers=_HEADERS, iterable_key=key):
                items.append(item)
                size += len(msgspec.json.encode(item))
                if len(items) > MOST_ITEMS or size > LARGEST:
                    words = f"lists more than {MOST_ITEMS} items, or {LARGEST} bytes"
                    raise ValueError(f"{_address(self._api.base_url, url)} {words}")
            return items

        return await self._tried("GET", url, needs, pages)

    async def graphql(self, query: str, endpoint: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """What GraphQL answers to a query."""
        return await self._tried(
            "POST", endpoint, "pull_requests=read", lambda: self._api.graphql(query, endpoint=endpoint, **variables)
        )

    async def write(self, method: str, url: str, body: object, needs: str) -> Any:  # noqa: ANN401 - JSON
        """Change something. A POST that may have been carried out is never sent twice."""

        async def once() -> Any:  # noqa: ANN401 - JSON
            ask = getattr(self._api, method.lower())
            return await ask(url, data=b"" if body is None else body, extra_headers=_HEADERS)

        return await self._tried(method, url, needs, once, safe=method != "POST")

    async def _tried(
        self, method: str, url: str, needs: str, ask: Callable[[], Awaitable[_T]], *, safe: bool = True
    ) -> _T:
        """The answer; a transient failure is retried, as long as the deadline lasts."""
        from gidgethub import GitHubException, HTTPException
        from tenacity import AsyncRetrying, retry_if_exception

        async def once() -> _T:
            return await ask()

        again = retry_if_exception(_passes if safe else _limited)
        attempts = AsyncRetrying(retry=again, wait=_pause, stop=self._late, before_sleep=self._waits, reraise=True)
        try:
            return await attempts(once)
        except HTTPException as error:
            name = await self._new_name(error) if int(error.status_code) in _MOVED else ""
            raise self._refused(error, f"{method} {_address(self._api.base_url, url)}", needs, name) from error
        except (GitHubException, *_OF_ANOTHER_KIND) as error:
            raise Held("forge-unreadable", f"{self._api.base_url}: {one_line(str(error))}", hint=LATER) from error

    def _waits(self, state: "RetryCallState") -> None:
        error = state.outcome.exception() if state.outcome else None
        why = f"rate limited by {self.api}" if error and _limited(error) else f"{self.api} is unavailable"
        if state.upcoming_sleep > 1:
            self._report(Note(f"{why}; retrying in {state.upcoming_sleep:.0f} s"))

    def _late(self, state: "RetryCallState") -> bool:
        return time.monotonic() + state.upcoming_sleep >= self._until

    async def _new_name(self, error: "HTTPException") -> str:
        """What a renamed repository is called now, as the redirect gives its number; empty if that is unknown."""
        import httpx2
        from gidgethub import GitHubException

        match = _BY_NUMBER.match(error.headers.get("location", "").removeprefix(self._api.base_url))
        if match is None:
            return ""
        try:
            answer = await self._api.getitem(match[0], extra_headers=_HEADERS)
        except (GitHubException, httpx2.HTTPError, *_OF_ANOTHER_KIND):
            return ""
        return one_line(str(answer.get("full_name", ""))) if isinstance(answer, dict) else ""

    def _refused(self, error: "HTTPException", request: str, needs: str, name: str) -> RequestRefused:
        status = int(error.status_code)
        words = one_line(str(error))[:300]
        message = f"{request} answered {status} {words}"
        if (wait := _asked_to_wait(error)) is not None and status in {FORBIDDEN, TOO_MANY}:
            code, hint = (
                "forge-rate-limited",
                f"run it again in {wait:.0f} s; the limit is that of {self._token.source}",
            )
        elif status == UNAUTHORIZED and self._token.value:
            code, hint = "forge-token", f"{self._token.source} is wrong or has expired; use a new one"
        elif status in {UNAUTHORIZED, FORBIDDEN, NOT_FOUND}:
            code, hint = "forge-permission", self._permission(error, request, needs)
        elif status == CONFLICT:
            code, hint = (
                "forge-refused",
                "an organization or enterprise controls that; ask its owners",
            )
        elif status in _MOVED:
            code, hint = "repository-renamed", f"it is {name or 'elsewhere'} now: git remote set-url origin URL"
        else:
            code, hint = "forge-refused", LATER
        return RequestRefused(code, message, hint=hint, status=status, words=words)

    def _permission(self, error: "HTTPException", request: str, needs: str) -> str:
        """What would let the one who asks do that."""
        if not self._token.value:
            return "there is no token: gh auth login, or GH_TOKEN"
        if sso := _SSO.search(error.headers.get("x-github-sso", "")):
            return f"let {self._token.source} be used in that organization: {sso[1]}"
        if _PERSON.search(str(error)):
            return f"{self._token.source} is of someone who may not: an administrator of {self.repository} has to"
        if int(error.status_code) == NOT_FOUND and request.endswith(self.base):
            return f"it does not exist, or {self._token.source} may not see it: check the remote, and GITHUB_API_URL"
        needed = error.headers.get("x-accepted-github-permissions") or needs
        return f"{self._token.source} needs the permission {needed}"


@asynccontextmanager
async def connected(
    api: str,
    repository: str,
    token: Token,
    until: float,
    cache: Cache | None = None,
    report: Reporter = lambda _: None,
) -> AsyncIterator[Connection]:
    """A connection to the API at the address `api`, which is closed when the block ends."""
    from gidgethub.httpx import GitHubAPI

    if token.value:
        refuse_clear(api, "GITHUB_API_URL")
    async with client(api) as http:
        http.event_hooks = {**http.event_hooks, "request": [_only_to(api)]}
        # gidgethub sends both after `token`; what an App signs itself has to come after `Bearer`.
        login = {"oauth_token": None if token.signed else token.value or None}
        connection = GitHubAPI(http, "mergeship", base_url=api, cache=cache, **login)
        if token.signed:
            http.headers["Authorization"] = f"Bearer {token.value}"
        yield Connection(connection, repository, token, until, report)


def _only_to(api: str) -> Callable[["httpx2.Request"], Awaitable[None]]:
    """Refuses a request to another server, before it is sent: an answer may name any address as its next page."""
    import httpx2

    home = httpx2.URL(api)

    async def check(request: httpx2.Request) -> None:
        url = request.url
        if (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port):
            words = f"{api} names {url.scheme}://{url.host}, where its token does not go"
            raise Held("forge-elsewhere", words, hint="check GITHUB_API_URL")

    return check


def _limited(error: BaseException) -> bool:
    """Whether it was refused because of a rate limit: nothing was done."""
    from gidgethub import HTTPException

    known = isinstance(error, HTTPException) and int(error.status_code) in {FORBIDDEN, TOO_MANY}
    return known and isinstance(error, HTTPException) and _asked_to_wait(error) is not None


def _passes(error: BaseException) -> bool:
    import httpx2
    from gidgethub import GitHubBroken

    return _limited(error) or isinstance(error, (GitHubBroken, httpx2.TransportError))


def _asked_to_wait(error: "HTTPException") -> float | None:
    """The seconds that GitHub asks us to wait, None if it does not.

    Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    wait = seconds_to_wait(error.headers.get("retry-after", ""), datetime.now(UTC))
    if wait is not None:
        return wait
    if error.headers.get("x-ratelimit-remaining") == "0":
        reset = error.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - datetime.now(UTC).timestamp()) if reset.isdecimal() else None
    limited = int(error.status_code) == TOO_MANY or _SECONDARY.search(str(error))
    return A_MINUTE if limited else None


def _pause(state: "RetryCallState") -> float:
    from gidgethub import HTTPException
    from tenacity import wait_random_exponential

    error = state.outcome.exception() if state.outcome else None
    seconds = _asked_to_wait(error) if isinstance(error, HTTPException) else None
    own = wait_random_exponential(0.2, max=10)(state)
    return no_sooner(seconds, own)


async def gathered(calls: list[Awaitable[_T]], at_once: int = 8) -> list[_T]:
    """The results of all, some of them asked for at once."""
    limit = asyncio.Semaphore(at_once)

    async def one(waiting: Awaitable[_T]) -> _T:
        async with limit:
            return await waiting

    return await asyncio.gather(*map(one, calls))


async def unless(status: int, call: Awaitable[_T]) -> _T | None:
    """The answer; None if GitHub says `status`."""
    try:
        return await call
    except RequestRefused as refused:
        if refused.status == status:
            return None
        raise


def _address(api: str, url: str) -> str:
    return url if "://" in url else f"{api}{url}"


_HEADERS = {"X-GitHub-Api-Version": VERSION}
LATER = "run it again later"
