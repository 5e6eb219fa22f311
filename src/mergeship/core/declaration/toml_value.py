"""A version in a TOML file: pyproject.toml, Cargo.toml, uv.lock."""

import re
import tomllib
from typing import Any

from mergeship.core.declaration.place import AsItIs, NotWrittenError, Written, quoted


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotWrittenError(0, f"not valid TOML: {error}") from error


class TomlValue(AsItIs):
    """The text at a path of keys."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def read(self, text: str) -> Written:
        """The version, and the parsed document without it. Raises NotWrittenError."""
        document = _parsed(text)
        version = _taken(_parent(document, self.keys), ".".join(self.keys))
        return Written(version, quoted(text, version), _comparable(document))


class CargoValue(TomlValue):
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


_STAGES = {"a": "alpha", "b": "beta", "rc": "rc"}
_DOTS = 2  # of major.minor.patch


class LockEntry(AsItIs):
    """The version of the project's own entry in uv.lock. `name` is normalized, as uv writes it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, text: str) -> Written:
        """The version, and the parsed lock file without it. Raises NotWrittenError where there is no such entry."""
        document = _parsed(text)
        version = _taken(self._entry(document), "version")
        # uv writes the version in the line below the name
        entry = re.compile(
            rf"^name = \"{re.escape(self.name)}\"\r?\nversion = \"(?P<version>[^\"\r\n]*)\"", re.MULTILINE
        )
        return Written(version, [match.span("version") for match in entry.finditer(text)], _comparable(document))

    def _entry(self, document: dict[str, Any]) -> dict[str, Any]:
        entries = document.get("package")
        for entry in entries if isinstance(entries, list) else ():
            source = entry.get("source", {}) if isinstance(entry, dict) else {}
            own = isinstance(source, dict) and _OWN & set(source)
            if own and entry.get("name") == self.name:
                found: dict[str, Any] = entry
                return found
        raise NotWrittenError(0, f"there is no entry of {self.name}")


_OWN = {"editable", "virtual", "directory"}


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
