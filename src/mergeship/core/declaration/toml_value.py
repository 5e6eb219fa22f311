"""A version in a TOML file: pyproject.toml, Cargo.toml, uv.lock."""

import re
from typing import Any

from mergeship.core.declaration.place import NotWrittenError, Parsed, PlainFormat, quoted
from mergeship.core.toml import BrokenTomlError, loads


def _parsed(text: str) -> dict[str, Any]:
    try:
        return loads(text)
    except BrokenTomlError as error:
        raise NotWrittenError(0, f"not valid TOML: {error}") from error


class TomlValue(PlainFormat):
    """The text at a path of keys."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def read(self, text: str) -> Parsed:
        """The version, and the parsed document without it. Raises NotWrittenError."""
        document = _parsed(text)
        version = _taken(_parent(document, self.keys), ".".join(self.keys))
        return Parsed(version, quoted(text, version), _comparable(document))


class _OfACrate(PlainFormat):
    """A version of a Rust crate, which is a semantic version: https://doc.rust-lang.org/cargo/reference/manifest.html."""

    def spell(self, version: str) -> str:
        """`0.2.0rc1` as `0.2.0-rc.1`, as maturin reads it back. Raises NotWrittenError for what has no such form."""
        from packaging.version import Version

        parsed = Version(version)
        numbers = ".".join(map(str, (*parsed.release, 0, 0)[: max(3, len(parsed.release))]))
        suffix = [f"{_STAGES[parsed.pre[0]]}.{parsed.pre[1]}"] if parsed.pre else []
        suffix += [f"dev.{parsed.dev}"] if parsed.dev is not None else []
        spelled = "-".join([numbers, ".".join(suffix)]) if suffix else numbers
        if parsed.epoch or parsed.local or parsed.is_postrelease or len(suffix) > 1 or numbers.count(".") > _DOTS:
            raise NotWrittenError(0, f"{version} cannot be written as a version of a Rust crate")
        return spelled


class CargoValue(_OfACrate, TomlValue):
    """The text at a path of keys, as a version of a Rust crate."""


_STAGES = {"a": "alpha", "b": "beta", "rc": "rc"}
_DOTS = 2  # of major.minor.patch


class LockEntry(PlainFormat):
    """The version of the project's own entry in uv.lock: the one with its name that comes from its folder.

    `name` is normalized, as uv writes it; `folder` is relative to the lock file.
    """

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self.folder = folder

    def read(self, text: str) -> Parsed:
        """The version, and the parsed lock file without it. Raises NotWrittenError if there is no such entry."""
        document = _parsed(text)
        version = _taken(self._entry(document), "version")
        # uv and cargo write the version in the line below the name
        line = rf"^name = \"{re.escape(self.name)}\"\r?\nversion = \"(?P<version>[^\"\r\n]*)\""
        spans = [match.span("version") for match in re.finditer(line, text, re.MULTILINE)]
        return Parsed(version, spans, _comparable(document))

    def _entry(self, document: dict[str, Any]) -> dict[str, Any]:
        entries = document.get("package")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("name") == self.name and self._is_own(entry.get("source")):
                own: dict[str, Any] = entry
                return own
        raise NotWrittenError(0, f"there is no entry of {self.name}")

    def _is_own(self, source: object) -> bool:
        where_from = source if isinstance(source, dict) else {}
        return any(where_from.get(kind) == self.folder for kind in ("editable", "virtual", "directory"))


class CargoLockEntry(_OfACrate, LockEntry):
    """The version of a crate in Cargo.lock: an entry without a source is of the workspace itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")

    def _is_own(self, source: object) -> bool:
        return source is None


def _parent(document: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    table: Any = document
    for key in keys[:-1]:
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict) or keys[-1] not in table:
        raise NotWrittenError(0, f"there is no {'.'.join(keys)}")
    return table


def _taken(table: dict[str, Any], key: str) -> str:
    """The text under the last of the keys, taken out."""
    value = table.pop(key.rpartition(".")[2], None)
    if not isinstance(value, str):
        raise NotWrittenError(0, f"{key} is {value!r}, not a text")
    return value


def _comparable(document: dict[str, Any]) -> str:
    return repr(document)  # == takes 1, 1.0 and true for the same, and nan for different
