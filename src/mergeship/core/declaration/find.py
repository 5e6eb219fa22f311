"""Where a project declares its version: the rule of its build backend, asked for by name."""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration.found import Computed, Found, Read, line_of
from mergeship.core.declaration.place import PYPROJECT, Place
from mergeship.core.declaration.toml_value import TomlValue
from mergeship.core.toml import table


def find(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """Where the version comes from, by the parsed pyproject.toml, its text, and the files beside it.

    A static `[project] version` settles it (PEP 621); what is left open is the build backend's to say.
    """
    project = table(pyproject, "project")
    if "version" in project and not isinstance(project["version"], dict):
        return Place(PYPROJECT, "[project] version", TomlValue("project", "version"))
    backend = _backend(pyproject)
    tools = table(pyproject, "tool")
    # Poetry builds itself, behind a loader of its own.
    if "version" in table(tools, "poetry") and (backend in _POETRY or not (project or backend in _NOT_POETRY)):
        return _poetry(pyproject, text, backend)
    dynamic = project.get("dynamic")
    left_open = isinstance(dynamic, list) and "version" in dynamic
    if project and not left_open and "maturin" not in {backend, *tools}:
        return Computed(PYPROJECT, line_of(text, "[project]"), 'it has neither version = "…" nor dynamic = ["version"]')
    if pyproject and not project and not _is_a_project(pyproject, read):
        return Computed(PYPROJECT, 0, "it describes no project: it has no [project] table")
    return _of_backend(backend, pyproject, text, read)


_POETRY = {"", "poetry", "poetry_dynamic_versioning"}
_NOT_POETRY = {"setuptools", "hatchling", "flit_core", "flit", "pdm", "maturin", "mesonpy", "uv_build"}


def _poetry(pyproject: Mapping[str, Any], text: str, backend: str) -> Found:
    if table(pyproject, "tool", "poetry-dynamic-versioning").get("enable") is True:
        if backend == "poetry_dynamic_versioning":
            from mergeship.core.declaration import scm

            return scm.POETRY_DYNAMIC_VERSIONING
        return Computed(
            PYPROJECT,
            line_of(text, "[tool.poetry-dynamic-versioning]"),
            "poetry-dynamic-versioning is to fill the version in, but build-backend is not its own",
        )
    return Place(PYPROJECT, "[tool.poetry] version", TomlValue("tool", "poetry", "version"))


def _backend(pyproject: Mapping[str, Any]) -> str:
    """The package of the build backend; empty where none is named."""
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


def _of_backend(backend: str, pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    from mergeship.core.declaration import backends, setuptools

    tools = table(pyproject, "tool")
    rules = {
        "hatchling": backends.hatch,
        "pdm": backends.pdm,
        "flit_core": backends.flit,
        "flit": backends.flit,
        "maturin": backends.maturin,
        "mesonpy": backends.meson,
    }
    if backend in rules and not (backend == "hatchling" and "version" not in table(tools, "hatch")):
        return rules[backend](pyproject, text, read)
    scripted = any(read(name) is not None for name in (setuptools.SETUP_PY, setuptools.SETUP_CFG))
    if "maturin" in tools and read(setuptools.SETUP_PY) is None:
        return backends.maturin(pyproject, text, read)  # behind a bootstrap of its own
    if backend in {"", "setuptools", "pbr"} or "version" in table(tools, "setuptools", "dynamic") or scripted:
        return setuptools.find(pyproject, text, read)
    if "version" in table(tools, "hatch"):
        return backends.hatch(pyproject, text, read)
    named = table(pyproject, "build-system").get("build-backend")
    return Computed(PYPROJECT, line_of(text, "build-backend"), f"the version is left to the build backend {named}")
