"""Trusted publishing: a token of the index for this job, in exchange for an identity that GitHub vouches for.

Source: https://docs.pypi.org/trusted-publishers/internals/
"""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from mergeship.core.publisher import explained
from mergeship.core.text import one_line
from mergeship.errors import Failed, Misconfigured
from mergeship.web import client, within

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
ATTEMPTS = 5
_OK, _UNPROCESSABLE = 200, 422
_PASSES = {429, 500, 502, 503, 504}
_T = TypeVar("_T")


class _Audience(msgspec.Struct):
    audience: str


class _Identity(msgspec.Struct):
    value: str


class _Minted(msgspec.Struct):
    token: str


class _Error(msgspec.Struct):
    code: str = ""
    description: str = ""


class _Refusal(msgspec.Struct):
    message: str = ""
    errors: list[_Error] = []


def require_identity(environ: Mapping[str, str]) -> None:
    """Raises Misconfigured where the job may not ask for its identity."""
    if not (environ.get(REQUEST_URL) and environ.get(REQUEST_TOKEN)):
        raise Misconfigured(
            "no-identity",
            f"auth is trusted, and {REQUEST_URL} is not set: this job may not ask for its identity",
            hint="the deploy job needs `permissions: id-token: write`: mergeship init; elsewhere set auth to token",
        )


def minted(upload: str, environ: Mapping[str, str], deadline: float, publisher: str) -> str:
    """A token of the index behind an upload API, good for 15 minutes.

    `publisher` is what a person should have entered there. Raises Failed where GitHub or the index refuses.
    """
    base = _base(upload)
    return within(deadline, lambda: _tried(base, environ, publisher), Failed, base)


def _base(upload: str) -> str:
    """The index itself: PyPI's upload API has a host of its own."""
    parts = urlsplit(upload)
    return urlunsplit((parts.scheme, parts.netloc.removeprefix("upload."), "", "", ""))


async def _tried(base: str, environ: Mapping[str, str], publisher: str) -> str:
    """The token; what passes by itself is tried again, each time with a new identity, as one serves once."""
    import httpx2
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    attempts = AsyncRetrying(
        retry=retry_if_exception_type((_BusyError, httpx2.TransportError)),
        wait=wait_random_exponential(0.2, max=5),
        stop=stop_after_attempt(ATTEMPTS),
        reraise=True,
    )
    token: str = await attempts(_minted, base, environ, publisher)
    return token


async def _minted(base: str, environ: Mapping[str, str], publisher: str) -> str:
    audience = (await _asked(f"{base}/_/oidc/audience", _Audience, {})).audience
    url = f"{environ[REQUEST_URL]}&audience={quote(audience, safe='')}"
    login = {"Authorization": f"bearer {environ[REQUEST_TOKEN]}"}
    identity = (await _asked(url, _Identity, login)).value
    async with client(base) as http:
        response = await http.post(f"{base}/_/oidc/mint-token", json={"token": identity})
    _refuse_busy(response.status_code, base)
    if response.status_code != _OK:
        raise _refused(base, response.status_code, response.content, publisher)
    return _read(response.content, _Minted, base).token


async def _asked(url: str, kind: type[_T], headers: Mapping[str, str]) -> _T:
    async with client(url) as http:
        response = await http.get(url, headers=dict(headers))
    _refuse_busy(response.status_code, url)
    if response.status_code != _OK:
        raise Failed(
            "no-identity",
            f"{url.partition('?')[0]} answered {response.status_code}: {one_line(response.text)[:200]}",
            hint="run the job again; the deploy job needs `permissions: id-token: write`",
        )
    return _read(response.content, kind, url.partition("?")[0])


class _BusyError(Failed):
    """What passes by itself."""


def _refuse_busy(status: int, url: str) -> None:
    if status in _PASSES:
        where = url.partition("?")[0]
        raise _BusyError("not-minted", f"{where} answered {status} again and again", hint="run the job again later")


def _refused(base: str, status: int, content: bytes, publisher: str) -> Failed:
    refusal = _Refusal()
    if status == _UNPROCESSABLE:
        refusal = _read(content, _Refusal, base)
    code = next((error.code for error in refusal.errors if error.code), "")
    words = "; ".join(one_line(f"{error.code}: {error.description}") for error in refusal.errors) or f"status {status}"
    return Failed(code or "not-minted", f"{base} minted no token: {words}"[:500], hint=explained(code, publisher))


def _read(content: bytes, kind: type[_T], where: str) -> _T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise Failed(
            "index-unreadable", f"{where} did not answer as an index does: {error}", hint="look there"
        ) from error
