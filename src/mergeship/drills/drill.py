"""What a drill is."""

from collections.abc import Callable

import msgspec

from mergeship.drills.env import DrillSession


class Drill(msgspec.Struct, frozen=True):
    """One fault, and the one outcome that is demanded."""

    name: str
    injected: str
    expected: str
    play: Callable[[DrillSession], str]
    """Plays it, and says what was seen. Raises DrillFailedError for something else than what is demanded."""
