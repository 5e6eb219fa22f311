"""What each verb gives back: shown as text, or as the JSON document."""

import msgspec

from mergeship.core.declaration import Edit
from mergeship.core.distribution import Distribution
from mergeship.core.release.decision import Outcome
from mergeship.core.release.ledger import State
from mergeship.core.version import Part


class Problem(msgspec.Struct, frozen=True):
    """Why a verb that has something to show failed all the same."""

    code: str
    message: str
    hint: str = ""


class Tested(msgspec.Struct, frozen=True):
    """The project's own tests passed."""

    command: str
    seconds: float


class Gated(msgspec.Struct, frozen=True):
    """What the pipeline would do, and why."""

    decision: Outcome
    reasons: tuple[str, ...]
    bump: Part
    way_out: str = ""

    @property
    def error(self) -> Problem | None:
        """A hold is one."""
        return _hold(self.reasons, self.way_out) if self.decision == "hold" else None


class Unfinished(msgspec.Struct, frozen=True):
    """A release whose upload has begun and not come to its end."""

    version: str
    commit: str
    run: str
    """The workflow run that built its distributions."""
    state: State
    files: tuple[Distribution, ...]


class Decided(msgspec.Struct, frozen=True):
    """What a run does, and the version that it claimed."""

    decision: Outcome
    reasons: tuple[str, ...]
    bump: Part
    commit: str
    version: str
    """Empty where nothing new ships."""
    because: tuple[str, ...]
    """Why that version."""
    since: str
    unfinished: tuple[Unfinished, ...] = ()
    warnings: tuple[str, ...] = ()
    way_out: str = ""
    code: str = "hold"
    """Of the problem, where it is one."""
    dry_run: bool = False

    @property
    def error(self) -> Problem | None:
        """A hold is one."""
        return _hold(self.reasons, self.way_out, self.code) if self.decision == "hold" else None


def _hold(reasons: tuple[str, ...], way_out: str, code: str = "hold") -> Problem:
    return Problem(code, f"hold: {'; '.join(reasons)}", way_out)


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
    restored: tuple[str, ...] = ()
    """Versions begun before whose bytes were found, or built again and were equal."""
    lost: tuple[str, ...] = ()
    """Those whose bytes cannot be had any more: deploy gives them up."""
    dynamic: str | None = None
    """The tool that the version comes from, where it is not declared."""
    dry_run: bool = False


class Delivered(msgspec.Struct, frozen=True):
    """How far a release came."""

    version: str
    commit: str
    state: State
    files: tuple[Distribution, ...]
    tag: str = ""


class Deployed(msgspec.Struct, frozen=True):
    """Every file is on the index, with equal hashes; or would be sent, in a dry run."""

    project: str
    version: str
    """Of the commit that is checked out; empty where only earlier releases were finished."""
    index: str
    releases: tuple[Delivered, ...]
    """In the order in which they were delivered: what was begun before comes first."""
    warnings: tuple[str, ...] = ()
    superseded: str = ""
    """The version that contains this commit, where its own claim was given up meanwhile."""
    dry_run: bool = False


class Synced(msgspec.Struct, frozen=True):
    """What became of the version pull request."""

    action: str
    """opened, moved, unchanged, closed, pushed (the branch alone), or nothing."""
    why: str
    version: str = ""
    branch: str = ""
    commit: str = ""
    pull: int = 0
    url: str = ""
    """Of the pull request; of the page that opens one, where that could not be done."""
    edits: tuple[Edit, ...] = ()
    advice: str = ""
    warnings: tuple[str, ...] = ()
    dry_run: bool = False


class SetUp(msgspec.Struct, frozen=True):
    """A repository that was set up, up to its first release."""

    repository: str
    changed: int
    """How many settings were changed just now."""
    pull: int
    url: str
    version: str
    """What was released; empty where it did not come to that."""
    notes: tuple[str, ...]
    kept: tuple[str, ...]
    error: Problem | None = None


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
    """The folder that holds the sandbox, where it was kept."""
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
