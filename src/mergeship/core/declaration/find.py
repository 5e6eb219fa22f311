"""Where a project declares its version: the rule of its build backend, asked for by name."""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration.place import PYPROJECT, Place
from mergeship.core.declaration.toml_value import TomlValue
from mergeship.core.declaration.version_source import Computed, Read, VersionSource, line_of
from mergeship.core.toml import table


def find(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """Where the version comes from, by the parsed pyproject.toml, its text, and the files beside it.

    A static `[project] version` settles it (PEP 621); what is left open is the build backend's to say.
    """
    project = table(pyproject, "project")
    backend = backend_of(pyproject)
    if backend in _READ_SETUP_CFG and "tag_" in (read("setup.cfg") or ""):
        from mergeship.core.declaration import setuptools

        suffixed = setuptools.build_tag(read)
        if suffixed:
            return suffixed
    if "version" in project and not isinstance(project["version"], dict):
        return Place(PYPROJECT, "[project] version", TomlValue("project", "version"))
    return _poetry(pyproject, text, backend) or _left_open(pyproject, text, backend, read)


_READ_SETUP_CFG = {"", "setuptools"}
_POETRY = {"", "poetry", "poetry_dynamic_versioning"}
_OTHERS = {"setuptools", "hatchling", "flit_core", "flit", "pdm", "maturin", "mesonpy", "uv_build"}


def _poetry(pyproject: Mapping[str, Any], text: str, backend: str) -> VersionSource | None:
    """What `[tool.poetry]` says; None for a project that is not poetry's."""
    filled_in = table(pyproject, "tool", "poetry-dynamic-versioning").get("enable") is True
    if filled_in and backend == "poetry_dynamic_versioning":
        from mergeship.core.declaration import scm

        return scm.POETRY_DYNAMIC_VERSIONING
    # Poetry builds itself, behind a loader of its own.
    ours = backend in _POETRY or not ("project" in pyproject or backend in _OTHERS)
    if not ours or "version" not in table(pyproject, "tool", "poetry"):
        return None
    if filled_in:
        return Computed(
            PYPROJECT,
            line_of(text, "[tool.poetry-dynamic-versioning]"),
            "poetry-dynamic-versioning is to fill the version in, but build-backend is not its own",
        )
    return Place(PYPROJECT, "[tool.poetry] version", TomlValue("tool", "poetry", "version"))


def _left_open(pyproject: Mapping[str, Any], text: str, backend: str, read: Read) -> VersionSource:
    project = table(pyproject, "project")
    dynamic = project.get("dynamic")
    open_ended = isinstance(dynamic, list) and "version" in dynamic
    if project and not open_ended and "maturin" not in {backend, *table(pyproject, "tool")}:
        return Computed(PYPROJECT, line_of(text, "[project]"), 'it has neither version = "…" nor dynamic = ["version"]')
    if pyproject and not project and not _is_a_project(pyproject, read):
        return Computed(PYPROJECT, *_no_project(pyproject, text))
    return _of_backend(backend, pyproject, text, read)


def _no_project(pyproject: Mapping[str, Any], text: str) -> tuple[int, str]:
    """The line, and why there is nothing to release."""
    members = table(pyproject, "tool", "uv", "workspace").get("members")
    if isinstance(members, list):
        named = ", ".join(map(str, members[:5])) or "none"
        return line_of(text, "[tool.uv.workspace]"), f"it is a workspace's top, and no project: name a member ({named})"
    if table(pyproject, "tool", "poetry").get("package-mode") is False:
        return line_of(text, "package-mode"), "package-mode is false: poetry builds nothing of it"
    return 0, "it describes no project: it has no [project] table"


def backend_of(pyproject: Mapping[str, Any]) -> str:
    """The package of the build backend; empty if none is named."""
    name = table(pyproject, "build-system").get("build-backend")
    return name.partition(".")[0].partition(":")[0] if isinstance(name, str) else ""


def _is_a_project(pyproject: Mapping[str, Any], read: Read) -> bool:
    """Whether something besides `[project]` describes one: older backends need no such table."""
    tools = table(pyproject, "tool")
    return bool(
        {"flit", "maturin"} & set(tools)
        or table(pyproject, "build-system").get("build-backend")
        or any(read(name) is not None for name in ("setup.py", "setup.cfg"))
    )


def _of_backend(backend: str, pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    from mergeship.core.declaration import backends, setuptools

    rules = {
        "": setuptools.find,
        "setuptools": setuptools.find,
        "pbr": setuptools.find,
        "jupyter_packaging": setuptools.find,
        "hatchling": backends.hatch,
        "pdm": backends.pdm,
        "flit_core": backends.flit,
        "flit": backends.flit,
        "maturin": backends.maturin,
        "mesonpy": backends.meson,
    }
    scripted = read(setuptools.SETUP_PY) is not None
    if "maturin" in table(pyproject, "tool") and not scripted:
        return backends.maturin(pyproject, text, read)  # also behind a bootstrap of its own
    if backend in rules:
        return rules[backend](pyproject, text, read)
    if "backend-path" in table(pyproject, "build-system"):  # a backend of their own, which mostly wraps another
        if backends.hatch_version(pyproject, read):
            return backends.hatch(pyproject, text, read)
        configured = "version" in table(pyproject, "tool", "setuptools", "dynamic")
        if configured or scripted or read(setuptools.SETUP_CFG) is not None:
            return setuptools.find(pyproject, text, read)
    named = table(pyproject, "build-system").get("build-backend")
    return Computed(PYPROJECT, line_of(text, "build-backend"), f"the version is left to the build backend {named}")
