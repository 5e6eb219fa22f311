"""What a project says of where its version comes from."""

from collections.abc import Callable
from typing import NamedTuple

from mergeship.core.declaration.place import NotWrittenError, Place, body_of

Read = Callable[[str], str | None]
"""The text of a file by its path relative to the project's folder; None if there is none."""


class Vcs(NamedTuple):
    """The version comes from the repository's tags, by a tool; it is handed to that tool when it builds."""

    tool: str
    variables: tuple[str, ...] = ()
    """Environment variables by which the tool takes a version. Without any, it reads a tag of the commit."""
    tag_prefix: str = "v"

    def handed(self, name: str, version: str) -> dict[str, str]:
        """The variables that hand a version over, for a project by its normalized name."""
        own = name.upper().replace("-", "_")
        return {variable.replace("<NAME>", own): version for variable in self.variables}

    def tag(self, version: str) -> str:
        """The tag that hands it over; empty if variables do."""
        return "" if self.variables else f"{self.tag_prefix}{version}"


class Computed(NamedTuple):
    """The version is computed by code, or is nowhere. Lines count from 1; 0 if there is none to name."""

    path: str
    line: int
    why: str


VersionSource = Place | Vcs | Computed


def checked(place: Place, text: str) -> "Place | Computed":
    """The place, if its file holds a version as a plain text; else why it does not."""
    try:
        place.format.read(body_of(place, text))
    except NotWrittenError as error:
        return Computed(place.path, error.line, error.why)
    return place


def inside(path: str, read: Read) -> str | None:
    """The text of a file of the project; None if there is none, or if the path leads out."""
    return None if outside(path) else read(path)


NO_FILE = "it is to hold the version, and is no file of the project"


def outside(path: str) -> bool:
    """Whether a path leads out of the project's folder."""
    return path.startswith("/") or ".." in path.split("/") or "\0" in path


def line_of(text: str, *words: str) -> int:
    """The first line that holds all the words; the first of all if there is none."""
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if all(word in line for word in words)), 1)
