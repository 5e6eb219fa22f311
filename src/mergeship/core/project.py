"""What a project's files say of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mergeship.core import names
from mergeship.core.declaration import PYPROJECT, Declared, Read, declared
from mergeship.core.toml import parse, table
from mergeship.errors import Misconfigured

if TYPE_CHECKING:
    from mergeship.core.settings import Settings

TEST_EXTRAS = ("test", "tests", "testing")
TEST_GROUPS = ("test", "tests", "dev")


class Project(NamedTuple):
    """One distribution, as its files describe it."""

    name: str
    """As written by its author."""
    extras: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def normalized(self) -> str:
        """The name as an index spells it (PEP 503)."""
        return names.normalized(self.name)


class Source(NamedTuple):
    """A project's files, read: what they declare and what is set."""

    project: Project
    settings: "Settings"
    declared: Declared
    locked: bool
    """Whether there is a uv.lock."""


def gather(read: Read, folder: object, overrides: Sequence[str] = ()) -> Source:
    """Everything that a stage wants to know of a project.

    `read` gives the text of a file by its path relative to the project, None if there is none; `folder` is
    the project's folder, absolute.
    Raises Misconfigured for whatever is missing, broken or not supported.
    """
    from mergeship.core.settings import load

    text, pyproject = pyproject_of(read, folder)
    settings = load(pyproject, overrides)
    declaration = declared(pyproject, text, read, settings.version_files, str(folder))
    return Source(describe(pyproject, read, settings.name), settings, declaration, locked=read("uv.lock") is not None)


def identified(read: Read, folder: object, overrides: Sequence[str] = ()) -> "tuple[str, Settings]":
    """The project's normalized name and its settings, for stages that need no declaration. Raises Misconfigured."""
    from mergeship.core.settings import load

    _, pyproject = pyproject_of(read, folder)
    settings = load(pyproject, overrides)
    return names.normalized(identify(pyproject, read, settings.name)), settings


def pyproject_of(read: Read, folder: object) -> tuple[str, dict[str, Any]]:
    """The pyproject.toml, as text and parsed; both empty for a project with only setup.py or setup.cfg.

    Raises Misconfigured if there is no project.
    """
    text = read(PYPROJECT)
    if text is not None:
        return text, parse(text)
    if read("setup.py") is not None or read("setup.cfg") is not None:
        return "", {}
    raise Misconfigured(
        "not-a-project",
        f"there is no pyproject.toml in {folder}",
        hint="name the folder of a Python project, or write one (packaging.python.org/guides)",
    )


def has_uv_sources(text: str) -> bool:
    """Whether a pyproject.toml tells uv where dependencies come from. Raises Misconfigured for no TOML."""
    return bool(table(parse(text), "tool", "uv", "sources"))


def describe(pyproject: dict[str, Any], read: Read, named: str = "") -> Project:
    """The project behind a parsed pyproject.toml and the files beside it. Raises Misconfigured without a name."""
    extras = table(pyproject, "project", "optional-dependencies") or table(pyproject, "tool", "poetry", "extras")
    groups = table(pyproject, "dependency-groups")
    return Project(name=identify(pyproject, read, named), extras=tuple(extras), groups=tuple(groups))


def identify(pyproject: dict[str, Any], read: Read, named: str = "") -> str:
    """The project's name, as its files give it, else as it is `named` by its settings.

    Raises Misconfigured if there is none that an index would take.
    """
    name = table(pyproject, "project").get("name", table(pyproject, "tool", "poetry").get("name"))
    if name is None:
        from mergeship.core.declaration.naming import name_elsewhere

        name = name_elsewhere(pyproject, read) or named or None
    if not isinstance(name, str):
        raise Misconfigured(
            "no-name",
            "the project has no name: neither pyproject.toml nor setup.cfg or setup.py gives one as a plain text",
            hint='set it, as the build computes it: [tool.mergeship] name = "…" in pyproject.toml',
        )
    names.normalized(name)  # or it is refused
    return name


def test_extras(project: Project, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The extras to test with: those asked for, else the first usual one that the project has."""
    return _chosen(project.extras, wanted, TEST_EXTRAS, "extra")


def test_groups(project: Project, wanted: tuple[str, ...] | None, extras: tuple[str, ...]) -> tuple[str, ...]:
    """The dependency groups to test with: those asked for, else the usual one if no extra was found."""
    usual = () if extras else TEST_GROUPS
    return _chosen(project.groups, wanted, usual, "dependency group")


def _chosen(
    available: tuple[str, ...], wanted: tuple[str, ...] | None, usual: tuple[str, ...], kind: str
) -> tuple[str, ...]:
    spelled: dict[str, str] = {names.loosely(name): name for name in available}
    if wanted is None:
        return tuple(spelled[name] for name in usual if name in spelled)[:1]
    for name in wanted:
        if names.loosely(name) not in spelled:
            known = ", ".join(available) or "none"
            raise Misconfigured("no-such-extra", f"the project has no {kind} {name!r}", hint=f"it has: {known}")
    return tuple(spelled[names.loosely(name)] for name in wanted)
