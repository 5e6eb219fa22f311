"""Colours, if they are wanted."""

from collections.abc import Mapping
from typing import NamedTuple, TextIO


class Style(NamedTuple):
    """Marks text as good, bad or worth a look."""

    colours: bool = False

    def good(self, text: str) -> str:
        """Green."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """Red."""
        return self._in("31", text)

    def warn(self, text: str) -> str:
        """Yellow."""
        return self._in("33", text)

    def bold(self, text: str) -> str:
        """Bold."""
        return self._in("1", text)

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colours else text


def style_for(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Colours on a terminal, never with NO_COLOR (no-color.org), always with FORCE_COLOR."""
    if environ.get("NO_COLOR"):
        return Style(colours=False)
    dumb = environ.get("TERM") == "dumb"
    return Style(colours=bool(environ.get("FORCE_COLOR")) or (stream.isatty() and not dumb))
