"""Where setuptools takes the version from.

Source: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html and .../declarative_config.html
"""

from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from mergeship.core.declaration import scm, setup_call
from mergeship.core.declaration.assignment import Assignment, parsed
from mergeship.core.declaration.cfg_option import CfgOption
from mergeship.core.declaration.cfg_option import parsed as parsed_cfg
from mergeship.core.declaration.pattern import Whole
from mergeship.core.declaration.place import PYPROJECT, NotWrittenError, Place
from mergeship.core.declaration.version_source import NO_FILE, Computed, Read, VersionSource, checked, inside, line_of
from mergeship.core.toml import table

SETUP_CFG = "setup.cfg"
SETUP_PY = "setup.py"
Options = Mapping[str, Mapping[str, str]]


def find(pyproject: Mapping[str, Any], text: str, read: Read) -> VersionSource:
    """Where the version of a project that setuptools builds comes from; `text` is the pyproject.toml.

    A version that is written out goes before the tool that would take one from tags, as it does in setuptools.
    """
    script, options_text = read(SETUP_PY), read(SETUP_CFG)
    try:
        options = parsed_cfg(options_text or "")
    except NotWrittenError as error:
        return Computed(SETUP_CFG, error.line, error.why)
    written = _written(pyproject, text, options, read)
    generated = scm.generated(pyproject, script)
    if isinstance(written, Place) and written.path not in generated:
        return written
    tagged = scm.configured(pyproject) or scm.in_script(script, options) or scm.in_options(options)
    if tagged:
        return tagged
    if written is not None:
        return written
    if options_text is not None:
        script_says = "and there is no setup.py" if script is None else "nor does setup.py"
        return Computed(SETUP_CFG, line_of(options_text, "[metadata]"), f"it gives no version, {script_says}")
    return Computed(PYPROJECT, line_of(text, "version"), "nothing beside it says what the version is")


def _written(pyproject: Mapping[str, Any], text: str, options: Options, read: Read) -> VersionSource | None:
    """The first of pyproject.toml, setup.py and setup.cfg that gives a version; None if none of them does."""
    dynamic = table(pyproject, "tool", "setuptools", "dynamic").get("version")
    if isinstance(dynamic, Mapping):
        return _dynamic(dynamic, text, _Layout(pyproject, options, read), read)
    script = _from_script(read)
    if script is not None:
        return script
    kind, colon, value = options.get("metadata", {}).get("version", "").strip().partition(":")
    if colon and kind == "attr":
        line = line_of(read(SETUP_CFG) or "", "attr:")
        return _attribute(value.strip(), _Layout(pyproject, options, read), read, (SETUP_CFG, line))
    if colon and kind == "file":
        return _file(value.strip(), read)
    return Place(SETUP_CFG, "[metadata] version", CfgOption("metadata", "version")) if kind else None


def _dynamic(dynamic: Mapping[str, Any], text: str, layout: "_Layout", read: Read) -> VersionSource:
    attr, file = dynamic.get("attr"), dynamic.get("file")
    if isinstance(attr, str):
        return _attribute(attr, layout, read, (PYPROJECT, line_of(text, "attr")))
    if isinstance(file, list) and len(file) == 1:
        file = file[0]
    if isinstance(file, str):
        return _file(file, read)
    return Computed(PYPROJECT, line_of(text, "version", "file"), "the version is put together of several files")


def _from_script(read: Read) -> VersionSource | None:
    """What setup.py says; it goes before setup.cfg. None if it leaves the version to that."""
    text = read(SETUP_PY)
    if text is None:
        return None
    try:
        if setup_call.argument(parsed(text), "version") is None:
            return None
    except NotWrittenError as error:
        return Computed(SETUP_PY, error.line, error.why)
    return checked(Place(SETUP_PY, "setup(version=…)", setup_call.SetupCall("version")), text)


def build_tag(read: Read) -> Computed | None:
    """Why a version that is written out is not the one that is built: setup.cfg may add to it."""
    text = read(SETUP_CFG) or ""
    try:
        options = parsed_cfg(text).get("egg_info", {})
    except NotWrittenError:
        return None  # reported by those who need it
    for option in ("tag_build", "tag_date"):
        if options.get(option, "").strip().lower() not in {"", "0", "no", "false", "off"}:
            return Computed(SETUP_CFG, line_of(text, option), f"[egg_info] {option} adds to the version")
    return None


class _Layout:
    """Where the packages of a project are, as its three files say together."""

    def __init__(self, pyproject: Mapping[str, Any], options: Options, read: Read) -> None:
        settings = table(pyproject, "tool", "setuptools")
        own = options.get("options", {})
        given = setup_call.literals(read(SETUP_PY), ("package_dir", "packages", "py_modules", "ext_modules"))
        folders = given.get("package_dir")
        self.hidden = "package_dir" in given and not isinstance(folders, dict)
        """Whether setup.py computes the folders."""
        in_options = dict(_pairs(own.get("package_dir", "")))
        directories = (folders if isinstance(folders, dict) else {}) or in_options or table(settings, "package-dir")
        self.folders = {str(key): str(value) for key, value in directories.items()}
        roots = table(settings, "packages", "find").get("where", options.get("options.packages.find", {}).get("where"))
        self.where = _items(roots) if isinstance(roots, str) else roots if isinstance(roots, list) else []
        listed = {"packages", "py-modules"} & set(settings) or {"packages", "py_modules"} & set(own)
        self.discovered = not listed and not {"packages", "py_modules", "ext_modules"} & set(given)
        """Whether setuptools looks for the packages itself; it prefers a folder src then."""

    def roots(self, module: list[str]) -> Iterator[str]:
        """Where a module may be, without the suffix of its file."""
        for count in range(len(module), 0, -1):
            folder = self.folders.get(".".join(module[:count]))
            if folder is not None:
                yield _joined(folder, *module[count:])
                return
        if "" in self.folders:
            yield _joined(self.folders[""], *module)
            return
        for folder in ["src"] if self.discovered else self.where:
            yield _joined(str(folder), *module)
        yield _joined("", *module)


def _joined(*parts: str) -> str:
    return "/".join(part for path in parts for part in path.split("/") if part not in {"", "."})


def _items(text: str) -> list[str]:
    """A list in setup.cfg: lines, or what stands between commas."""
    return [item.strip() for item in text.replace(",", "\n").splitlines() if item.strip()]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """setup.cfg's `package_dir`: items of `package = folder`."""
    for item in _items(text):
        package, equals, folder = item.partition("=")
        if equals:
            yield package.strip(), folder.strip()


def _attribute(attr: str, layout: _Layout, read: Read, named_in: tuple[str, int]) -> VersionSource:
    """`package.module.NAME`: the first assignment in the first file that there is for that module."""
    if layout.hidden:
        return Computed(SETUP_PY, 0, "it computes package_dir, so the file behind the attribute cannot be determined")
    *module, name = attr.strip().split(".")
    paths = [path for root in layout.roots(module) for path in _module(root)]
    for path in paths:
        text = inside(path, read)
        if text is not None:
            return checked(Place(path, name, Assignment(name)), text)
    return Computed(*named_in, f"none of {', '.join(paths)} exists")


def _module(root: str) -> list[str]:
    return [f"{root}.py", f"{root}/__init__.py"] if root else ["__init__.py"]


def _file(path: str, read: Read) -> VersionSource:
    path = normpath(path)
    if inside(path, read) is None:
        return Computed(path, 0, NO_FILE)
    return Place(path, "", Whole())


def name(read: Read) -> str | None:
    """The project's name, from setup.py or setup.cfg; None if neither gives one as a plain text."""
    for path, place in ((SETUP_PY, setup_call.SetupCall("name")), (SETUP_CFG, CfgOption("metadata", "name"))):
        try:
            return place.read(read(path) or "").version
        except NotWrittenError:
            continue
    return None
