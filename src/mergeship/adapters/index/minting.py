"""Trusted publishing: a token of the index for this job, in exchange for an identity that GitHub vouches for.

Source: https://docs.pypi.org/trusted-publishers/internals/
"""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import msgspec

from mergeship.adapters.index.oidc import oidc_token
from mergeship.adapters.index.questions import get_json, read, refuse_busy, with_retry
from mergeship.core.publisher import REFUSALS, explained, is_meant_for
from mergeship.core.text import one_line
from mergeship.errors import Failed
from mergeship.web import LOOPBACK, client, within

_OK, _UNPROCESSABLE = 200, 422


class _Audience(msgspec.Struct):
    audience: str


class _Minted(msgspec.Struct):
    token: str


class _Error(msgspec.Struct):
    code: str = ""
    description: str = ""


class _Refusal(msgspec.Struct):
    message: str = ""
    errors: list[_Error] = []


def exchange_token(upload: str, environ: Mapping[str, str], deadline: float, publisher: str) -> str:
    """A token of the index behind an upload API, good for 15 minutes.

    `publisher` is what a person should have entered there. Raises Failed if GitHub or the index refuses.
    """
    base = _base(upload)
    # Each attempt with a new identity, as one serves once.
    return within(deadline, lambda: with_retry(lambda: _exchange(base, environ, publisher)), Failed, base)


def _base(upload: str) -> str:
    """The index itself: PyPI's upload API has a host of its own."""
    parts = urlsplit(upload)
    return urlunsplit((parts.scheme, parts.netloc.removeprefix("upload."), "", "", ""))


async def _exchange(base: str, environ: Mapping[str, str], publisher: str) -> str:
    audience = (await get_json(f"{base}/_/oidc/audience", _Audience, {}, "not-minted")).audience
    host = urlsplit(base).hostname or ""
    if host not in LOOPBACK and not is_meant_for(audience, host):
        words = f"{base} asks for an identity that is meant for another one: {one_line(audience)[:100]}"
        raise Failed(
            "identity-elsewhere",
            words,
            hint="nothing was sent; correct index.upload, or set auth to token if that index is yours",
        )
    vouched = await oidc_token(environ, audience)
    async with client(base) as http:
        response = await http.post(f"{base}/_/oidc/mint-token", json={"token": vouched})
    refuse_busy(response.status_code, base, "not-minted")
    if response.status_code != _OK:
        raise _refused(base, response.status_code, response.content, publisher)
    return read(response.content, _Minted, base, "not-minted").token


def _refused(base: str, status: int, content: bytes, publisher: str) -> Failed:
    refusal = _Refusal()
    if status == _UNPROCESSABLE:
        refusal = read(content, _Refusal, base, "not-minted")
    code = next((error.code for error in refusal.errors if error.code), "")
    words = "; ".join(one_line(f"{error.code}: {error.description}") for error in refusal.errors) or f"status {status}"
    return Failed(
        code if code in REFUSALS else "not-minted",
        f"{base} issued no token: {words}"[:500],
        hint=explained(code, publisher),
    )
