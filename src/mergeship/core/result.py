"""What comes of a rehearsal, of drills, and of a plan; and what is wrong with a result that can be shown."""

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.release.ledger import State


class Problem(msgspec.Struct, frozen=True):
    """Why a verb that has something to show failed all the same."""

    code: str
    message: str
    hint: str = ""

    @classmethod
    def of_hold(cls, reasons: tuple[str, ...], remedy: str, code: str = "hold") -> "Problem":
        """A hold is one."""
        return cls(code, f"hold: {'; '.join(reasons)}", remedy)


class Unfinished(msgspec.Struct, frozen=True):
    """A release whose upload has begun and not come to its end."""

    version: str
    commit: str
    run: str
    """The workflow run that built its distributions."""
    state: State
    files: tuple[Distribution, ...]
    listed: bool = False
    """Whether the index has all of it: then its bytes are not needed any more."""


class ChangeMade(msgspec.Struct, frozen=True):
    """A change of a setting, by its name."""

    action: str
    kind: str
    name: str


class Applied(msgspec.Struct, frozen=True):
    """How far a plan was carried out."""

    repository: str
    done: tuple[ChangeMade, ...]
    failed: ChangeMade | None
    not_tried: tuple[ChangeMade, ...]
    kept: tuple[str, ...]
    """What should go, and stayed."""
    notes: tuple[str, ...]
    error: Problem | None = None


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
    """The folder that holds the sandbox, if it was kept."""
    error: Problem | None = None


class DrillResult(msgspec.Struct, frozen=True):
    """One drill: what was injected, what was demanded, and what was seen."""

    name: str
    passed: bool
    injected: str
    expected: str
    seen: str
    seconds: float


class Drilled(msgspec.Struct, frozen=True):
    """Drills of one project."""

    project: str
    drills: tuple[DrillResult, ...]
    seconds: float
    error: Problem | None = None
