"""Where the other backends take the version from; setuptools has a file of its own."""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration import scm
from mergeship.core.declaration.found import Computed, Found, Read, line_of, outside
from mergeship.core.declaration.meson import MesonProject
from mergeship.core.declaration.pattern import Pattern
from mergeship.core.declaration.place import PYPROJECT, NotWrittenError, Place
from mergeship.core.declaration.python_file import first_assignment
from mergeship.core.declaration.toml_value import CargoValue
from mergeship.core.toml import table

# https://hatch.pypa.io/latest/plugins/version-source/regex/
HATCH_PATTERN = r"""(?i)^(?:__version__|VERSION)(?: ?\: ?str)? *= *(['"])v?(?P<version>.+?)\1"""
# https://backend.pdm-project.org/metadata/#from-a-given-file-path
PDM_PATTERN = r"""^(?:__version__|VERSION)\s*=\s*["'](.+?)["']\s*(?:#.*)?$"""


def hatch(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """Hatchling: https://hatch.pypa.io/latest/version/."""
    settings = table(pyproject, "tool", "hatch", "version")
    source = settings.get("source", "regex")
    if source == "vcs":
        return scm.HATCH_VCS
    if source == "uv-dynamic-versioning":
        return scm.UV_DYNAMIC_VERSIONING
    path = settings.get("path")
    if source != "regex" or not isinstance(path, str):
        line = line_of(text, "[tool.hatch.version]")
        return Computed(PYPROJECT, line, f"hatch's version source {source!r} computes the version")
    pattern = settings.get("pattern")
    # hatch takes `pattern = true` for its own
    return _by_pattern(path, Pattern(pattern if isinstance(pattern, str) and pattern else HATCH_PATTERN), read)


def pdm(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """PDM: https://backend.pdm-project.org/metadata/#dynamic-project-version."""
    settings = table(pyproject, "tool", "pdm", "version")
    source = settings.get("source", "file" if "path" in settings else "")
    if source == "scm" or settings.get("use_scm"):
        return scm.PDM_SCM
    path = settings.get("path", settings.get("from"))
    if isinstance(path, str) and source in {"file", ""}:
        pattern = settings.get("pattern")
        return _by_pattern(path, Pattern(pattern if isinstance(pattern, str) else PDM_PATTERN, 1), read)
    line = line_of(text, "[tool.pdm.version]")
    return Computed(PYPROJECT, line, f"PDM's version source {source!r} computes the version")


def flit(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """Flit reads `__version__` of the module: https://flit.pypa.io/en/stable/rationale.html."""
    module = flit_module(pyproject)
    if not module:
        return Computed(PYPROJECT, line_of(text, "flit"), "it does not name the module that holds the version")
    path = module.replace(".", "/")
    files = ("__init__.py", "version.py", "_version.py", "__version__.py")
    missing = Computed(
        PYPROJECT, line_of(text, "name"), f"the module {module}, which holds the version, does not exist"
    )
    for root in ("", "src/"):
        if read(f"{root}{path}/__init__.py") is not None:
            return first_assignment(read, [f"{root}{path}/{file}" for file in files], "__version__", missing)
        if read(f"{root}{path}.py") is not None:
            return first_assignment(read, [f"{root}{path}.py"], "__version__", missing)
    return missing


def flit_module(pyproject: Mapping[str, Any]) -> str:
    """The module of a project that flit builds; empty where none is named."""
    module = table(pyproject, "tool", "flit", "module").get("name")
    metadata = table(pyproject, "tool", "flit", "metadata").get("module")
    name = table(pyproject, "project").get("name")
    found = module or metadata or (name.replace("-", "_") if isinstance(name, str) else "")
    return found if isinstance(found, str) else ""


def maturin(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """The manifest of the crate: https://www.maturin.rs/metadata.html."""
    manifest = cargo_manifest(pyproject)
    crate = read(manifest)
    if crate is None:
        return Computed(PYPROJECT, line_of(text, "maturin"), f"{manifest}, which holds the version, does not exist")
    own = Place(manifest, "[package] version", CargoValue("package", "version"))
    if "version" not in _inherited(crate):
        return own
    folder = manifest.rpartition("/")[0]
    for up in range(_LEVELS):
        path = "/".join(part for part in [folder, *[".."] * up, "Cargo.toml"] if part)
        root = read(path)
        try:
            place = Place(path, "[workspace.package] version", CargoValue("workspace", "package", "version"))
            if root is not None and place.format.read(root):
                return place
        except NotWrittenError:
            continue
    return Computed(manifest, line_of(crate, "version", "workspace"), "no workspace above it gives the version")


_LEVELS = 8  # folders above a crate in which its workspace is looked for


def cargo_manifest(pyproject: Mapping[str, Any]) -> str:
    """The path of the crate's manifest."""
    path = table(pyproject, "tool", "maturin").get("manifest-path", "Cargo.toml")
    return path if isinstance(path, str) else "Cargo.toml"


def _inherited(crate: str) -> dict[str, Any]:
    """The keys of a crate that its workspace gives."""
    import tomllib

    try:
        package = table(tomllib.loads(crate), "package")
    except (ValueError, RecursionError):
        return {}
    return {key: value for key, value in package.items() if isinstance(value, dict) and value.get("workspace") is True}


def meson(_: Mapping[str, Any], text: str, read: Read) -> Found:
    """The first statement of meson.build: https://mesonbuild.com/meson-python/reference/pyproject-settings.html."""
    build = read("meson.build")
    if build is None:
        return Computed(PYPROJECT, line_of(text, "mesonpy"), "there is no meson.build, which would hold the version")
    place = Place("meson.build", "project(version: …)", MesonProject("version"))
    try:
        place.format.read(build)
    except NotWrittenError as error:
        return Computed("meson.build", error.line, error.why)
    return place


def _by_pattern(path: str, pattern: Pattern, read: Read) -> Found:
    text = None if outside(path) else read(path)
    if text is None:
        return Computed(path, 0, "it is to hold the version, and is no file of the project")
    place = Place(path, "__version__" if pattern.pattern in {HATCH_PATTERN, PDM_PATTERN} else "the version", pattern)
    try:
        place.format.read(text)
    except NotWrittenError as error:
        return Computed(path, error.line, error.why)
    return place
