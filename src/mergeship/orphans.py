"""What a process leaves behind, wherever it hides: on Linux an orphan comes to us instead of to init, and is ended.

A process that starts another one twice over, in a session of its own, is out of reach of its process group.
Source: https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
"""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from threading import Lock

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36
PATIENCE = 5.0  # seconds in which what was killed has to be gone
QUIET = 2  # looks in a row that find nothing

starting = Lock()
"""Held while a process is started, until it is among `ours`."""
ours: set[int] = set()
"""Processes that we have started ourselves, and wait for."""


@cache
def adopt() -> bool:
    """Have the orphans of our processes become our children; False where that cannot be.

    What is started from now on cannot read our environment in /proc either: it may hold what it is not to know.
    """
    import ctypes

    try:
        prctl = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):  # no Linux
        return False
    prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    status: int = prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return status == 0


def descendants() -> frozenset[int]:
    """Everything below this process: whatever of it loses its parent comes to us, and was not started since."""
    by_parent = _by_parent()
    below = list(by_parent[os.getpid()])
    for process in below:
        below += by_parent[process]
    return frozenset(below)


def end(before: Collection[int]) -> list[int]:
    """Kill every orphan that is not from `before`, with all that it started; those that cannot be killed are left.

    Gives back what is left after PATIENCE seconds. One that forks faster than it is looked at leaves its dead parents
    to us each time, so nothing is left only if nothing was there at all, twice in a row.
    """
    until = time.monotonic() + PATIENCE
    quiet = 0
    while quiet < QUIET:
        orphans = _orphans(before)
        quiet = 0 if orphans else quiet + 1
        if orphans and time.monotonic() > until:
            return orphans
    return []


def _orphans(before: Collection[int]) -> list[int]:
    """Kill the orphans that are there, and give back all that were, those that had ended too."""
    with starting:
        orphans = [child for child in _children() if child not in ours and child not in before]
        for orphan in orphans:
            _kill(orphan)
        if not orphans:
            return []
        by_parent = _by_parent()  # what they have started comes to us too, now or when they are gone
        doomed = list(orphans)
        for process in doomed:
            doomed += by_parent[process]
        for process in doomed:
            _kill(process)
        for orphan in orphans:
            with suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)
        return orphans


def _kill(process: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, signal.SIGKILL)


def _children() -> list[int]:
    """Our children, as the kernel lists them in one piece; as all processes tell where it does not."""
    try:
        threads = os.listdir("/proc/self/task")
        return [int(child) for thread in threads for child in _read(f"/proc/self/task/{thread}/children").split()]
    except OSError:
        return _by_parent()[os.getpid()]


def _by_parent() -> defaultdict[int, list[int]]:
    """Every process of this machine that can be seen, by its parent."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            # The second field is the program's name, which may hold anything.
            parent = _read(f"/proc/{process}/stat").rpartition(b")")[2].split()[1]
            found[int(parent)].append(int(process))
    return found


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
