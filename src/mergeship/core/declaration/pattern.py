"""A version that a pattern finds: the regular expression of a backend, a line that a person names, a whole file."""

import re

from mergeship.core.declaration.place import NotWrittenError, Parsed, PlainFormat, standing_at

PLACEHOLDER = "{version}"
PATIENCE = 5.0  # seconds
_OTHERWISE = re.compile(r"\{[eisd]|\[\[:|\\[KGRXpPLlmM]|\(\?[|r]|\(\?&")
"""What the two kinds of expression do not read alike: errors that are allowed, classes by name, and some escapes."""


class Pattern(PlainFormat):
    """What the first match of a regular expression has in a group, each line on its own, as hatch and PDM search."""

    keeps_bom = True  # neither of them passes over it, so the first line does not begin with what it shows

    def __init__(self, pattern: str, group: str | int = "version", *, given: bool = False) -> None:
        self.pattern = pattern
        self.group = group
        self.given = given
        """Whether the project gives it: then the search may take PATIENCE, as some never end."""

    def read(self, text: str) -> Parsed:
        """The one span that the backend reads. Raises NotWrittenError."""
        return standing_at(text, *self._span(text))

    def _span(self, text: str) -> tuple[int, int]:
        lines = text.replace("\r\n", "\n").replace("\r", "\n")  # as Python reads a text file
        try:
            start, end = self._searched(lines)
        except (re.error, IndexError, RecursionError, OverflowError, TimeoutError) as error:
            raise NotWrittenError(0, f"the pattern {self.pattern!r} cannot be used: {error}") from error
        if start < 0:
            raise NotWrittenError(0, f"nothing matches the pattern {self.pattern!r}")
        return _before_reading(text, start), _before_reading(text, end)

    def _searched(self, lines: str) -> tuple[int, int]:
        if not self.given:
            found = re.search(self.pattern, lines, re.MULTILINE)
            return found.span(self.group) if found else (-1, -1)
        import regex  # as the standard library's, with a limit; takes a while to load

        if _OTHERWISE.search(self.pattern):
            raise re.error("it means something else with a time limit")
        re.compile(self.pattern)  # what the backend would refuse
        try:
            match = regex.search(self.pattern, lines, regex.MULTILINE, timeout=PATIENCE)
        except regex.error as error:
            raise re.error(str(error)) from error
        return match.span(self.group) if match else (-1, -1)


def _before_reading(text: str, position: int) -> int:
    """The same position where a line end may be two characters."""
    for pair in re.finditer("\r\n", text):
        if pair.start() >= position:
            break
        position += 1
    return position


class Line(PlainFormat):
    """The one line of a file that reads like a given one, with `{version}` in the version's place.

    Spaces around the line do not count; everything else does.
    """

    def __init__(self, line: str) -> None:
        self.line = line

    def read(self, text: str) -> Parsed:
        """The version in that line. Raises NotWrittenError for no such line, and for more than one."""
        return standing_at(text, *self._match(text).span("version"))

    def _match(self, text: str) -> "re.Match[str]":
        before, _, after = (re.escape(part) for part in self.line.strip().partition(PLACEHOLDER))
        matches = list(re.finditer(rf"^[ \t]*{before}(?P<version>\d[\w.!+-]*){after}[ \t]*\r?$", text, re.MULTILINE))
        if not matches:
            raise NotWrittenError(0, f"no line reads {self.line!r}")
        if len(matches) > 1:
            second = text.count("\n", 0, matches[1].start("version")) + 1
            raise NotWrittenError(second, f"more than one line reads {self.line!r}")
        return matches[0]


class Whole(PlainFormat):
    """A file that holds the version and nothing else."""

    def read(self, text: str) -> Parsed:
        """All but the white space around it. Raises NotWrittenError for an empty file."""
        version = text.strip()
        if not version:
            raise NotWrittenError(0, "it is empty")
        start = len(text) - len(text.lstrip())
        return standing_at(text, start, start + len(version))
