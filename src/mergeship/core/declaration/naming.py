"""The name of a project that has no `[project]` table."""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration import setuptools
from mergeship.core.declaration.backends import cargo_manifest, flit_module
from mergeship.core.declaration.find import backend_of
from mergeship.core.declaration.meson import MesonProject
from mergeship.core.declaration.place import Format, NotWrittenError
from mergeship.core.declaration.toml_value import TomlValue
from mergeship.core.declaration.version_source import Read
from mergeship.core.toml import table


def name_elsewhere(pyproject: Mapping[str, Any], read: Read) -> str | None:
    """The name, as written, where the backend of a project without `[project]` finds it; None if it is computed."""
    backend = backend_of(pyproject)
    flit = table(pyproject, "tool", "flit", "metadata")
    if flit:
        return str(flit.get("dist-name") or flit_module(pyproject)) or None
    if backend == "mesonpy":
        return _text(read("meson.build"), MesonProject(""))
    name = setuptools.name(read)
    if name is None and "maturin" in {backend, *table(pyproject, "tool")}:
        return _text(read(cargo_manifest(pyproject)), TomlValue("package", "name"))
    return name


def _text(content: str | None, place: Format) -> str | None:
    try:
        return place.read(content or "").version
    except NotWrittenError:
        return None
