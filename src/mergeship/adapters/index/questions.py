"""Requests on the way to a token: transient failures are retried, invalid answers reported."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.text import one_line
from mergeship.errors import Failed
from mergeship.web import client

ATTEMPTS = 5
_OK = 200
_PASSES = {429, 500, 502, 503, 504}
_HINTS = {
    "no-identity": "run the job again; the deploy job needs `permissions: id-token: write`",
    "not-minted": "if that index has no trusted publishing, set auth to token",
}
_LOOK = "check the setting index.upload; run the job again later"
_T = TypeVar("_T")


class BusyError(Failed):
    """A transient failure."""


async def with_retry(action: Callable[[], Awaitable[_T]]) -> _T:
    """The action's result; a transient failure is retried."""
    import httpx2
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    attempts = AsyncRetrying(
        retry=retry_if_exception_type((BusyError, httpx2.TransportError)),
        wait=wait_random_exponential(0.2, max=5),
        stop=stop_after_attempt(ATTEMPTS),
        reraise=True,
    )

    async def once() -> _T:
        return await action()

    return await attempts(once)


async def get_json(url: str, kind: type[_T], headers: Mapping[str, str], code: str) -> _T:
    """The answer to a question on the way to a token. Raises Failed, with that code, for any other than that."""
    async with client(url) as http:
        response = await http.get(url, headers=dict(headers))
    refuse_busy(response.status_code, url, code)
    address = url.partition("?")[0]
    if response.status_code != _OK:
        raise Failed(
            code,
            f"{address} answered {response.status_code}: {one_line(response.text)[:200]}",
            hint=_HINTS[code],
        )
    return read(response.content, kind, address, code)


def refuse_busy(status: int, url: str, code: str) -> None:
    """Raises BusyError for a status that is transient."""
    if status in _PASSES:
        address = url.partition("?")[0]
        raise BusyError(code, f"{address} kept answering {status}; giving up", hint="run the job again later")


def read(content: bytes, kind: type[_T], address: str, code: str) -> _T:
    """An answer in JSON. Raises Failed for what is none."""
    try:
        return decoded(content, kind)
    except UnreadableError as error:
        raise Failed(code, f"{address} gave an invalid answer: {error}", hint=_LOOK) from error
