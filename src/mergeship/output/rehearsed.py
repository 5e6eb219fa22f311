"""The end of a rehearsal: what was released, how long each job took, and what was not shown."""

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mergeship.core.result import Drilled, Rehearsed
from mergeship.output.style import Style

WIDTH = 200  # columns; nothing is cut, so that a pipe and a terminal get the same


def drills(result: Drilled, style: Style) -> str:
    """The table of drills, as text."""
    table = Table(box=None, pad_edge=False)
    for title in ("drill", "", "injected", "seen"):
        table.add_column(title, no_wrap=title in {"drill", ""}, overflow="fold")
    table.add_column("seconds", justify="right")
    for drill in result.drills:
        mark = Text("passed", style="green") if drill.passed else Text("FAILED", style="bold red")
        table.add_row(drill.name, mark, Text(drill.injected), Text(drill.seen), f"{drill.seconds:.1f}")
        if not drill.passed:
            table.add_row("", "", Text("demanded:", style="bold"), Text(drill.expected), "")
    passed = sum(drill.passed for drill in result.drills)
    good = passed == len(result.drills)
    verdict = Text("\nDrilled." if good else "\nNot safe.", style="bold green" if good else "bold red")
    verdict.append(f" {result.project}: {passed} of {len(result.drills)} drills passed, in {result.seconds:.1f} s", "")
    return _rendered(style, table, verdict)


def tables(result: Rehearsed, style: Style) -> str:
    """The tables of a rehearsal, as text."""
    return _rendered(style, *_parts(result))


def _rendered(style: Style, *parts: RenderableType) -> str:
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        highlight=False,
        force_terminal=style.colours,
        color_system="standard" if style.colours else None,
    )
    with console.capture() as captured:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _parts(result: Rehearsed) -> Iterator[RenderableType]:
    yield Text()
    if result.releases:
        yield _releases(result)
        yield Text()
    yield _jobs(result)
    yield Text("\nNot rehearsed:", style="bold")
    for line in result.not_rehearsed:
        yield Text(f"  - {line}", style="dim")
    if result.kept:
        yield Text(f"\nThe sandbox was kept in {result.kept}")
    yield _verdict(result)


def _releases(result: Rehearsed) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("merge", "version", "commit", "file", "sha256"):
        table.add_column(title, no_wrap=True, overflow="fold")
    for release in result.releases:
        head = (str(release.merge), release.version, release.commit[:12])
        for file in release.files:
            table.add_row(*head, file.name, file.sha256[:16] + "…")
            head = ("", "", "")
    return table


def _jobs(result: Rehearsed) -> Table:
    names = list(dict.fromkeys(job.name for job in result.jobs))
    table = Table(box=None, pad_edge=False)
    table.add_column("seconds")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("total", justify="right")
    for merge in dict.fromkeys(job.merge for job in result.jobs):
        jobs = {job.name: job for job in result.jobs if job.merge == merge}
        cells = [_cell(jobs[name].status, jobs[name].seconds) if name in jobs else Text("") for name in names]
        table.add_row(f"merge {merge}", *cells, f"{sum(job.seconds for job in jobs.values()):.1f}")
    return table


def _cell(status: str, seconds: float) -> Text:
    if status == "skipped":
        return Text("skipped", style="dim")
    return Text(f"{seconds:.1f}{'' if status == 'passed' else ' FAILED'}", style="" if status == "passed" else "red")


def _verdict(result: Rehearsed) -> Text:
    proven = sum(proof.held for proof in result.proofs)
    if result.error is None:
        versions = ", ".join(release.version for release in result.releases)
        words = f"{result.project} {versions}: {proven} of {len(result.proofs)} proofs held, in {result.seconds:.1f} s"
        return Text.assemble("\n", ("Rehearsed.", "bold green"), f" {words}")
    return Text.assemble("\n", ("Not releasable.", "bold red"), f" {proven} of {len(result.proofs)} proofs held")
