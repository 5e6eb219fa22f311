"""The project's own entry in uv.lock, its own or that of the workspace it is a member of.

Source: https://docs.astral.sh/uv/concepts/projects/workspaces/
"""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration.found import Read
from mergeship.core.declaration.place import PYPROJECT, NotWrittenError, Place
from mergeship.core.declaration.toml_value import LockEntry
from mergeship.core.names import loosely
from mergeship.core.toml import parse, table

LOCK = "uv.lock"
LEVELS = 8  # folders above the project in which its workspace is looked for


def entry(pyproject: Mapping[str, Any], read: Read, where: str) -> Place | None:
    """The place in the lock file; None without one, or where it tells no version of this project.

    `where` is the project's folder, absolute. Raises Misconfigured for a lock file that is broken.
    """
    path = lock_file(read, where)
    if path is None:
        return None
    text = read(path) or ""
    parse(text, path)
    place = Place(path, "its own entry", LockEntry(loosely(str(table(pyproject, "project").get("name")))))
    try:
        place.format.read(text)
    except NotWrittenError:
        return None
    return place


def lock_file(read: Read, where: str) -> str | None:
    """The path of the lock file that a project is in; None without one."""
    if read(LOCK) is not None:
        return LOCK
    parts = where.split("/")
    for up in range(1, min(LEVELS, len(parts) - 1) + 1):
        above = "../" * up
        text = read(f"{above}{PYPROJECT}")
        if text and "workspace" in text and _has_member(text, "/".join(parts[-up:])):
            return f"{above}{LOCK}" if read(f"{above}{LOCK}") is not None else None
    return None


def _has_member(text: str, path: str) -> bool:
    import tomllib

    try:
        workspace = table(tomllib.loads(text), "tool", "uv", "workspace")
    except (ValueError, RecursionError):
        return False
    return _any(workspace.get("members"), path) and not _any(workspace.get("exclude"), path)


def _any(patterns: object, path: str) -> bool:
    listed = patterns if isinstance(patterns, list) else []
    return any(_matches(str(pattern), path) for pattern in listed)


def _matches(pattern: str, path: str) -> bool:
    """Whether a path fits a pattern, part by part; `*` stops at a slash."""
    from pathlib import PurePosixPath

    wanted, parts = PurePosixPath(pattern), PurePosixPath(path)
    return len(wanted.parts) == len(parts.parts) and parts.match(pattern)
