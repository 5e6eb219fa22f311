"""Where the other backends take the version from; setuptools has a file of its own."""

from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from mergeship.core.declaration import scm
from mergeship.core.declaration.assignment import Assignment
from mergeship.core.declaration.lock import LEVELS
from mergeship.core.declaration.meson import MesonProject
from mergeship.core.declaration.pattern import Pattern
from mergeship.core.declaration.place import PYPROJECT, Place
from mergeship.core.declaration.toml_value import CargoValue
from mergeship.core.declaration.version_source import NO_FILE, Computed, Read, VersionSource, checked, inside, line_of
from mergeship.core.toml import parse, table

# https://hatch.pypa.io/latest/plugins/version-source/regex/
HATCH_PATTERN = r"""(?i)^(?:__version__|VERSION) *= *(['"])v?(?P<version>.+?)\1"""
# https://backend.pdm-project.org/metadata/#from-a-given-file-path
PDM_PATTERN = r"""^(?:__version__|VERSION)\s*=\s*["'](.+?)["']\s*(?:#.*)?$"""


def hatch_version(pyproject: Mapping[str, Any], read: Read) -> dict[str, Any]:
    """The table that configures hatch's version; hatch.toml goes before `[tool.hatch]`."""
    own = parse(read("hatch.toml") or "", "hatch.toml")
    return table(own, "version") if "version" in own else table(pyproject, "tool", "hatch", "version")


def hatch(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """Hatchling: https://hatch.pypa.io/latest/version/."""
    settings = hatch_version(pyproject, read)
    source = settings.get("source", "regex")
    if source == "vcs":
        return scm.HATCH_VCS
    if source == "uv-dynamic-versioning":
        return scm.UV_DYNAMIC_VERSIONING
    if source == "versioningit":
        return scm.VERSIONINGIT
    path = settings.get("path")
    if source != "regex" or not isinstance(path, str):
        line = line_of(text, "[tool.hatch.version]")
        return Computed(PYPROJECT, line, f"hatch's version source {source!r} computes the version")
    pattern = settings.get("pattern")
    # hatch takes `pattern = true` for its own
    return _by_pattern(path, _pattern(pattern or None, HATCH_PATTERN), read)


def pdm(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """PDM: https://backend.pdm-project.org/metadata/#dynamic-project-version."""
    settings = table(pyproject, "tool", "pdm", "version")
    source = settings.get("source", "file" if "path" in settings else "")
    if source == "scm" or settings.get("use_scm"):
        return scm.PDM_SCM
    path = settings.get("path", settings.get("from"))
    if isinstance(path, str) and source in {"file", ""}:
        pattern = settings.get("pattern")
        return _by_pattern(path, _pattern(pattern, PDM_PATTERN, 1), read)
    line = line_of(text, "[tool.pdm.version]")
    return Computed(PYPROJECT, line, f"PDM's version source {source!r} computes the version")


def flit(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """Flit reads `__version__` of the module: https://flit.pypa.io/en/stable/rationale.html."""
    module = flit_module(pyproject)
    if not module:
        return Computed(PYPROJECT, line_of(text, "flit"), "it does not name the module that holds the version")
    path = module.replace(".", "/")
    for root in ("", "src/"):
        if read(f"{root}{path}/__init__.py") is not None:
            return _flit_version(read, f"{root}{path}", ("__init__.py", "version.py", "_version.py", "__version__.py"))
        if read(f"{root}{path}.py") is not None:
            return _flit_version(read, "", (f"{root}{path}.py",))
    line = line_of(text, "name")
    return Computed(PYPROJECT, line, f"the module {module}, which holds the version, does not exist")


def _flit_version(read: Read, folder: str, names: tuple[str, ...]) -> VersionSource:
    """The first file that assigns a constant decides; without any, flit imports the first of them."""
    source: VersionSource | None = None
    for name in names:
        path = f"{folder}/{name}".lstrip("/")
        text = read(path)
        if text is None:
            continue
        place = checked(Place(path, "__version__", Assignment("__version__", constants=True)), text)
        if isinstance(place, Place) or place.line:
            return place
        source = source or place
        if not isinstance(source, Place) and "__version__" in text:
            source = Computed(path, 0, "__version__ is not assigned at the top of the module, as a plain text")
    return source or Computed(folder, 0, "there is no file in it")


def flit_module(pyproject: Mapping[str, Any]) -> str:
    """The module of a project that flit builds; empty if none is named."""
    module = table(pyproject, "tool", "flit", "module").get("name")
    metadata = table(pyproject, "tool", "flit", "metadata").get("module")
    name = table(pyproject, "project").get("name")
    module_name = module or metadata or (name.replace("-", "_") if isinstance(name, str) else "")
    return module_name if isinstance(module_name, str) else ""


def maturin(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """The manifest of the crate: https://www.maturin.rs/metadata.html."""
    manifest = cargo_manifest(pyproject)
    crate = read(manifest)
    if crate is None:
        return Computed(PYPROJECT, line_of(text, "maturin"), f"{manifest}, which holds the version, does not exist")
    if "version" not in _inherited(crate):
        return checked(Place(manifest, "[package] version", CargoValue("package", "version")), crate)
    folder = manifest.rpartition("/")[0]
    for up in range(LEVELS):
        path = normpath("/".join(part for part in [folder, *[".."] * up, "Cargo.toml"] if part))
        place = Place(path, "[workspace.package] version", CargoValue("workspace", "package", "version"))
        if isinstance(checked(place, read(path) or ""), Place):
            return place
    return Computed(manifest, line_of(crate, "version", "workspace"), "no workspace above it gives the version")


def cargo_manifest(pyproject: Mapping[str, Any]) -> str:
    """The path of the crate's manifest."""
    path = table(pyproject, "tool", "maturin").get("manifest-path", "Cargo.toml")
    return normpath(path) if isinstance(path, str) else "Cargo.toml"


def _inherited(crate: str) -> dict[str, Any]:
    """The keys of a crate that its workspace gives."""
    package = table(parse(crate, "Cargo.toml"), "package")
    return {key: value for key, value in package.items() if isinstance(value, dict) and value.get("workspace") is True}


def meson(_: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """The first statement of meson.build: https://mesonbuild.com/meson-python/reference/pyproject-settings.html."""
    build = read("meson.build")
    if build is None:
        return Computed(PYPROJECT, line_of(text, "mesonpy"), "there is no meson.build, which would hold the version")
    return checked(Place("meson.build", "project(version: …)", MesonProject("version")), build)


def _pattern(given: object, default: str, group: str | int = "version") -> Pattern:
    return Pattern(given, group, given=True) if isinstance(given, str) else Pattern(default, group)


def _by_pattern(path: str, pattern: Pattern, read: Read) -> VersionSource:
    path = normpath(path)
    text = inside(path, read)
    if text is None:
        return Computed(path, 0, NO_FILE)
    label = "__version__" if pattern.pattern in {HATCH_PATTERN, PDM_PATTERN} else "the version"
    return checked(Place(path, label, pattern), text)
