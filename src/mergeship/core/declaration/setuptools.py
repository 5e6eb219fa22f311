"""Where setuptools takes the version from.

Source: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html and .../declarative_config.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mergeship.core.declaration import scm, setup_call
from mergeship.core.declaration.assignment import parsed
from mergeship.core.declaration.cfg_option import CfgOption
from mergeship.core.declaration.cfg_option import parsed as parsed_cfg
from mergeship.core.declaration.found import Computed, Found, Read, line_of, outside
from mergeship.core.declaration.pattern import Whole
from mergeship.core.declaration.place import PYPROJECT, NotWrittenError, Place
from mergeship.core.declaration.python_file import first_assignment
from mergeship.core.toml import table

SETUP_CFG = "setup.cfg"
SETUP_PY = "setup.py"


def find(pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    """Where the version of a project that setuptools builds comes from; `text` is the pyproject.toml."""
    tagged = scm.configured(pyproject, text)
    if tagged:
        return tagged
    dynamic = table(pyproject, "tool", "setuptools", "dynamic").get("version")
    if isinstance(dynamic, Mapping):
        return _dynamic(dynamic, pyproject, text, read)
    script = _from_script(read)
    if script is not None:
        return script
    options = read(SETUP_CFG)
    if options is not None:
        return _from_options(options, read)
    return Computed(PYPROJECT, line_of(text, "version"), "nothing beside it says what the version is")


def _dynamic(dynamic: Mapping[str, Any], pyproject: Mapping[str, Any], text: str, read: Read) -> Found:
    attr, file = dynamic.get("attr"), dynamic.get("file")
    if isinstance(attr, str):
        settings = table(pyproject, "tool", "setuptools")
        where = table(settings, "packages", "find").get("where")
        folders = settings.get("package-dir", {})
        line = line_of(text, "attr")
        return _attribute(attr, dict(folders) if isinstance(folders, Mapping) else {}, where, read, (PYPROJECT, line))
    if isinstance(file, list) and len(file) == 1:
        file = file[0]
    if isinstance(file, str):
        return _file(file, read)
    return Computed(PYPROJECT, line_of(text, "version", "file"), "the version is put together of several files")


def _from_script(read: Read) -> Found | None:
    """What setup.py says; it goes before setup.cfg. None where it leaves the version to that."""
    text = read(SETUP_PY)
    if text is None:
        return None
    try:
        tagged = scm.in_script(text, read)
        if tagged:
            return tagged
        tree = parsed(text)
        value = setup_call.argument(tree, "version")
        if value is None:
            return None
        place = Place(SETUP_PY, "setup(version=…)", setup_call.SetupCall("version"))
        place.format.read(text)
    except NotWrittenError as error:
        return Computed(SETUP_PY, error.line, error.why)
    return place


def _from_options(text: str, read: Read) -> Found:
    try:
        options = parsed_cfg(text)
    except NotWrittenError as error:
        return Computed(SETUP_CFG, error.line, error.why)
    tagged = scm.in_options(options)
    if tagged:
        return tagged
    version = options.get("metadata", {}).get("version", "").strip()
    if not version:
        there = "and there is no setup.py" if read(SETUP_PY) is None else "nor does setup.py"
        return Computed(SETUP_CFG, line_of(text, "[metadata]"), f"it gives no version, {there}")
    kind, colon, value = version.partition(":")
    if colon and kind == "attr":
        folders = dict(_pairs(options.get("options", {}).get("package_dir", "")))
        where = options.get("options.packages.find", {}).get("where")
        return _attribute(value.strip(), folders, where, read, (SETUP_CFG, line_of(text, "attr:")))
    if colon and kind == "file":
        return _file(value.strip(), read)
    return Place(SETUP_CFG, "[metadata] version", CfgOption("metadata", "version"))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """setup.cfg's `package_dir`: lines or comma-separated items of `package = folder`."""
    for item in text.replace(",", "\n").splitlines():
        package, equals, folder = item.partition("=")
        if equals:
            yield package.strip(), folder.strip()


def _attribute(attr: str, folders: Mapping[str, Any], where: object, read: Read, named_in: tuple[str, int]) -> Found:
    """`package.module.NAME`, looked up as setuptools does: the first assignment in that module."""
    *module, name = attr.strip().split(".")
    paths = [path for root in dict.fromkeys(_roots(module, folders, where)) for path in _module(root)]
    return first_assignment(read, paths, name, Computed(*named_in, f"none of {', '.join(paths)} exists"))


def _roots(module: list[str], folders: Mapping[str, Any], where: object) -> Iterator[str]:
    """The module's path without its suffix, in every folder where setuptools may look."""
    package = module[0] if module else ""
    if package in folders and package:
        yield "/".join([str(folders[package]).strip("/"), *module[1:]])
        return
    named = [where] if isinstance(where, str) else where if isinstance(where, list) else []
    tops = [folders[""]] if "" in folders else named or ["src", "."]
    for top in tops:
        parts = [part for part in str(top).split("/") if part not in {"", "."}]
        yield "/".join([*parts, *module])


def _module(root: str) -> list[str]:
    return [f"{root}.py", f"{root}/__init__.py"] if root else ["__init__.py"]


def _file(path: str, read: Read) -> Found:
    if outside(path) or read(path) is None:
        return Computed(path, 0, "it is to hold the version, and is no file of the project")
    return Place(path, "", Whole())


def name(read: Read) -> str | None:
    """The project's name, from setup.py or setup.cfg; None where neither gives one as a plain text."""
    script, options = read(SETUP_PY), read(SETUP_CFG)
    try:
        if script is not None:
            return setup_call.SetupCall("name").read(script).version
    except NotWrittenError:
        pass
    try:
        return CfgOption("metadata", "name").read(options or "").version
    except NotWrittenError:
        return None
