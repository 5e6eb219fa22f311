"""The project's own entries in lock files: in uv.lock, also that of its workspace, and in Cargo.lock.

Sources: https://docs.astral.sh/uv/concepts/projects/workspaces/, https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html
"""

from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration.place import PYPROJECT, Place
from mergeship.core.declaration.toml_value import CargoLockEntry, LockEntry
from mergeship.core.declaration.version_source import Read, checked
from mergeship.core.names import loosely
from mergeship.core.toml import BrokenTomlError, loads, parse, table

LOCK = "uv.lock"
LEVELS = 8  # folders above the project in which its workspace is looked for


def uv_entry(pyproject: Mapping[str, Any], read: Read, folder: str) -> Place | None:
    """The place in uv.lock; None without one, or if it has no version of this project.

    `folder` is the project's folder, absolute. Raises Misconfigured for a lock file that is broken.
    """
    name = table(pyproject, "project").get("name")
    path, source = lock_file(read, folder)
    if path is None or not isinstance(name, str):
        return None
    return _own_entry(path, LockEntry(loosely(name), source), read)


def cargo_entry(manifest: Place, read: Read) -> Place | None:
    """The place in the Cargo.lock beside the manifest that gives the version; None if it has no such entry.

    Crates of the workspace that inherit the version have entries of their own, which are left to cargo.
    """
    folder = manifest.path.removesuffix("Cargo.toml")
    path = f"{folder}Cargo.lock"
    if read(path) is None:
        return None
    crate = table(parse(read(manifest.path) or "", manifest.path), "package").get("name")
    return _own_entry(path, CargoLockEntry(str(crate)), read)


def _own_entry(path: str, entry: LockEntry, read: Read) -> Place | None:
    """The place of an entry, if the file has it. Raises Misconfigured for a lock file that is broken."""
    place, text = Place(path, "its own entry", entry), read(path) or ""
    if isinstance(checked(place, text), Place):
        return place
    parse(text, path)
    return None


def lock_file(read: Read, folder: str) -> tuple[str | None, str]:
    """The path of the uv.lock that a project is in, None without one; and the project's own path from there."""
    if read(LOCK) is not None:
        return LOCK, "."
    parts = folder.split("/")
    for up in range(1, min(LEVELS, len(parts) - 1) + 1):
        above, path = "../" * up, "/".join(parts[-up:])
        text = read(f"{above}{PYPROJECT}")
        if text and "workspace" in text and _has_member(text, path):
            return (f"{above}{LOCK}" if read(f"{above}{LOCK}") is not None else None), path
    return None, "."


def _has_member(text: str, path: str) -> bool:
    try:
        workspace = table(loads(text), "tool", "uv", "workspace")
    except BrokenTomlError:
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
