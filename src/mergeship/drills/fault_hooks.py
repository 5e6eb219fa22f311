"""Faults in the process of the command: pieces of Python that a drill has it run first.

Everything that the product does to the world goes through `mergeship.process`, `mergeship.web` and `mergeship.disk`:
these three are counted, and at each of them the process can be killed.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def at_each_effect(act: "Effects") -> None:
    """Have `act` called before each effect of this process: a process, a request, a file."""
    import httpx2

    from mergeship import disk, process

    started, send, staged, replace = process.started, httpx2.AsyncClient.send, disk.staged, disk.replace

    @contextlib.contextmanager
    def counted(command: Any, **given: Any) -> Iterator[Any]:  # noqa: ANN401
        act(f"process {Path(command[0]).name} {' '.join(_telling(command))}")
        with started(command, **given) as running:
            yield running

    async def counted_send(client: Any, request: Any, **given: Any) -> Any:  # noqa: ANN401
        act(f"request {request.method} {request.url.path}")
        return await send(client, request, **given)

    def counted_staged(path: str, content: bytes) -> str:
        act(f"write {Path(path).name}")
        return staged(path, content)

    def counted_replace(new: str, path: str) -> None:
        act(f"rename {Path(path).name}")
        replace(new, path)

    setattr(process, "started", counted)  # noqa: B010 - types say that a function stays what it is
    setattr(httpx2.AsyncClient, "send", counted_send)  # noqa: B010
    setattr(disk, "staged", counted_staged)  # noqa: B010
    setattr(disk, "replace", counted_replace)  # noqa: B010


class Effects:
    """Notes each effect, and kills the process before number `last`, as a power cut would."""

    def __init__(self, log: str, last: int = -1) -> None:
        self.log = Path(log)
        self.last = last
        self.number = 0

    def __call__(self, effect: str) -> None:
        """Note one."""
        if self.number == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.number += 1
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{effect}\n")


def counted(log: Path, last: int = -1) -> str:
    """The piece of Python that counts effects into a file, and kills before number `last`."""
    return (
        "import atexit\n"
        "from mergeship.drills.fault_hooks import Effects, at_each_effect\n"
        f"effects = Effects({str(log)!r}, {last})\n"
        "at_each_effect(effects)\n"
        "atexit.register(effects, 'end')"
    )


def clock(seconds: float) -> str:
    """A clock that is wrong by so many seconds."""
    return f"import time\nreal = time.time\ntime.time = lambda: real() + {seconds!r}"


def disk_full(after: int) -> str:
    """A disk that has no room from the `after`th write on."""
    return (
        "import errno\n"
        "from mergeship.drills.fault_hooks import at_each_effect\n"
        "writes = []\n"
        "def full(effect):\n"
        "    writes.append(effect) if effect.startswith('write') else None\n"
        f"    if effect.startswith('write') and len(writes) >= {after}:\n"
        "        raise OSError(errno.ENOSPC, 'No space left on device', effect.partition(' ')[2])\n"
        "at_each_effect(full)"
    )


def _telling(command: Any) -> list[str]:  # noqa: ANN401
    """The words of a command that say what it does: no paths, no options."""
    return [word for word in command[1:] if word.isalpha() or "-" in word[1:]][:2] if command[0] == "git" else []
