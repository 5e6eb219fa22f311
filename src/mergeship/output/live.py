"""A rehearsal as it happens, on a terminal."""

import time
from collections import deque
from types import TracebackType
from typing import Self, assert_never

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

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


class LiveView:
    """What runs now, with its elapsed time, below what has ended. Text of steps is never read as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._job = ""
        self._step = ""
        self._drills: list[str] = []
        self._began = time.monotonic()
        self._said: deque[str] = deque(maxlen=TAIL)
        self._live = Live(console=console, get_renderable=self._now, transient=True, refresh_per_second=10)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def report(self, event: Event) -> None:  # noqa: C901 - one case an event
        """Show one event."""
        match event:
            case DrillStarted(name):
                self._drills.append(name)
            case DrillEnded(name, passed, seen, seconds):
                self._drills.remove(name)
                mark = ("✓", "green") if passed else ("✗", "red")
                self._print(Text.assemble(mark, f" {name} ", (f"{seconds:.1f} s ", "dim"), seen))
            case Note(text):
                self._print(Text(text, style="dim"))
            case MergeStarted(merge, commit, title):
                self._print(Text.assemble((f"merge {merge}", "bold"), f"  {title}  ", (commit[:12], "dim")))
            case JobStarted(job):
                self._job, self._step = job, ""
                self._began = time.monotonic()
                self._print(Text(f"  {job}", style="bold"))
            case StepStarted(_, step):
                self._step = step
                self._began = time.monotonic()
                self._said.clear()
            case StepSaid(_, _, line):
                self._said.append(line)
            case StepEnded(_, step, passed, seconds):
                mark = ("✓", "green") if passed else ("✗", "red")
                self._print(Text.assemble("    ", mark, f" {step} ", (f"{seconds:.1f} s", "dim")))
                for line in () if passed else self._said:
                    self._print(Text(f"      {line}", style="red"))
            case JobEnded():
                self._job = self._step = ""
            case ProofReported(_, name, held, detail):
                mark = ("proven", "green") if held else ("NOT PROVEN", "red bold")
                self._print(Text.assemble("  ", mark, f" {name} ", (detail, "dim")))
            case _:
                assert_never(event)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _now(self) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        if self._drills:
            row.add_row(Spinner("dots", style="cyan"), Text(", ".join(self._drills), style="bold"))
            return row
        if not self._job:
            return Text("")
        doing = Text.assemble(
            (self._job, "bold"), "  ", self._step, (f"  {time.monotonic() - self._began:.1f} s", "dim")
        )
        row.add_row(Spinner("dots", style="cyan"), doing)
        last = next((line for line in reversed(self._said) if line.strip()), "")
        return Group(row, Text(f"  {last}", style="dim", no_wrap=True, overflow="ellipsis"))
