"""Where events go: a live view on a terminal, lines elsewhere, JSON lines for programs; standard error always."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mergeship.core.event import Tell
from mergeship.output.lines import JsonLines, Lines


@contextmanager
def telling(environ: Mapping[str, str], *, as_json: bool, live: bool) -> Iterator[Tell]:
    """What to tell events to. `live` asks for the live view, which a pipe or a dumb terminal does not get."""
    if as_json:
        yield JsonLines(sys.stderr).tell
    elif not live or not sys.stderr.isatty() or environ.get("TERM") == "dumb":
        yield Lines(sys.stderr).tell
    else:
        from rich.console import Console

        from mergeship.output.live import LiveView

        with LiveView(Console(stderr=True, highlight=False)) as view:
            yield view.tell
