"""Inside a distribution: its metadata and what it lets one import. Reads with limits."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import BinaryIO

import msgspec
from packaging.metadata import RawMetadata, parse_email

MAX_METADATA = 10 * 1024 * 1024  # bytes of one METADATA or PKG-INFO
MAX_UNPACKED = 4 * 1024**3  # bytes of a whole archive, unpacked
MAX_MEMBERS = 100_000
NOT_IMPORTED = {
    "test", "tests", "testing", "doc", "docs", "example", "examples", "setup", "conftest", "__main__",
}  # fmt: skip


class BadArchiveError(ValueError):
    """The file is no distribution; the message says why."""


class Contents(msgspec.Struct, frozen=True):
    """What is of interest in a distribution."""

    metadata: bytes
    names: tuple[str, ...]

    @property
    def fields(self) -> RawMetadata:
        """The core metadata, parsed but not validated."""
        return parse_email(self.metadata)[0]


def read_wheel(stream: BinaryIO, filename: str) -> Contents:
    """A wheel's METADATA and member names. Raises BadArchiveError."""
    try:
        name, version, _ = filename.split("-", 2)
    except ValueError as error:
        raise BadArchiveError("Unable to parse name and version from wheel filename") from error
    info = f"{name}-{version}.dist-info"
    try:
        with zipfile.ZipFile(stream) as archive:
            members = {member.filename: member for member in archive.infolist()}
            _limit(len(members), sum(member.file_size for member in members.values()))
            if any(m.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for m in members.values()):
                raise BadArchiveError("File does not use a supported compression type")
            for wanted in ("WHEEL", "METADATA", "RECORD"):
                if f"{info}/{wanted}" not in members:
                    raise BadArchiveError(f"{wanted} not found at {info}/{wanted}")
            member = members[f"{info}/METADATA"]
            if member.file_size > MAX_METADATA:
                raise BadArchiveError(f"METADATA is larger than {MAX_METADATA} bytes")
            damaged = archive.testzip()
            if damaged:
                raise BadArchiveError(f"{damaged} is damaged")
            return Contents(archive.read(member), tuple(members))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadArchiveError("File is not a zipfile") from error


def read_sdist(stream: BinaryIO) -> Contents:
    """The PKG-INFO and member names of an sdist in .tar.gz. Raises BadArchiveError."""
    names: list[str] = []
    metadata: dict[str, bytes] = {}
    unpacked = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|gz") as archive:
            for member in archive:
                names.append(member.name)
                unpacked += member.size
                _limit(len(names), unpacked)
                if PurePosixPath(member.name).name == "PKG-INFO" and member.isfile():
                    if member.size > MAX_METADATA:
                        raise BadArchiveError(f"PKG-INFO is larger than {MAX_METADATA} bytes")
                    content = archive.extractfile(member)
                    metadata[member.name] = content.read() if content else b""
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise BadArchiveError("File is not a tarfile") from error
    tops = {PurePosixPath(name).parts[0] for name in names if PurePosixPath(name).parts}
    if len(tops) != 1 or tops & {".", "/"}:
        raise BadArchiveError("Incorrect number of top-level directories in sdist")
    target = f"{tops.pop()}/PKG-INFO"
    if target not in metadata:
        raise BadArchiveError(f"PKG-INFO not found at {target}")
    return Contents(metadata[target], tuple(names))


def importable(names: Iterable[str]) -> tuple[str, ...]:
    """The modules that a wheel with these members lets one import, the outermost of each.

    A folder without `__init__.py` is a namespace: the packages inside it are meant. Programs, tests, examples and
    documentation that came along are left out.
    """
    modules: set[str] = set()
    packages = {str(PurePosixPath(name).parent) for name in names if name.endswith("/__init__.py")}
    for name in names:
        path = PurePosixPath(name)
        if path.suffix not in {".py", ".so", ".pyd"} or path.parts[0].endswith((".dist-info", ".data")):
            continue
        folders = [str(folder) for folder in reversed(path.parents) if str(folder) != "."]
        outermost = next((folder for folder in folders if folder in packages), None)
        modules.add(outermost or str(path.with_name(path.name.split(".")[0])))
    split = (name.split("/") for name in modules)
    return tuple(
        sorted(
            ".".join(parts)
            for parts in split
            if not NOT_IMPORTED & set(parts) and all(part.isidentifier() for part in parts)
        )
    )


def _limit(members: int, unpacked: int) -> None:
    if members > MAX_MEMBERS:
        raise BadArchiveError(f"File has more than {MAX_MEMBERS} members")
    if unpacked > MAX_UNPACKED:
        raise BadArchiveError(f"File unpacks to more than {MAX_UNPACKED} bytes")
