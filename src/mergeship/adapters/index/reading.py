"""What an index lists of a project."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mergeship.adapters.index.credentials import LOGIN, Credentials
from mergeship.core import listing as simple
from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.retry_after import no_sooner, seconds_to_wait
from mergeship.core.text import one_line, without_password
from mergeship.errors import Failed, Held
from mergeship.web import client, within

if TYPE_CHECKING:
    import httpx2

PAUSE = 0.5  # seconds at least between two attempts
ATTEMPTS = 10  # redirects, refusals and waits together
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _UNAVAILABLE = 200, 401, 403, 404, 429, 503


def listing(address: str, project: str, deadline: float, environ: Mapping[str, str]) -> Listing:
    """What the index lists of a project, by its normalized name; nothing for a project that it does not know.

    `deadline` is in seconds, a wait that the index asks for (Retry-After) included. Raises Held for everything that
    is neither: unreachable is not empty.
    """
    return within(deadline, lambda: _listing(address, project, deadline, environ), Held, address)


def wait_until_listed(
    address: str, project: str, files: Sequence[Distribution], deadline: float, environ: Mapping[str, str]
) -> None:
    """Wait until the index lists every file with equal hashes, at most `deadline` seconds. Raises Failed."""
    began = time.monotonic()
    pause = 0.05
    while True:
        left = deadline - (time.monotonic() - began)
        lacking = "the index was not asked in time"
        if left > 0:
            lacking = _lacking(address, project, files, left, environ)
        if not lacking:
            return
        if left <= pause:
            raise Failed(
                "not-listed",
                f"after {deadline:g} s {without_password(address)}{project}/ does not show the release: {lacking}",
                hint="the index accepted the files; run the job again later: it sends the same bytes",
            )
        time.sleep(pause)
        pause = min(pause * 2, 5.0)


def _lacking(
    address: str, project: str, files: Sequence[Distribution], deadline: float, environ: Mapping[str, str]
) -> str:
    """What the index does not show yet; it may also fail for a moment."""
    try:
        listed = listing(address, project, deadline, environ)
    except Held as held:
        return held.message
    return next(filter(None, [listed.lacks(file) for file in files]), "")


async def _listing(address: str, project: str, deadline: float, environ: Mapping[str, str]) -> Listing:
    until = time.monotonic() + deadline
    url = f"{address}{project}/"
    credentials = Credentials(address, environ)
    headers = {"Accept": simple.ACCEPT, "Cache-Control": "no-cache"}
    async with client(address) as http:
        for _ in range(ATTEMPTS):
            async with http.stream("GET", url, headers=headers, auth=credentials.auth()) as response:
                shown = without_password(url)
                if response.status_code == _OK:
                    return await _parsed(response, project, shown)
                if response.status_code == _NOT_FOUND:
                    return Listing()
                if response.has_redirect_location:
                    url = _followed(response, shown)
                    continue
                if response.status_code in {_UNAUTHORIZED, _FORBIDDEN} and await credentials.look_further():
                    continue
                wait = _wait(response, until - time.monotonic())
            await asyncio.sleep(wait)
    raise Held("index-unreadable", f"{shown} gave no answer at {ATTEMPTS} attempts", hint=_LATER)


async def _parsed(response: "httpx2.Response", project: str, shown: str) -> Listing:
    body = await response.aread()
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    parse = simple.parse_html if kind.endswith("html") else simple.parse
    return parse(body, project, shown)


def _followed(response: "httpx2.Response", shown: str) -> str:
    """Where the index sends us; only within itself, as what another one lists says nothing of this one."""
    here, target = response.url, response.url.join(response.headers["location"])
    if (target.scheme, target.netloc) != (here.scheme, here.netloc):
        raise Held(
            "index-elsewhere",
            f"{shown} redirects to another index: {without_password(str(target))}",
            hint="set index.simple to the intended one; for pypiserver, use --disable-fallback",
        )
    return str(target.copy_with(userinfo=here.userinfo))


def _wait(response: "httpx2.Response", left: float) -> float:
    """How long the index asks us to wait, in seconds. Raises Held if it does not ask, or for too long."""
    status = response.status_code
    message = f"{without_password(str(response.url))} answered {status} {one_line(response.reason_phrase)}"
    wait = seconds_to_wait(response.headers.get("retry-after", ""), datetime.now(UTC))
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        raise Held(
            "index-unreadable",
            message,
            hint=f"give user and password in {LOGIN}=https://user:password@host, or on a laptop by netrc or keyring",
        )
    if status not in {_TOO_MANY, _UNAVAILABLE} or wait is None:
        raise Held("index-unreadable", message, hint=_LATER)
    if wait >= left:
        raise Held("index-unreadable", f"{message}, and asks to wait {wait:.0f} s", hint=_LATER)
    return no_sooner(wait, PAUSE)


_LATER = "run the job again later; nothing is decided without knowing what is published"
