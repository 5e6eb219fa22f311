"""What an index lists of a project, from the JSON of the simple API (PEP 691, PEP 700) or from its HTML (PEP 503)."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from html.parser import HTMLParser
from typing import Annotated, Literal
from urllib.parse import unquote, urldefrag, urlsplit

import msgspec
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from mergeship.core import pep440
from mergeship.core.distribution import Distribution
from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.names import loosely
from mergeship.core.text import one_line
from mergeship.core.version import Used
from mergeship.errors import Held

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
SUFFIXES = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar.z", ".tar", ".egg", ".exe", ".msi", ".rpm", ".dmg")
"""Of files that indexes took over the years, wheels apart."""


MOST_FILES = 200_000
_LONGEST_NAME = 300
"""Characters of a file's name, of which no file system takes more."""
_LONGEST_TAG = 65_536
_MOST_OPEN = 100
"""Marks of HTML that may be without an end: each is looked for to the end of the page."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T|\Z)", re.ASCII)
_CHECK_SIMPLE = "check the setting index.simple"
Presence = Literal["same", "other", "absent"]


class Published(msgspec.Struct, frozen=True):
    """A version that was published, and when, as far as the index says."""

    version: str
    uploaded: str = ""
    """The day, as YYYY-MM-DD; empty if it is unknown."""
    yanked: bool = False
    uploaded_at: datetime | None = None
    """When its last file was uploaded; None if that is unknown of one."""


class Listing(msgspec.Struct, frozen=True):
    """The versions and files of a project on an index; both empty if nothing was published."""

    published: tuple[Published, ...] = ()
    files: tuple[Distribution, ...] = ()
    """Size 0 and an empty sha256 if the index does not say."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Only the versions."""
        return tuple(release.version for release in self.published)

    @property
    def used(self) -> list[Used]:
        """The versions that are taken, with the reason. What is not a version (PEP 440) is in nobody's way."""
        return [
            Used(release.version, _reason(release), published=True)
            for release in self.published
            if pep440.is_version(release.version)
        ]

    def presence(self, file: Distribution) -> Presence:
        """What is listed under a file's name. Absent never proves that it was not uploaded: an index may lag."""
        listed = next((other for other in self.files if other.name == file.name), None)
        if listed is None or not listed.sha256:  # without a hash, it may be anyone's
            return "absent"
        return "same" if listed.sha256 == file.sha256 else "other"

    def has_some(self, files: Sequence[Distribution]) -> bool:
        """Whether one of some files is listed with an equal hash."""
        return any(self.presence(file) == "same" for file in files)

    def has_all(self, files: Sequence[Distribution]) -> bool:
        """Whether every one of some files is listed with an equal hash, and there is one."""
        return bool(files) and all(self.presence(file) == "same" for file in files)

    def lacks(self, file: Distribution) -> str:
        """Why `file` is not proven to be there; empty when it is, with the same bytes."""
        listed = next((other for other in self.files if other.name == file.name), None)
        if listed is None:
            return f"{file.name} is not listed"
        if listed.sha256 != file.sha256:
            return f"{file.name} is listed with sha256 {listed.sha256 or '(none)'}, not {file.sha256}"
        return ""


_Name = Annotated[str, msgspec.Meta(max_length=_LONGEST_NAME)]


class _File(msgspec.Struct, rename="kebab"):
    filename: _Name
    hashes: dict[str, str] = {}
    size: int | None = None
    upload_time: str | None = None
    yanked: bool | str = False


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: Annotated[str, msgspec.Meta(max_length=20)] = ""


class _Status(msgspec.Struct, frozen=True):
    status: Annotated[str, msgspec.Meta(max_length=50)] = ""


class _Page(msgspec.Struct, rename="kebab"):
    files: Annotated[list[_File], msgspec.Meta(max_length=MOST_FILES)]
    meta: _Meta
    versions: Annotated[list[_Name], msgspec.Meta(max_length=MOST_FILES)] = []
    project_status: _Status = _Status()


def parse(body: bytes, project: str, address: str) -> Listing:
    """The listing of a project, by its normalized name, in a JSON page of the simple API.

    Raises Held for anything else: unreadable is not empty.
    """
    _refuse_flood(body, (b'"filename"', 1), (b",", 10), address=address)
    try:
        page = decoded(body, _Page)
    except UnreadableError as error:
        raise Held(
            "index-unreadable",
            f"{address} did not answer with the JSON of the simple API: {error}",
            hint=_CHECK_SIMPLE,
        ) from error
    _check_version(page.meta.api_version, address)
    _check_status(page.project_status.status, address)
    return _listing(page.versions, page.files, project, address)


def parse_html(body: bytes, project: str, address: str) -> Listing:
    """The same in an HTML page, of an index that has nothing else.

    Raises Held for a page that is none: what an index shows to those who are not logged in, for one.
    """
    _refuse_flood(body, (b"<", 5), (b"&", 5), address=address)
    tags = body.split(b"<")[1:]
    without_end = sum(b">" not in tag for tag in tags) + body.count(b"<!") + body.count(b"<?")
    if without_end > _MOST_OPEN or any(len(tag) > _LONGEST_TAG for tag in tags):
        raise Held(
            "index-unreadable", f"{address} is no page of the simple API: its tags have no end", hint=_CHECK_SIMPLE
        )
    page = _Anchors(project)
    page.feed(body.decode("utf-8", "replace"))
    page.close()
    _check_version(page.api_version, address)
    _check_status(page.status, address)
    files = [file for href, yanked in page.anchors if (file := _linked(href, yanked=yanked))]
    if not files and not page.says_what_it_is:
        raise Held(
            "index-unreadable",
            f"{address} answered with a page that lists no file, and does not say that it is of the simple API",
            hint="check the setting index.simple, and whether the index wants a password",
        )
    return _listing([], files, project, address)


def _refuse_flood(body: bytes, *limits: tuple[bytes, int], address: str) -> None:
    """Refuse a page that would become far more in memory than it is: each mark at most so many times a file."""
    if any(body.count(mark) > times * MOST_FILES for mark, times in limits):
        raise Held("index-unreadable", f"{address} lists more than any project has", hint=_CHECK_SIMPLE)


class _Anchors(HTMLParser):
    """The links of a page, and whether it says that it is of the simple API."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self.project = project
        self.status: str | None = None
        self.anchors: list[tuple[str, bool]] = []
        self.api_version = "1.0"
        self.says_what_it_is = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.anchors.append((str(given["href"]), "data-yanked" in given))
        elif tag == "meta" and given.get("name") == "pypi:repository-version":
            self.api_version = given.get("content") or ""
            self.says_what_it_is = True
        elif tag == "meta" and given.get("name") == "pypi:project-status":
            self.status = given.get("content")

    def handle_data(self, data: str) -> None:
        words = data.split()  # as most servers head it
        if [word.lower() for word in words[:2]] == ["links", "for"] and loosely(" ".join(words[2:])) == self.project:
            self.says_what_it_is = True


def _linked(href: str, *, yanked: bool) -> _File | None:
    """The file behind a link; None for a link that leads elsewhere."""
    address, fragment = urldefrag(href)
    try:
        filename = unquote(urlsplit(address).path.rpartition("/")[2])
    except ValueError:
        return None
    if not filename.lower().endswith((".whl", *SUFFIXES)) or len(filename) > _LONGEST_NAME:
        return None
    kind, _, value = fragment.partition("=")
    return _File(filename, {"sha256": value} if kind == "sha256" else {}, yanked=yanked)


def _check_version(version: object, address: str) -> None:
    if str(version).partition(".")[0] != "1":
        raise Held(
            "index-unreadable",
            f"{address} has version {version} of the simple API; this mergeship reads 1.x",
            hint="update mergeship",
        )


def _check_status(status: object, address: str) -> None:
    if status == "quarantined":  # PEP 792: its files are not shown, and they are there
        raise Held(
            "index-unreadable",
            f"{address} keeps the project in quarantine, and does not show what was published",
            hint="contact the index's maintainers; nothing can be released until then",
        )


def _listing(versions: list[str], listed: list[_File], project: str, address: str) -> Listing:
    versions_by_name = {file.filename: version_of(file.filename, project) for file in listed}
    unclear = [name for name, version in versions_by_name.items() if not version]
    if unclear and not versions:
        raise Held(
            "index-unreadable",
            f"{address} lists a file whose name has no version: {one_line(unclear[0])}",
            hint="check what was published there; the next version has to be above all of it",
        )
    groups: dict[str, list[_File]] = {version: [] for version in versions}
    for file in listed:
        if versions_by_name[file.filename]:
            groups.setdefault(versions_by_name[file.filename], []).append(file)
    published = tuple(_published(version, files) for version, files in groups.items())
    distributions = (Distribution(f.filename, f.size or 0, f.hashes.get("sha256", "").lower()) for f in listed)
    return Listing(published, tuple(distributions))


def _published(version: str, files: list[_File]) -> Published:
    days = sorted(day[0] for file in files if (day := _DAY.match(file.upload_time or "")))
    moments = [moment for file in files if (moment := _moment(file.upload_time or ""))]
    return Published(
        version,
        days[0] if days else "",
        yanked=bool(files) and all(file.yanked for file in files),
        uploaded_at=max(moments) if moments and len(moments) == len(files) else None,
    )


def _moment(text: str) -> datetime | None:
    """A moment; a day is none, be it written as its midnight, and neither is a time of which the zone is not known."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and moment.timetz().replace(tzinfo=None) != time.min else None


def version_of(filename: str, project: str) -> str:
    """The version in the name of a file of that project; empty if it cannot be determined."""
    stem, wheel = filename.removesuffix(".whl"), filename.endswith(".whl")
    # The tags of a wheel are every combination of what its name has: a short name may have millions.
    plain = f"{stem.rsplit('-', 3)[0]}-py3-none-any.whl" if wheel and stem.count("-") > 3 else filename  # noqa: PLR2004
    try:
        named, version = (parse_wheel_filename(plain) if wheel else parse_sdist_filename(filename))[:2]
    except ValueError:  # of packaging, or of a number with thousands of digits
        return _old_version_of(filename, project)
    return str(version) if named == project else _old_version_of(filename, project)


def _old_version_of(filename: str, project: str) -> str:
    """The same for names that nobody makes any more: `obk-0.1.0-py2.7.egg`, `obk-0.1.0.win32.exe`."""
    suffix = next((suffix for suffix in SUFFIXES if filename.lower().endswith(suffix)), "")
    parts = filename[: -len(suffix)].split("-") if suffix else []
    for count in range(1, len(parts)):
        if loosely("-".join(parts[:count])) != project:
            continue
        whole = "-".join(parts[count:])
        if pep440.is_version(whole):
            return whole
        words = parts[count].split(".")
        while words and not words[-1][:1].isdigit():
            words.pop()  # win32, linux, noarch
        version = ".".join(words)
        return version if pep440.is_version(version) else ""
    return ""


def _reason(release: Published) -> str:
    yanked = " (yanked)" if release.yanked else ""
    return f"the index has {release.version}{yanked}{f', uploaded {release.uploaded}' if release.uploaded else ''}"
