"""Extra places of a version, named by the setting `version-files`."""

from collections.abc import Sequence
from posixpath import normpath

from mergeship.core.declaration.pattern import PLACEHOLDER, Line
from mergeship.core.declaration.place import Place
from mergeship.core.declaration.version_source import outside
from mergeship.errors import Misconfigured


def named(version_files: Sequence[str]) -> tuple[Place, ...]:
    """The places behind texts like `docs/conf.py: release = "{version}"`. Raises Misconfigured."""
    places = []
    for text in version_files:
        path, colon, line = text.partition(":")
        path, line = path.strip(), line.strip()
        if not colon or not path or outside(path) or line.count(PLACEHOLDER) != 1:
            raise Misconfigured(
                "bad-setting",
                f"[tool.mergeship] version-files: {text!r} is not a path, a colon and a line with {PLACEHOLDER}",
                hint=f"""'docs/conf.py: release = "{PLACEHOLDER}"', for one: a file of the project, and its line""",
            )
        places.append(Place(normpath(path), f"the line {line!r}", Line(line)))
    return tuple(places)
