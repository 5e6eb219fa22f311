"""What an index lists of a project (PEP 691, PEP 700)."""

from typing import Any

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion

from mergeship.core.distribution import Distribution
from mergeship.errors import Held

JSON = "application/vnd.pypi.simple.v1+json"


class Listing(msgspec.Struct, frozen=True):
    """The versions and files of a project on an index; both empty where nothing was published."""

    versions: tuple[str, ...] = ()
    files: tuple[Distribution, ...] = ()
    """Size 0 and an empty sha256 where the index does not tell."""

    def lacks(self, file: Distribution) -> str:
        """Why `file` is not proven to be there; empty when it is, with the same bytes."""
        listed = next((other for other in self.files if other.name == file.name), None)
        if listed is None:
            return f"{file.name} is not listed"
        if listed.sha256 != file.sha256:
            return f"{file.name} is listed with sha256 {listed.sha256 or '(none)'}, not {file.sha256}"
        return ""


class _File(msgspec.Struct):
    filename: str
    hashes: dict[str, str] = {}
    size: int | None = None


class _Page(msgspec.Struct):
    files: list[_File]
    meta: dict[str, Any]
    versions: list[str] = []


def parse(body: bytes, where: str) -> Listing:
    """The listing in a JSON page of the simple API. Raises Held for anything else: unreadable is not empty."""
    try:
        page = msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Held(
            "index-unreadable",
            f"{where} did not answer with the JSON of the simple API: {error}",
            hint="check the setting index.simple; an index that has only HTML is not supported yet",
        ) from error
    if str(page.meta.get("api-version", "")).partition(".")[0] != "1":
        raise Held(
            "index-unreadable",
            f"{where} speaks version {page.meta.get('api-version')} of the simple API, this mergeship 1.x",
            hint="look for a newer mergeship",
        )
    versions = dict.fromkeys(page.versions)
    for file in page.files:
        versions.update(dict.fromkeys(_version_of(file.filename)))
    files = tuple(Distribution(f.filename, f.size or 0, f.hashes.get("sha256", "").lower()) for f in page.files)
    return Listing(tuple(versions), files)


def _version_of(filename: str) -> list[str]:
    """The version in a file name: an index of API 1.0 has no `versions`."""
    try:
        if filename.endswith(".whl"):
            return [str(parse_wheel_filename(filename)[1])]
        return [str(parse_sdist_filename(filename)[1])]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return []
