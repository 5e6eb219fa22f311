"""What a pyproject.toml says of its project."""

from collections.abc import Callable, Collection, Sequence
from pathlib import PurePath
from typing import Any

import msgspec
from packaging.utils import InvalidName, canonicalize_name

from mergeship.core import declaration
from mergeship.core.declaration import Declaration
from mergeship.core.settings import Settings, load
from mergeship.core.toml import parse, table
from mergeship.errors import Misconfigured

TEST_EXTRAS = ("test", "tests", "testing")
TEST_GROUPS = ("test", "tests", "dev")


class Project(msgspec.Struct, frozen=True):
    """One distribution, as its pyproject.toml describes it."""

    name: str
    """As written by its author."""
    declaration: Declaration
    extras: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def normalized(self) -> str:
        """The name as an index spells it (PEP 503)."""
        return canonicalize_name(self.name)


class Source(msgspec.Struct, frozen=True):
    """A project's files, read: what they declare and what is set."""

    project: Project
    settings: Settings
    version: str
    """The declared version, as written."""
    text: str
    """The whole file that holds the declaration."""
    locked: bool
    """Whether there is a uv.lock."""


def gather(read: Callable[[str], str | None], where: PurePath, overrides: Sequence[str] = ()) -> Source:
    """Everything that a stage wants to know of a project.

    `read` gives the text of a file by its path relative to the project, None where there is none; `where` is
    the project's folder, for messages.
    Raises Misconfigured for whatever is missing, broken or not supported.
    """
    text, pyproject = pyproject_of(read, where)
    settings = load(pyproject, overrides)
    project = describe(pyproject, [name for name in ("setup.cfg", "setup.py") if read(name) is not None])
    declared = text if project.declaration.path == declaration.PYPROJECT else read(project.declaration.path)
    if declared is None:
        raise Misconfigured(
            "no-version",
            f"{project.declaration.path} does not exist",
            hint="[tool.hatch.version] path in pyproject.toml points there",
        )
    version = declaration.read(project.declaration, declared)
    return Source(project, settings, version, declared, locked=read("uv.lock") is not None)


def pyproject_of(read: Callable[[str], str | None], where: PurePath) -> tuple[str, dict[str, Any]]:
    """The pyproject.toml, as text and parsed. Raises Misconfigured where there is none."""
    text = read(declaration.PYPROJECT)
    if text is None:
        raise Misconfigured(
            "not-a-project",
            f"there is no pyproject.toml in {where}",
            hint="name the folder of a Python project, or write one (packaging.python.org/guides)",
        )
    return text, parse(text)


def describe(pyproject: dict[str, Any], present: Collection[str]) -> Project:
    """The project behind a parsed pyproject.toml.

    `present` names the other files that could declare a version, so that a refusal can point at the right one.
    Raises Misconfigured where there is no name, or no version that can be written.
    """
    found = declaration.find(pyproject, present)
    extras = table(pyproject, "project", "optional-dependencies") or table(pyproject, "tool", "poetry", "extras")
    groups = table(pyproject, "dependency-groups")
    return Project(name=identify(pyproject), declaration=found, extras=tuple(extras), groups=tuple(groups))


def identify(pyproject: dict[str, Any]) -> str:
    """The project's name, as written. Raises Misconfigured where there is none that an index would take."""
    name = table(pyproject, "project").get("name", table(pyproject, "tool", "poetry").get("name"))
    if not isinstance(name, str):
        raise Misconfigured("no-name", "pyproject.toml gives the project no name", hint='add name = "…" to [project]')
    try:
        canonicalize_name(name, validate=True)
    except InvalidName as error:
        raise Misconfigured(
            "bad-name",
            f"{name!r} is not a name that an index takes",
            hint="letters, digits, '.', '_' and '-' (the core metadata specification, Name)",
        ) from error
    return name


def test_extras(project: Project, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The extras to test with: those asked for, else the first usual one that the project has."""
    return _chosen(project.extras, wanted, TEST_EXTRAS, "extra")


def test_groups(project: Project, wanted: tuple[str, ...] | None, extras: tuple[str, ...]) -> tuple[str, ...]:
    """The dependency groups to test with: those asked for, else the usual one where no extra was found."""
    usual = () if extras else TEST_GROUPS
    return _chosen(project.groups, wanted, usual, "dependency group")


def _chosen(
    have: tuple[str, ...], wanted: tuple[str, ...] | None, usual: tuple[str, ...], kind: str
) -> tuple[str, ...]:
    spelled: dict[str, str] = {canonicalize_name(name): name for name in have}
    if wanted is None:
        return tuple(spelled[name] for name in usual if name in spelled)[:1]
    for name in wanted:
        if canonicalize_name(name) not in spelled:
            known = ", ".join(have) or "none"
            raise Misconfigured("no-such-extra", f"the project has no {kind} {name!r}", hint=f"it has: {known}")
    return tuple(spelled[canonicalize_name(name)] for name in wanted)
