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
from pathlib import Path
from threading import Lock

_SET_CHILD_SUBREAPER = 36
PATIENCE = 5.0  # seconds in which what was killed has to be gone

starting = Lock()
"""Held while a process is started, until it is among `ours`."""
ours: set[int] = set()
"""Processes that we have started ourselves, and wait for."""


@cache
def adopt() -> bool:
    """Have the orphans of our processes become our children; False where that cannot be."""
    import ctypes

    try:
        status: int = ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (AttributeError, OSError):  # no Linux
        return False
    return status == 0


def children() -> frozenset[int]:
    """Our children, those that have ended among them."""
    return frozenset(_by_parent()[os.getpid()])


def end(before: Collection[int]) -> list[int]:
    """Kill every orphan that is not from `before`, with all that it started; those that cannot be killed are left.

    Gives back what is left after PATIENCE seconds.
    """
    until = time.monotonic() + PATIENCE
    while orphans := _orphans(before):
        if time.monotonic() > until:
            return orphans
        time.sleep(0.01)
    return []


def _orphans(before: Collection[int]) -> list[int]:
    """Kill the orphans that are there, and give back those that were alive."""
    with starting:
        by_parent = _by_parent()
        orphans = [child for child in by_parent[os.getpid()] if child not in ours and child not in before]
        doomed = list(orphans)
        for process in doomed:
            doomed += by_parent[process]
        for process in doomed:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        return [orphan for orphan in orphans if not _reaped(orphan)]


def _reaped(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True  # someone else has waited for it


def _by_parent() -> defaultdict[int, list[int]]:
    """Every process of this machine that can be seen, by its parent."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The second field is the program's name, which may hold anything.
            parent = (folder / "stat").read_bytes().rpartition(b")")[2].split()[1]
            found[int(parent)].append(int(folder.name))
    return found
