"""A version in a Python file that a backend finds by the name of a module."""

from collections.abc import Iterable

from mergeship.core.declaration.assignment import Assignment
from mergeship.core.declaration.found import Computed, Found, Read
from mergeship.core.declaration.place import BOM, NotWrittenError, Place


def first_assignment(read: Read, paths: Iterable[str], name: str, otherwise: str) -> Found:
    """The first of the files that assigns a text to `name`; else why there is none.

    `otherwise` is the file that a refusal names where none of them exists.
    """
    refusal = Computed(otherwise, 0, f"there is no file that assigns {name}")
    for path in paths:
        text = read(path)
        if text is None:
            continue
        place = Place(path, name, Assignment(name))
        try:
            place.format.read(text.removeprefix(BOM))
        except NotWrittenError as error:
            if not refusal.line:
                refusal = Computed(path, error.line, error.why)
            continue
        return place
    return refusal
