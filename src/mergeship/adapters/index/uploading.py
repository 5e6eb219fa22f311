"""What an index says to an upload."""

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.release.upload import Answer
from mergeship.core.retry_after import seconds_to_wait
from mergeship.core.text import one_line, without_secret
from mergeship.errors import Failed
from mergeship.web import client, within

if TYPE_CHECKING:
    import httpx2
    from twine.package import PackageFile


MOST = 300
"""Characters of what an index says."""


def upload(address: str, token: str, file: Path, sha256: str, deadline: float, attestations: str = "") -> Answer:
    """Send one distribution, with the form that twine would send, within `deadline` seconds.

    `attestations` are the file's, as JSON. Raises Failed when the file is no distribution, when it has other bytes than
    those of `sha256`, or when there is no answer.
    """
    from tarfile import TarError
    from zipfile import BadZipFile

    from twine.exceptions import InvalidDistribution
    from twine.package import PackageFile

    try:
        form = _form(PackageFile.from_filename(str(file), comment=None))
    except (InvalidDistribution, BadZipFile, TarError) as error:
        raise Failed("bad-distribution", f"{file.name}: {error}", hint="build again") from error
    if form["sha256_digest"] != [sha256]:
        raise _changed(file.name)
    if attestations:
        form["attestations"] = [attestations]
    return within(deadline, lambda: _send(address, token, file, sha256, form), Failed, address)


async def _send(address: str, token: str, file: Path, sha256: str, form: dict[str, list[str]]) -> Answer:
    import httpx2

    with _Hashed(file, sha256) as content:
        async with client(address) as http:
            response = await http.post(
                address,
                data=form,
                files={"content": (file.name, content, "application/octet-stream")},
                auth=httpx2.BasicAuth("__token__", token),
                headers={"Accept": "application/json"},
            )
    wait = seconds_to_wait(response.headers.get("retry-after", ""), datetime.now(UTC))
    return Answer(response.status_code, one_line(_words(response, token)), wait)


class _Words(msgspec.Struct):
    message: str = ""


class _Hashed(io.FileIO):
    """A file that is hashed while it is read: with other bytes than those of its hash, it never comes to its end."""

    def __init__(self, path: Path, sha256: str) -> None:
        super().__init__(path)
        self._path = path
        self._sha256 = sha256
        self._hash = hashlib.sha256()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._hash = hashlib.sha256()
        return super().seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(-1 if size is None else size)
        self._hash.update(chunk)
        if not chunk and self._hash.hexdigest() != self._sha256:
            raise _changed(self._path.name)
        return chunk


def _changed(name: str) -> Failed:
    return Failed(
        "not-as-built", f"{name} has other bytes than those that were built", hint="nothing was sent; run the job again"
    )


def _words(response: "httpx2.Response", token: str) -> str:
    """PyPI speaks in the reason phrase; HTTP/2 has none, and other indexes speak in the body.

    Some echo what they were sent: the token is taken out before anything is cut.
    """
    phrase: bytes = response.extensions.get("reason_phrase", b"")
    reason = without_secret(phrase.decode("iso-8859-1"), token)
    if reason and reason != _usual_phrase(response.status_code):
        return reason
    try:
        body = decoded(response.content, _Words)
    except UnreadableError:
        body = _Words()
    if body.message:
        return without_secret(body.message, token)[:MOST]
    return reason or without_secret(response.text[: 100 * MOST], token)[:MOST]


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
