"""A place where a version is written: read, and rewritten there and nowhere else."""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mergeship.core import pep440
from mergeship.core.toml import BOM
from mergeship.errors import Misconfigured

PYPROJECT = "pyproject.toml"


SHOWN = 60  # characters of a text that is not a version


class NotWrittenError(Exception):
    """A file does not hold the version as a plain text. `line` counts from 1; 0 if there is no line to name."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


class Parsed(NamedTuple):
    """What a file says of the version, and besides."""

    version: str
    """As written."""
    spans: Sequence[tuple[int, int]]
    """Where it may stand in the text, from start to end, the likeliest first."""
    rest: object
    """Everything else: equal for two texts that differ only in the version."""


class Format(Protocol):
    """How a version is written in one kind of file."""

    keeps_bom: bool
    """Whether the text comes with its byte order mark, if it has one."""

    def read(self, text: str) -> Parsed:
        """What the text says. Raises NotWrittenError if that is not a version written as a plain text."""

    def spell(self, version: str) -> str:
        """A version (PEP 440) as this kind of file writes it. Raises NotWrittenError if it cannot."""


class PlainFormat:
    """A format that writes versions as PEP 440 does, and does not care for a byte order mark."""

    keeps_bom = False

    def spell(self, version: str) -> str:
        """The same."""
        return version


def standing_at(text: str, start: int, end: int) -> Parsed:
    """A version whose place in the text is known."""
    return Parsed(text[start:end], [(start, end)], (text[:start], text[end:]))


class Place(NamedTuple):
    """Where a version is written."""

    path: str
    """Relative to the project's folder."""
    label: str
    """The place inside the file, in words."""
    format: Format

    def __str__(self) -> str:
        return f"{self.label} in {self.path}" if self.label else self.path


class Edit(NamedTuple):
    """One line of one file, before and after. Lines count from 1."""

    path: str
    line: int
    before: str
    after: str


def read(place: Place, text: str) -> Parsed:
    """What a file says of the version. Raises Misconfigured if that is not PEP 440, or not there."""
    try:
        written = place.format.read(body_of(place, text))
    except NotWrittenError as error:
        raise Misconfigured(
            "version-not-written",
            f"{place.path}{f':{error.line}' if error.line else ''}: {error.why}",
            hint=f'write the version there as a plain text, like "0.1.0" ({place})',
        ) from error
    if not pep440.is_version(written.version):
        raise Misconfigured(
            "bad-version",
            f"{place} is {written.version[:SHOWN]!r}, which is not a version (PEP 440)",
            hint="write one like 0.1.0",
        )
    return written


def rewrite(place: Place, text: str, version: str) -> tuple[str, Edit]:
    """The text with `version` in that place and every other character as it was.

    A span is taken only if the file, read again, gives exactly the new version and is otherwise equal. Raises
    Misconfigured if there is no such span.
    """
    body = body_of(place, text)
    written = read(place, text)
    try:
        spelled = place.format.spell(version)
    except NotWrittenError as error:
        raise Misconfigured(
            "version-not-writable", f"{place}: {error.why}", hint="choose another version, with --to"
        ) from error
    for start, end in written.spans:
        after = body[:start] + spelled + body[end:]
        try:
            again = place.format.read(after)
        except NotWrittenError:
            continue
        if (again.version, again.rest) == (spelled, written.rest):
            return text[: len(text) - len(body)] + after, _edit(place.path, body, after, start)
    raise Misconfigured(
        "version-not-writable",
        f"{place} is {written.version}, but not written out in one piece",
        hint="write it as one plain text in quotes",
    )


def body_of(place: Place, text: str) -> str:
    """The text as the place's format takes it."""
    return text if place.format.keeps_bom else text.removeprefix(BOM)


def _edit(path: str, before: str, after: str, start: int) -> Edit:
    line = before.count("\n", 0, start)
    return Edit(path, line + 1, before.split("\n")[line].rstrip("\r"), after.split("\n")[line].rstrip("\r"))


def quoted(text: str, version: str) -> list[tuple[int, int]]:
    """Every spot that holds a version in quotes, those that look like `version = "…"` first."""
    spot = re.compile(rf"(?<=['\"]){re.escape(version)}(?=['\"])")
    spans = [match.span() for match in spot.finditer(text)]
    return sorted(spans, key=lambda span: not text[text.rfind("\n", 0, span[0]) + 1 :].lstrip().startswith("version"))
