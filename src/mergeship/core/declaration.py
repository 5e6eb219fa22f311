"""Where a project declares its version; read, and rewritten in that one place."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec
from packaging.version import InvalidVersion, Version

from mergeship.core.toml import table
from mergeship.errors import Misconfigured

PYPROJECT = "pyproject.toml"
SUPPORTED = "a version written out in [project], in [tool.poetry], or in the file that [tool.hatch.version] path names"
# hatch's own default pattern: https://hatch.pypa.io/latest/plugins/version-source/regex/
HATCH_PATTERN = re.compile(r"""(?im)^(?:__version__|VERSION)(?: ?: ?str)? *= *(['"])v?(?P<version>.+?)\1""")


class Declaration(msgspec.Struct, frozen=True):
    """A place where the version is written."""

    path: str
    """Relative to the project's root."""
    kind: Literal["project", "poetry", "hatch"]

    @property
    def label(self) -> str:
        """The place, in words."""
        places = {"project": "[project] version", "poetry": "[tool.poetry] version", "hatch": "__version__"}
        return f"{places[self.kind]} in {self.path}"


class Edit(msgspec.Struct, frozen=True):
    """One line of one file, before and after. Lines count from 1."""

    path: str
    line: int
    before: str
    after: str


def find(pyproject: Mapping[str, Any], present: Collection[str]) -> Declaration:
    """The declaration that a parsed pyproject.toml points at; `present` names the files beside it.

    Raises Misconfigured, naming what was found instead, where the version is elsewhere or computed.
    """
    project = table(pyproject, "project")
    if "version" in project:
        return Declaration(PYPROJECT, "project")
    if "version" in table(pyproject, "tool", "poetry"):
        return Declaration(PYPROJECT, "poetry")
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "version" in dynamic:
        hatch = table(pyproject, "tool", "hatch", "version")
        if set(hatch) == {"path"} and _is_inside(str(hatch["path"])):
            return Declaration(str(hatch["path"]), "hatch")
        raise _unwritable(f"dynamic in pyproject.toml: {_source(pyproject)}")
    if project:
        raise Misconfigured(
            "no-version", "[project] in pyproject.toml has no version", hint='add version = "0.1.0" to it'
        )
    for name in ("setup.cfg", "setup.py"):
        if name in present:
            raise _unwritable(f"declared in {name}")
    raise Misconfigured(
        "no-version",
        "pyproject.toml describes no project: it has no [project] table",
        hint='add [project] with name = "…" and version = "0.1.0"',
    )


def read(declaration: Declaration, text: str) -> str:
    """The declared version, as written. Raises Misconfigured for one that is not PEP 440."""
    if declaration.kind == "hatch":
        match = HATCH_PATTERN.search(text)
        if not match:
            raise Misconfigured(
                "no-version",
                f"{declaration.path} has no line __version__ = '…'",
                hint="[tool.hatch.version] path in pyproject.toml points there",
            )
        version = match["version"]
    else:
        version = _declared(tomllib.loads(text), declaration)
    _check(version, declaration)
    return version


def rewrite(declaration: Declaration, text: str, version: str) -> tuple[str, Edit]:
    """The text with `version` in the declared place and every other character as it was.

    The place is found by trying: of all the spots that hold the old version, the one whose replacement
    changes the parsed file in the declared place and nowhere else. Raises Misconfigured where there is none.
    """
    old = read(declaration, text)
    for start, end in _spans(declaration, text, old):
        new = text[:start] + version + text[end:]
        if _only_the_version_differs(declaration, text, new, version):
            return new, _edit(declaration, text, new, start)
    raise Misconfigured(
        "version-not-found",
        f"{declaration.label} is {old}, but is not written out as such",
        hint=f'write it as version = "{old}"',
    )


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _spans(declaration: Declaration, text: str, version: str) -> Iterator[tuple[int, int]]:
    """Every spot that holds the old version, in quotes."""
    quoted = re.compile(rf"(?<=['\"])(?P<version>{re.escape(version)})(?=['\"])")
    pattern = HATCH_PATTERN if declaration.kind == "hatch" else quoted
    return (match.span("version") for match in pattern.finditer(text))


def _only_the_version_differs(declaration: Declaration, before: str, after: str, version: str) -> bool:
    if declaration.kind == "hatch":
        return read(declaration, after) == version
    wanted, got = tomllib.loads(before), tomllib.loads(after)
    _table(wanted, declaration)["version"] = version
    return wanted == got


def _edit(declaration: Declaration, before: str, after: str, start: int) -> Edit:
    line = before.count("\n", 0, start)
    return Edit(
        declaration.path,
        line + 1,
        before.split("\n")[line].rstrip("\r"),
        after.split("\n")[line].rstrip("\r"),
    )


def _table(pyproject: dict[str, Any], declaration: Declaration) -> dict[str, Any]:
    table: dict[str, Any] = pyproject["project"] if declaration.kind == "project" else pyproject["tool"]["poetry"]
    return table


def _declared(pyproject: dict[str, Any], declaration: Declaration) -> str:
    version = _table(pyproject, declaration)["version"]
    if not isinstance(version, str):
        raise Misconfigured(
            "bad-version",
            f"{declaration.label} is {version!r}, not a text",
            hint="put it in quotes, as in '0.1.0'",
        )
    return version


def _check(version: str, declaration: Declaration) -> None:
    try:
        Version(version)
    except InvalidVersion as error:
        raise Misconfigured(
            "bad-version",
            f"{declaration.label} is {version!r}, which is not a version (PEP 440)",
            hint="write one like 0.1.0",
        ) from error


def _source(pyproject: Mapping[str, Any]) -> str:
    """What fills the dynamic version in, for the message: the backend's own table, else its name."""
    sources = (("hatch", "version"), ("setuptools", "dynamic", "version"), ("setuptools_scm",), ("pdm", "version"))
    for keys in (*sources, ("versioneer",)):
        if keys[-1] in table(pyproject, "tool", *keys[:-1]):
            settings = ", ".join(f"{key} = {value!r}" for key, value in table(pyproject, "tool", *keys).items())
            return f"[tool.{'.'.join(keys)}] {settings}".rstrip()
    return f"left to {table(pyproject, 'build-system').get('build-backend', 'the build backend')}"


def _unwritable(found: str) -> Misconfigured:
    return Misconfigured(
        "version-not-writable",
        f"the version is {found}, which cannot be written yet",
        hint=f"supported: {SUPPORTED}",
    )
