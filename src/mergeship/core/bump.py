"""A project's next version, and every edit that writes it, as data: shown, then applied, the same."""

from collections.abc import Sequence
from typing import NamedTuple

from mergeship.core import pep440
from mergeship.core.declaration import Declared, Edit, Place, Read, Rewritten, rewritten
from mergeship.core.version import BumpRequest, Next, Used, next_version


class Bump(NamedTuple):
    """What a bump does, or would do."""

    project: str
    declared: str | None
    """As written; None if the version comes from elsewhere."""
    next: str
    reasons: tuple[str, ...]
    edits: tuple[Edit, ...]
    files: tuple[Rewritten, ...]
    dynamic: str | None = None
    """The tool that the version comes from."""
    applied: bool = False


def plan(project: str, declared: Declared, used: Sequence[Used], request: BumpRequest, read: Read) -> Bump:
    """The next version and its edits. `used` is everything that is taken; `read` gives the files.

    Raises Held or Misconfigured if there is no next version, or if it cannot be written.
    """
    return _written(project, declared, next_version(declared.version, used, request), read)


def as_claimed(project: str, declared: Declared, version: str, read: Read) -> Bump:
    """The edits for a version that was claimed already. Raises Misconfigured if it cannot be written."""
    return _written(project, declared, Next(version, ("it is claimed for this commit",)), read)


def _written(project: str, declared: Declared, following: Next, read: Read) -> Bump:
    places: Sequence[Place] = (*declared.places, *declared.locks)
    if declared.version is not None and pep440.same(following.version, declared.version):
        places = ()
    files, edits = rewritten(places, read, following.version)
    dynamic = declared.vcs.tool if declared.vcs else None
    return Bump(project, declared.version, following.version, following.reasons, edits, files, dynamic)
