"""Where events go: a live view on a terminal, lines elsewhere, JSON lines for programs; standard error always."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mergeship.core.event import Tell
from mergeship.output.lines import JsonLines, Lines


def plainly(*, as_json: bool) -> Tell:
    """What to tell events to, as lines."""
    return JsonLines(sys.stderr).tell if as_json else Lines(sys.stderr).tell


@contextmanager
def watching(environ: Mapping[str, str], *, as_json: bool) -> Iterator[Tell]:
    """The same in a live view, which a program, a pipe or a dumb terminal does not get."""
    if as_json or not sys.stderr.isatty() or environ.get("TERM") == "dumb":
        yield plainly(as_json=as_json)
        return
    from rich.console import Console

    from mergeship.output.live import LiveView

    with LiveView(Console(stderr=True, highlight=False)) as view:
        yield view.tell
