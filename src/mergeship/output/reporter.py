"""Where events go: a live view on a terminal, lines elsewhere, JSON lines for programs; standard error always."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mergeship.core.progress import Reporter
from mergeship.output.lines import JsonLines, Lines


def line_reporter(*, as_json: bool) -> Reporter:
    """A reporter that writes events as lines."""
    return JsonLines(sys.stderr).report if as_json else Lines(sys.stderr).report


@contextmanager
def live_reporter(environ: Mapping[str, str], *, as_json: bool) -> Iterator[Reporter]:
    """The same in a live view, which a program, a pipe or a dumb terminal does not get."""
    if as_json or not sys.stderr.isatty() or environ.get("TERM") == "dumb":
        yield line_reporter(as_json=as_json)
        return
    from rich.console import Console

    from mergeship.output.live import LiveView

    with LiveView(Console(stderr=True, highlight=False)) as view:
        yield view.report
