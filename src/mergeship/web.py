"""The only place that makes HTTP clients, and the deadline that everything on the network has."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from mergeship.core.text import without_password
from mergeship.errors import MergeshipError, Misconfigured

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT = 10.0  # seconds
READ = 60.0  # seconds of silence
LARGEST = 32 * 1024 * 1024  # bytes of an answer: the longest page of PyPI has half of that
MOST_VALUES = 1_000_000  # lists, mappings and commas of an answer: in memory each takes many times its length
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ADDRESS = {"index": " and the setting index.upload", "forge": "", "identity": ""}
_UNREAD = {"index": "index-unreadable", "forge": "forge-unreadable", "identity": "no-identity"}
_LIMIT = {"index": "the setting index.deadline", "forge": "the setting forge.deadline", "identity": "index.deadline"}
_T = TypeVar("_T")


def within(
    deadline: float, action: Callable[[], Awaitable[_T]], failure: type[MergeshipError], address: str, of: str = "index"
) -> _T:
    """The action's result, within a total deadline that no server can stretch by answering slowly.

    `of` says who it is: the index, the forge, or the service that says who a job is.
    """
    import httpx2

    async def limited() -> _T:
        async with asyncio.timeout(deadline):
            return await action()

    try:
        return asyncio.run(limited())
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise failure(
            f"{of}-timeout",
            f"{without_password(address)} did not answer in time",
            hint=f"run the job again when the {of} answers; {_LIMIT[of]} is the limit in seconds",
        ) from error
    except httpx2.DecodingError as error:
        words = f"{without_password(address)} gave an answer that is not read: {error}"
        raise failure(
            _UNREAD[of], words, hint=f"check{_ADDRESS[of].removeprefix(' and') or ' GITHUB_API_URL'}"
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise failure(
            f"{of}-unreachable",
            f"{without_password(address)} cannot be reached: {reason}",
            hint=f"check the network{_ADDRESS[of]}, then run the job again",
        ) from error


def refuse_clear(address: str, named: str) -> None:
    """Raise Misconfigured for an address to which a secret would be sent in clear; `named` says where it stands."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Misconfigured("bad-address", f"{named} is {address!r}: {error}", hint="write https://HOST/…") from error
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        words = f"{named} is {without_password(address)}, and a secret would be sent there in clear"
        raise Misconfigured("sent-in-clear", words, hint="use https; http is only for this machine itself")


def client(address: str) -> "httpx2.AsyncClient":
    """A client for one server, by its address."""
    import httpx2

    # Loading the certificates takes longer than everything else; without TLS there is nothing to verify.
    secure = address.startswith("https://")
    loopback = httpx2.URL(address).host in LOOPBACK
    try:
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(READ, connect=CONNECT),
            headers={"User-Agent": "mergeship", "Accept-Encoding": "identity"},
            verify=_tls() if secure else False,
            trust_env=not loopback,  # a proxy does not serve loopback
            event_hooks={"response": [_limited()]},
        )
    except (ValueError, ImportError) as error:  # a proxy of a kind that is not known, or that takes another package
        words = f"the proxy for {without_password(address)} cannot be used: {without_password(str(error))}"
        raise Misconfigured("bad-proxy", words, hint="HTTPS_PROXY and ALL_PROXY take http://HOST:PORT") from error


@cache
def _limited() -> "Callable[[httpx2.Response], Awaitable[None]]":
    """Has no answer be longer than LARGEST, nor unpacked here: a few bytes may become gigabytes."""
    import httpx2

    class Limited(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = values = 0
            async for chunk in self._stream:
                size += len(chunk)
                values += sum(map(chunk.count, (b"[", b"{", b",")))
                if size > LARGEST or values > MOST_VALUES:
                    raise httpx2.DecodingError(f"the answer has more than {LARGEST} bytes, or {MOST_VALUES} values")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def limit(response: httpx2.Response) -> None:
        kind, _, rest = response.headers.get("content-type", "").partition(";")
        if "charset" in rest.lower():  # some names of codecs mean code that takes for ever, or does not end in text
            response.headers["content-type"] = kind
        if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise httpx2.DecodingError("it is compressed, which was not requested")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Limited(response.stream)

    return limit


@cache
def _tls() -> "ssl.SSLContext":
    import httpx2

    return httpx2.create_ssl_context()
