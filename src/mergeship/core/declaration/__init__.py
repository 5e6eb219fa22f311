"""Where a project declares its version: found, read, and rewritten in those places and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mergeship.core import pep440
from mergeship.core.declaration.find import find
from mergeship.core.declaration.place import PYPROJECT, Edit, Place, read, rewrite
from mergeship.core.declaration.version_source import Computed, Read, Vcs
from mergeship.errors import Misconfigured

__all__ = ["PYPROJECT", "Declared", "Edit", "Place", "Read", "Rewritten", "Vcs", "declared", "rewritten"]


class Declared(NamedTuple):
    """What a project declares."""

    version: str | None
    """As written; None if it comes from the repository's tags."""
    places: tuple[Place, ...]
    """Where it is written, the one that decides first; none for a version that comes from elsewhere."""
    locks: tuple[Place, ...] = ()
    """The project's own entries in lock files: what they say follows the places above."""
    vcs: Vcs | None = None

    @property
    def tag_prefix(self) -> str:
        """What the project's own tags begin with, if a tool has set that."""
        return self.vcs.tag_prefix if self.vcs else ""


class Rewritten(NamedTuple):
    """A whole file, before and after."""

    path: str
    before: str
    after: str


def declared(
    pyproject: Mapping[str, Any], text: str, read_file: Read, version_files: Sequence[str], folder: str
) -> Declared:
    """The version that a project declares, and every place where it is written.

    `text` is the pyproject.toml; `version_files` are the setting of that name; `folder` is the project's own
    folder, absolute. Raises Misconfigured if the version is computed, broken, or differs from place to place.
    """
    source = find(pyproject, text, read_file)
    named = _named(version_files)
    if isinstance(source, Vcs):
        if named:
            raise Misconfigured(
                "version-from-tags",
                f"version-files names {named[0].path}, but the version comes from tags, through {source.tool}",
                hint="take version-files out: what comes from tags is written nowhere",
            )
        return Declared(None, (), vcs=source)
    if isinstance(source, Computed):
        if not named:
            raise _refusal(source)
        places = named
    else:
        places = (source, *named)
    versions = [read(place, _content(place, read_file)).version for place in places]
    for place, version in zip(places[1:], versions[1:], strict=True):
        if not pep440.same(version, versions[0]):
            raise Misconfigured(
                "versions-differ",
                f"{places[0]} is {versions[0]}, but {place} is {version}",
                hint="write the same version in both",
            )
    return Declared(versions[0], places, _locks(pyproject, places[0], read_file, folder))


def rewritten(places: Sequence[Place], read_file: Read, version: str) -> tuple[tuple[Rewritten, ...], tuple[Edit, ...]]:
    """Every file that changes when `version` is written into all the places, and every line of them.

    Raises Misconfigured if it cannot be written into one of them; then none is to be written.
    """
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    edits = []
    for place in places:
        text = before.setdefault(place.path, _content(place, read_file))
        after[place.path], edit = rewrite(place, after.get(place.path, text), version)
        edits.append(edit)
    files = tuple(Rewritten(path, before[path], after[path]) for path in before if before[path] != after[path])
    return files, tuple(edit for edit in edits if edit.before != edit.after)


def _content(place: Place, read_file: Read) -> str:
    text = read_file(place.path)
    if text is None:
        raise Misconfigured(
            "version-not-written",
            f"{place.path} does not exist, and is to hold the version",
            hint="create it, or correct the setting that names it in pyproject.toml",
        )
    return text


def _named(version_files: Sequence[str]) -> tuple[Place, ...]:
    if not version_files:
        return ()
    from mergeship.core.declaration.version_files import named

    return named(version_files)


def _locks(pyproject: Mapping[str, Any], place: Place, read_file: Read, folder: str) -> tuple[Place, ...]:
    from mergeship.core.declaration.lock import cargo_entry, uv_entry

    crate = cargo_entry(place, read_file) if place.path.endswith("Cargo.toml") else None
    return tuple(filter(None, [uv_entry(pyproject, read_file, folder), crate]))


def _refusal(computed: Computed) -> Misconfigured:
    path = f"{computed.path}:{computed.line}" if computed.line else computed.path
    return Misconfigured(
        "version-not-written",
        f"{path}: {computed.why}",
        hint="write it as a plain text, or name the line that holds it: "
        """[tool.mergeship] version-files = ['src/package/__init__.py: __version__ = "{version}"']""",
    )
