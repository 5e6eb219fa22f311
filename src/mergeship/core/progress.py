"""What happens while something runs, reported as it happens."""

from collections.abc import Callable

import msgspec

TAIL = 25
"""Lines of a failing step's output that are kept and shown."""


class Note(msgspec.Struct, frozen=True, tag="note"):
    """A line for the person who waits."""

    text: str


class MergeStarted(msgspec.Struct, frozen=True, tag="merge-started"):
    """A merge has reached main and its workflow begins. Merges count from 1."""

    merge: int
    commit: str
    title: str
    jobs: tuple[str, ...]


class JobStarted(msgspec.Struct, frozen=True, tag="job-started"):
    """A job begins."""

    job: str


class StepStarted(msgspec.Struct, frozen=True, tag="step-started"):
    """A step of a job begins."""

    job: str
    step: str


class StepSaid(msgspec.Struct, frozen=True, tag="step-said"):
    """A line of a step's output."""

    job: str
    step: str
    line: str


class StepEnded(msgspec.Struct, frozen=True, tag="step-ended"):
    """A step has ended."""

    job: str
    step: str
    passed: bool
    seconds: float


class JobEnded(msgspec.Struct, frozen=True, tag="job-ended"):
    """A job has ended."""

    job: str
    passed: bool
    seconds: float


class ProofReported(msgspec.Struct, frozen=True, tag="proof"):
    """One proof of one release, as soon as it is known."""

    merge: int
    name: str
    held: bool
    detail: str


class DrillStarted(msgspec.Struct, frozen=True, tag="drill-started"):
    """A drill begins."""

    name: str


class DrillEnded(msgspec.Struct, frozen=True, tag="drill"):
    """One drill, as soon as it has ended."""

    name: str
    passed: bool
    seen: str
    seconds: float


Event = (
    DrillStarted
    | DrillEnded
    | Note
    | MergeStarted
    | JobStarted
    | StepStarted
    | StepSaid
    | StepEnded
    | JobEnded
    | ProofReported
)
Reporter = Callable[[Event], None]
