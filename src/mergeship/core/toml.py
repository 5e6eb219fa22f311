"""A pyproject.toml, parsed; whatever its author made of it."""

import tomllib
from collections.abc import Mapping
from typing import Any

from mergeship.errors import Misconfigured


def parse(text: str) -> dict[str, Any]:
    """The parsed pyproject.toml. Raises Misconfigured with line and column for broken TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            "broken-toml", f"pyproject.toml is not valid TOML: {error}", hint="mend the line that is named"
        ) from error


def table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The table at a path of keys; empty where there is none, or something that is no table."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}
