"""Events as plain lines, as they come: for logs, pipes and programs."""

from collections import deque
from typing import TextIO, assert_never

from mergeship.core.progress import (
    TAIL,
    DrillEnded,
    DrillStarted,
    Event,
    JobEnded,
    JobStarted,
    MergeStarted,
    Note,
    ProofReported,
    StepEnded,
    StepSaid,
    StepStarted,
)  # fmt: skip
from mergeship.output import document


class Lines:
    """Writes each event as one line; the last lines of a failing step's output follow it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said: deque[str] = deque(maxlen=TAIL)

    def report(self, event: Event) -> None:  # noqa: C901 - one case an event
        """Write one event."""
        match event:
            case DrillStarted():
                pass  # its end says everything
            case DrillEnded(name, passed, seen, seconds):
                self._write(f"{'ok  ' if passed else 'FAIL'} {name} ({seconds:.1f} s): {seen}")
            case Note(text):
                self._write(text)
            case MergeStarted(merge, commit, title):
                self._write(f"merge {merge}: {title} ({commit[:12]})")
            case JobStarted(job):
                self._write(f"  {job}")
            case StepStarted():
                self._said.clear()
            case StepSaid(_, _, line):
                self._said.append(line)
            case StepEnded(_, step, passed, seconds):
                self._write(f"    {'ok  ' if passed else 'FAIL'} {step} ({seconds:.1f} s)")
                for line in () if passed else self._said:
                    self._write(f"         {line}")
            case JobEnded(job, passed, seconds):
                self._write(f"  {job}: {'passed' if passed else 'FAILED'} in {seconds:.1f} s")
            case ProofReported(_, name, held, detail):
                self._write(f"  {'proven' if held else 'NOT PROVEN'}: {name}: {detail}")
            case _:
                assert_never(event)

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class JsonLines:
    """Writes each event as one line of JSON."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def report(self, event: Event) -> None:
        """Write one event."""
        print(document.event(event), file=self._stream, flush=True)
