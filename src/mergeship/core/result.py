"""What each verb gives back: shown as text, or as the JSON document."""

import msgspec

from mergeship.core.declaration import Edit
from mergeship.core.distribution import Distribution


class Problem(msgspec.Struct, frozen=True):
    """Why a verb that has something to show failed all the same."""

    code: str
    message: str
    hint: str = ""


class Tested(msgspec.Struct, frozen=True):
    """The project's own tests passed."""

    command: str
    seconds: float


class Built(msgspec.Struct, frozen=True):
    """Distributions were built once, and checked; or would be, in a dry run."""

    project: str
    version: str
    declared: str | None
    reasons: tuple[str, ...]
    commit: str
    edits: tuple[Edit, ...]
    files: tuple[Distribution, ...] = ()
    imported: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    dynamic: str | None = None
    """The tool that the version comes from, where it is not declared."""
    dry_run: bool = False


class Deployed(msgspec.Struct, frozen=True):
    """Every file is on the index, with equal hashes; or would be sent, in a dry run."""

    project: str
    version: str
    index: str
    files: tuple[Distribution, ...]
    dry_run: bool = False


class Release(msgspec.Struct, frozen=True):
    """A version that a rehearsal saw appear on the index. Merges count from 1."""

    merge: int
    version: str
    commit: str
    files: tuple[Distribution, ...]


class Proof(msgspec.Struct, frozen=True):
    """One thing that must hold of a merge."""

    merge: int
    name: str
    held: bool
    detail: str


class Job(msgspec.Struct, frozen=True):
    """A job of the workflow: passed, failed, or skipped."""

    merge: int
    name: str
    status: str
    seconds: float
    failed_step: str = ""
    tail: tuple[str, ...] = ()
    """The failing step's last lines."""


class Rehearsed(msgspec.Struct, frozen=True):
    """A whole rehearsal."""

    project: str
    workflow: str
    releases: tuple[Release, ...]
    jobs: tuple[Job, ...]
    proofs: tuple[Proof, ...]
    not_rehearsed: tuple[str, ...]
    seconds: float
    kept: str = ""
    """The folder that holds the sandbox, where it was kept."""
    error: Problem | None = None
