"""TOML files, parsed; whatever their author made of them."""

import tomllib
from collections.abc import Mapping
from typing import Any

from mergeship.errors import Misconfigured

BOM = "\ufeff"


class BrokenTomlError(ValueError):
    """A text is not TOML. Says where, in the parser's words."""


def loads(text: str) -> dict[str, Any]:
    """The parsed text, with or without a byte order mark. Raises BrokenTomlError."""
    try:
        return tomllib.loads(text.removeprefix(BOM))
    except (ValueError, RecursionError) as error:  # a ValueError of its own, or of a number with too many digits
        raise BrokenTomlError(str(error)) from error


def parse(text: str, path: str = "pyproject.toml") -> dict[str, Any]:
    """The same for a file that has to be TOML. Raises Misconfigured with line and column."""
    try:
        return loads(text)
    except BrokenTomlError as error:
        raise Misconfigured("broken-toml", f"{path} is not valid TOML: {error}", hint="fix that line") from error


def table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The table at a path of keys; empty if there is none, or something that is no table."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}
