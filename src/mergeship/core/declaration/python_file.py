"""A version in a Python file that a backend finds by the name of a module."""

from collections.abc import Iterable

from mergeship.core.declaration.assignment import Assignment
from mergeship.core.declaration.found import Computed, Found, Read
from mergeship.core.declaration.place import NotWrittenError, Place


def first_assignment(read: Read, paths: Iterable[str], name: str, otherwise: Computed) -> Found:
    """The first of the files that assigns a text to `name`; else why it is none, and `otherwise` without any file."""
    refusal = None
    for path in paths:
        text = read(path)
        if text is None:
            continue
        place = Place(path, name, Assignment(name))
        try:
            place.format.read(text)
        except NotWrittenError as error:
            if refusal is None or not refusal.line:
                refusal = Computed(path, error.line, error.why)
            continue
        return place
    return refusal or otherwise
