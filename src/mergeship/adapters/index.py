"""An index: what it lists, and what it says to an upload."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from mergeship.core import listing as simple
from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.settings import Index
from mergeship.core.text import one_line, without_password
from mergeship.core.upload import Answer
from mergeship.errors import Failed, Held, MergeshipError, Misconfigured

if TYPE_CHECKING:
    import ssl

    import httpx2
    from twine.package import PackageFile

CONNECT = 10.0  # seconds
READ = 60.0  # seconds of silence
MAX_PAGE = 64 * 1024 * 1024  # bytes
_NOT_FOUND = 404
_OK = 200
_T = TypeVar("_T")


class Addresses(msgspec.Struct, frozen=True):
    """Where an index is. Both end with a slash."""

    upload: str
    simple: str


def addresses(settings: Index) -> Addresses:
    """The addresses behind the settings; those of PyPI and TestPyPI are twine's. Raises Misconfigured."""
    upload = settings.upload
    if upload in {"pypi", "testpypi"}:
        from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

        upload = DEFAULT_REPOSITORY if upload == "pypi" else TEST_REPOSITORY
    found = settings.simple or upload.replace("://upload.", "://").replace("/legacy/", "/simple/")
    for key, address in (("upload", upload), ("simple", found)):
        if not address.startswith(("https://", "http://")):
            raise Misconfigured(
                "bad-index",
                f"index.{key} is {address!r}, which is no address",
                hint="pypi, testpypi or https://…",
            )
    if not settings.simple and found == upload:
        raise Misconfigured(
            "bad-index", f"the simple API of {upload} is not known", hint="set index.simple to its address"
        )
    return Addresses(upload, found if found.endswith("/") else f"{found}/")


def listing(address: str, project: str, deadline: float) -> Listing:
    """What the index lists of a project, by its normalized name; nothing for a project that it does not know.

    `deadline` is in seconds. Raises Held for everything that is neither: unreachable is not empty.
    """
    return _within(deadline, lambda: _listing(address, project), Held, address)


def wait_until_listed(address: str, project: str, files: Sequence[Distribution], deadline: float) -> None:
    """Wait until the index lists every file with equal hashes, at most `deadline` seconds. Raises Failed."""
    began = time.monotonic()
    pause = 0.05
    while True:
        left = deadline - (time.monotonic() - began)
        lacking = "the index was not asked in time"
        if left > 0:
            lacking = _lacking(address, project, files, left)
        if not lacking:
            return
        if left <= pause:
            raise Failed(
                "not-listed",
                f"after {deadline:g} s {without_password(address)}{project}/ does not show the release: {lacking}",
                hint="the files were taken; look at the index, then run the job again: the same bytes are sent",
            )
        time.sleep(pause)
        pause = min(pause * 2, 5.0)


def _lacking(address: str, project: str, files: Sequence[Distribution], deadline: float) -> str:
    """What the index does not show yet; it may also fail for a moment."""
    try:
        listed = listing(address, project, deadline)
    except Held as held:
        return held.message
    return next(filter(None, [listed.lacks(file) for file in files]), "")


def upload(address: str, token: str, file: Path, deadline: float) -> Answer:
    """Send one distribution, with the form that twine would send, within `deadline` seconds.

    Raises Failed when the file is no distribution, or when there is no answer.
    """
    from tarfile import TarError
    from zipfile import BadZipFile

    from twine.exceptions import InvalidDistribution
    from twine.package import PackageFile

    try:
        form = _form(PackageFile.from_filename(str(file), comment=None))
    except (InvalidDistribution, BadZipFile, TarError) as error:
        raise Failed("bad-distribution", f"{file.name}: {error}", hint="build again") from error
    return _within(deadline, lambda: _send(address, token, file, form), Failed, address)


def _within(deadline: float, action: Callable[[], Awaitable[_T]], failure: type[MergeshipError], address: str) -> _T:
    """The action's result, within a total deadline that no server can stretch by answering slowly."""
    import httpx2

    async def limited() -> _T:
        async with asyncio.timeout(deadline):
            return await action()

    try:
        return asyncio.run(limited())
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise failure(
            "index-timeout",
            f"{without_password(address)} did not answer in time",
            hint="run the job again when the index answers; the setting index.deadline is the limit in seconds",
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise failure(
            "index-unreachable",
            f"{without_password(address)} cannot be reached: {reason}",
            hint="check the network and the setting index.upload, then run the job again",
        ) from error


def _client(address: str) -> "httpx2.AsyncClient":
    import httpx2

    # Loading the certificates takes longer than everything else; without TLS there is nothing to verify.
    secure = address.startswith("https://")
    loopback = httpx2.URL(address).host in {"127.0.0.1", "::1", "localhost"}
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(READ, connect=CONNECT),
        headers={"User-Agent": "mergeship"},
        verify=_tls() if secure else False,
        trust_env=not loopback,  # a proxy does not serve loopback
    )


@cache
def _tls() -> "ssl.SSLContext":
    import httpx2

    return httpx2.create_ssl_context()


async def _listing(address: str, project: str) -> Listing:
    url = f"{address}{project}/"
    shown = without_password(url)
    headers = {"Accept": simple.JSON, "Cache-Control": "no-cache"}
    async with (
        _client(address) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code == _NOT_FOUND:
            return Listing()
        if response.status_code != _OK:
            raise Held(
                "index-unreadable",
                f"{shown} answered {response.status_code} {one_line(response.reason_phrase)}",
                hint="what was published is not known, so nothing is decided: run the job again later",
            )
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_PAGE:
                raise Held("index-unreadable", f"{shown} is larger than {MAX_PAGE} bytes", hint="check index.simple")
        return simple.parse(bytes(body), shown)


async def _send(address: str, token: str, file: Path, form: dict[str, list[str]]) -> Answer:
    import httpx2

    with file.open("rb") as content:
        async with _client(address) as client:
            response = await client.post(
                address,
                data=form,
                files={"content": (file.name, content, "application/octet-stream")},
                auth=httpx2.BasicAuth("__token__", token),
                headers={"Accept": "application/json"},
            )
    return Answer(response.status_code, one_line(_words(response)))


def _words(response: "httpx2.Response") -> str:
    """PyPI speaks in the reason phrase; HTTP/2 has none, and other indexes speak in the body."""
    phrase: bytes = response.extensions.get("reason_phrase", b"")
    reason = phrase.decode("iso-8859-1")
    if reason and reason != _usual_phrase(response.status_code):
        return reason
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    return reason or response.text[:300]


def _usual_phrase(status: int) -> str:
    import httpx2

    return httpx2.codes.get_reason_phrase(status)


def _form(package: "PackageFile") -> dict[str, list[str]]:
    """Twine's fields, as its own upload sends them."""
    form: dict[str, list[str]] = {":action": ["file_upload"], "protocol_version": ["1"]}
    for key, value in package.metadata_dictionary().items():
        if key == "project_urls" and isinstance(value, dict):
            form[key] = [f"{label}, {url}" for label, url in value.items()]
        elif key == "keywords" and isinstance(value, list):
            form[key] = [", ".join(value)]
        elif isinstance(value, list | tuple):
            form[key] = [str(item) for item in value]
        else:
            form[key] = [str(value)]
    return form
