"""What keeps GitHub from starting any workflow for a commit: a marker in its message.

Source: https://docs.github.com/actions/managing-workflow-runs/skipping-workflow-runs
"""

import re

_MARKER = re.compile(r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)
_TRAILER = re.compile(r"^skip-checks:[ \t]*true[ \t]*$", re.IGNORECASE | re.MULTILINE)


def skip_marker(message: str) -> str:
    """The marker in a commit's message, wherever it stands, or the trailer at its end; empty for none."""
    last = message.replace("\r\n", "\n").rstrip().rpartition("\n\n")[2]
    found = _MARKER.search(message) or _TRAILER.search(last)
    return found[0] if found else ""
