"""Distributions, the manifest that binds them to a commit, and the names that PyPI takes."""

import re
from collections.abc import Sequence

import msgspec
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.errors import Failed

MANIFEST = "mergeship.json"
UNFINISHED = "unfinished"
"""The folder beside the manifest with the bytes of releases that were begun before, a folder for each version."""
SUFFIXES = (".whl", ".tar.gz", ".zip")
SCHEMA = 1

# What PyPI accepts: warehouse/forklift/legacy.py, and https://packaging.python.org/specifications/platform-compatibility-tags/
_PLATFORMS = re.compile(
    r"any|win32|win_(?:arm64|amd64|ia64)|linux_armv[67]l"
    r"|manylinux(?:1|2010)_(?:x86_64|i686)|manylinux2014_(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    r"|manylinux_\d+_\d+_(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x|riscv64)"
    r"|musllinux_\d+_\d+_(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
    r"|macosx_(?:10_\d+|(?:1[1-5]|26)_0)_(?:ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal2?)"
    r"|ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)"
    r"|android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)"
)


class Distribution(msgspec.Struct, frozen=True):
    """One file of a release."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


class Manifest(msgspec.Struct, frozen=True):
    """What a build made: `dist/mergeship.json`."""

    project: str
    version: str
    commit: str
    files: tuple[Distribution, ...]
    schema: int = SCHEMA
    lost: str = ""
    """Why the bytes of an upload that has begun cannot be had any more: build looked everywhere."""


def encode(manifest: Manifest) -> str:
    """The manifest as text, for people and programs."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n"


def decode(text: bytes) -> Manifest:
    """The manifest in a text. Raises Failed for anything that build did not write."""
    try:
        manifest = decoded(text, Manifest)
    except UnreadableError as error:
        raise Failed("bad-manifest", f"{MANIFEST} cannot be read: {error}", hint="run mergeship build again") from error
    if manifest.schema != SCHEMA:
        raise Failed(
            "bad-manifest",
            f"{MANIFEST} has schema {manifest.schema}, this mergeship reads {SCHEMA}",
            hint="build and deploy with the same version of mergeship",
        )
    return manifest


def problems(manifest: Manifest, distributions: Sequence[Distribution]) -> list[str]:
    """Where the files that are there differ from those that were built; empty when they do not."""
    present = {file.name: file for file in distributions}
    listed = {file.name: file for file in manifest.files}
    wrong = [f"{name} is missing" for name in listed if name not in present]
    wrong += [f"{name} was not built here: {MANIFEST} does not list it" for name in present if name not in listed]
    wrong += [
        f"{name} has sha256 {present[name].sha256}, and was built with {file.sha256}"
        for name, file in listed.items()
        if name in present and present[name] != file
    ]
    if not listed:
        wrong.append(f"{MANIFEST} lists no file")
    return wrong


def sdist_name(project: str, version: str) -> str:
    """The one file name that PyPI takes for an sdist (PEP 625)."""
    return f"{canonicalize_name(project).replace('-', '_')}-{Version(version)}.tar.gz"


def wheel_problem(filename: str, project: str, version: str) -> str:
    """Why PyPI would refuse a wheel of this name for this release; empty when it would not."""
    try:
        name, named_version, _, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as error:
        return str(error)
    normalized = canonicalize_name(project).replace("-", "_")
    if filename.split("-", 1)[0] != normalized or name != canonicalize_name(project):
        return f"{filename!r} should begin with the normalized project name {normalized!r}"
    if named_version != Version(version):
        return f"{filename!r} is of version {named_version}, not of {version}"
    refused = refused_platforms(tags)
    return f"{filename!r} has the platform tag {refused[0]!r}, which PyPI refuses" if refused else ""


def refused_platforms(tags: frozenset[Tag]) -> list[str]:
    """The platforms among a wheel's tags that PyPI does not take."""
    return sorted({tag.platform for tag in tags if not _PLATFORMS.fullmatch(tag.platform)})


def is_distribution(filename: str) -> bool:
    """Whether a file of this name is something that an index would take."""
    return filename.endswith(SUFFIXES)
