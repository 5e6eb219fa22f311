"""Faults on purpose: what the next request is answered with."""

import threading
from collections.abc import Mapping

import msgspec

CUT = 0
"""Instead of a status: the connection is cut."""


class Fault(msgspec.Struct, frozen=True):
    """The next request that it meets goes wrong like this."""

    status: int | None
    """CUT for no answer at all; None if it is answered as ever, after the delay."""
    words: str = "Server Error"
    headers: Mapping[str, str] = {}
    delay: float = 0.0
    """Seconds before that."""
    path: str = ""
    """Only requests whose path contains this."""
    method: str = ""
    """Only such requests; empty for any."""
    file: str = ""
    """Only uploads of files whose name ends like this."""
    done: bool = False
    """Whether the request is done first, so that only the answer is lost."""

    def meets(self, method: str, path: str, file: str = "") -> bool:
        """Whether a request is one of these."""
        return self.path in path and self.method in {"", method} and file.endswith(self.file)


AS_EVER = Fault(None)
"""A request that nothing happens to."""


class Faults(list[Fault]):
    """What is still to go wrong, in this order. Requests come in several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def next(self, method: str, path: str, file: str = "") -> Fault | None:
        """The first fault that a request meets, which is over then; None for none."""
        with self._lock:
            met = next((fault for fault in self if fault.meets(method, path, file)), None)
            if met:
                self.remove(met)
        return met
