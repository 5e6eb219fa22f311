"""The only place that starts a process."""

import codecs
import io
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from mergeship import orphans
from mergeship.errors import Failed

TYPE_CHECKING = False  # typing would be loaded for one name
if TYPE_CHECKING:
    from typing import IO, Any, AnyStr

TAIL = 60  # lines of a failed process that are kept for the message
WORDS = 200  # characters of its command
GRACE = 2.0  # seconds that a process has to end by itself: a runner gives a job 7.5 in all
KEPT = 500  # lines of an output
SHOWN = 100_000
LONGEST = 65_536  # characters of a line: what is longer becomes several
IDLE = 0.2  # seconds without output after which it is asked whether the process still runs
LINGER = 5.0  # seconds in which the output of an ended process is read to its end
MOST = 32 * 1024 * 1024  # characters of an output that is wanted whole
TIMED_OUT = 124  # the status of a process that was ended, as of timeout(1)
DISK_FULL = "No space left on device"
PIPE = subprocess.PIPE
Running = subprocess.Popen[str]


class ProcessFailed(Failed):
    """A process ended with another status than 0. Carries its command, status and output."""

    def __init__(self, command: Sequence[str], status: int, output: str) -> None:
        import shlex

        self.command = tuple(command)
        self.status = status
        self.output = output
        lines = output.rstrip().splitlines()
        words = shlex.join([os.path.basename(command[0]), *command[1:]])
        full = is_disk_full(output)
        super().__init__(
            "disk-full" if full else "process-failed",
            f"{words[:WORDS]}{'…' if words[WORDS:] else ''} ended with status {status}",
            hint="free some space, or name a folder with more in TMPDIR"
            if full
            else "see its output above, and correct what it names",
            detail="\n".join(lines[-TAIL:]),
        )


def is_disk_full(output: str) -> bool:
    """Whether a program says that there was no space left, each in its own spelling."""
    return DISK_FULL.lower() in output.lower()


def run(
    command: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    report: Callable[[str], None] | None = None,
    contained: bool = False,
) -> str:
    """Run `command` to its end and give back the last KEPT lines that it wrote, errors included.

    `env` is the whole environment of the process; `report` receives each line as it comes. Whatever the process
    leaves behind in its session is killed, and if it is `contained` wherever it hides, as far as the machine allows.
    Raises ProcessFailed for another status than 0, or when the program is missing.
    """
    if not contained or not orphans.adopt():
        return _run(command, cwd, env, report, lambda: None)
    before = orphans.descendants()
    try:
        written = _run(command, cwd, env, report, lambda: orphans.end(before))
    finally:
        left = orphans.end(before)
    if left:
        raise ProcessFailed(command, 1, f"it left processes that cannot be ended: {', '.join(map(str, left))}")
    return written


def _run(
    command: Sequence[str],
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    report: Callable[[str], None] | None,
    end_orphans: Callable[[], object],
) -> str:
    lines: deque[str] = deque(maxlen=KEPT)
    count = 0
    with started(command, cwd=cwd, env=env) as process:
        try:
            for line in _lines(process, end_orphans):
                lines.append(line)
                count += 1
                if report and count <= SHOWN:
                    report(line.rstrip("\r\n"))
                if report and count == SHOWN:
                    report(f"(more than {SHOWN} lines: the rest is not shown here)")
            status = process.wait()
        except BaseException:
            end_group(process, GRACE)
            raise
    if status:
        raise ProcessFailed(command, status, "".join(lines))
    return "".join(lines)


def output(
    command: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    given: str | None = None,
    seconds: float | None = None,
) -> str:
    """What a program that leaves no child behind writes to standard output; its warnings are not taken for that.

    `given` is its standard input, `seconds` how long it may take. Raises ProcessFailed, with both, as `run` does, and
    for what writes more than MOST characters.
    """
    with started(command, cwd=cwd, env=env, stderr=subprocess.PIPE, stdin=_stdin(given)) as process:
        try:
            out, warned = _read(process, given, seconds)
            if len(out) > MOST:
                raise ProcessFailed(command, TIMED_OUT, f"it wrote more than {MOST} characters")
            if process.poll() is None:
                raise ProcessFailed(command, TIMED_OUT, f"it did not end within {seconds:g} s")
        except BaseException:
            end_group(process, GRACE)
            raise
    if process.returncode:
        raise ProcessFailed(command, process.returncode, out + warned)
    return out


def _read(process: Running, given: str | None, seconds: float | None) -> tuple[str, str]:
    """What a process writes until it ends, or is late, or has written more than MOST; and the end of what it warns of.

    Each stream is of the thread that serves it: whoever closed it would wait for a child that holds it open.
    """
    from threading import Thread

    out: list[str] = []
    warned: deque[str] = deque(maxlen=KEPT)
    threads = [
        Thread(target=_collect, args=(process.stdout, out), daemon=True),
        Thread(target=_collect_lines, args=(process.stderr, warned), daemon=True),
        Thread(target=_feed, args=(process.stdin, given), daemon=True),
    ]
    process.stdin = process.stdout = process.stderr = None
    for thread in threads:
        thread.start()
    late = time.monotonic() + seconds if seconds is not None else float("inf")
    while True:
        for thread in threads:
            thread.join(IDLE)
        with suppress(subprocess.TimeoutExpired):
            process.wait(IDLE)
            late = min(late, time.monotonic() + LINGER)
        served = not any(thread.is_alive() for thread in threads)
        if (served and process.returncode is not None) or sum(map(len, out)) > MOST or time.monotonic() > late:
            return "".join(out), "".join(warned)


def _collect(stream: "IO[str] | None", pieces: list[str]) -> None:
    """Collect what is written, until it is more than MOST characters: as it comes, as lines may be short and many."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    size = 0
    if isinstance(stream, io.TextIOWrapper):
        with stream:
            while size <= MOST and (written := os.read(stream.fileno(), LONGEST)):
                pieces.append(decoder.decode(written))
                size += len(pieces[-1])
            pieces.append(decoder.decode(b"", final=True))


def _collect_lines(stream: "IO[str] | None", lines: "deque[str]") -> None:
    """Collect the last lines that are written."""
    if stream:
        with stream:
            while line := stream.readline(LONGEST):
                lines.append(line)


def _feed(stream: "IO[str] | None", given: str | None) -> None:
    with suppress(BrokenPipeError):
        if stream:
            with stream:
                stream.write(given or "")


def exchange(
    command: Sequence[str],
    given: bytes,
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    most: int | None = None,
) -> bytes:
    """What a program answers to an input, both in bytes; whatever its status, as a CGI program's says nothing.

    At most so many bytes, if the input is short enough for the program to answer all of it at once.
    """
    with _ours(
        lambda: subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
        )
    ) as process:
        if most is None or process.stdin is None or process.stdout is None:
            return process.communicate(given)[0]
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(given)
        return process.stdout.read(most)


def _stdin(given: str | None) -> int:
    return subprocess.DEVNULL if given is None else subprocess.PIPE


@contextmanager
def started(
    command: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    stderr: "int | IO[str]" = subprocess.STDOUT,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[Running]:
    """A running process with its output as text; when the block is left, whatever remains of it is killed.

    It leads a session of its own, out of the terminal's reach, so that Ctrl-C is ours to pass on.
    """

    def start() -> Running:
        try:
            return subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except FileNotFoundError as error:
            missing = error.filename or command[0]
            raise ProcessFailed(command, 127, f"{missing}: no such file or directory") from error

    with _ours(start) as process:
        yield process


@contextmanager
def _ours(start: "Callable[[], subprocess.Popen[AnyStr]]") -> "Iterator[subprocess.Popen[AnyStr]]":
    """A process that is no orphan until the block ends, and then is killed with its whole group, and waited for."""
    with orphans.starting:
        process = start()
        orphans.ours.add(process.pid)
    try:
        with process:
            try:
                yield process
            finally:
                _kill_group(process)
    finally:
        orphans.ours.discard(process.pid)


def end_group(process: Running, grace: float) -> None:
    """Ask a process that leads its own session to end, `grace` seconds long, then kill its whole group."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            break
    _kill_group(process)


def _kill_group(process: "subprocess.Popen[Any]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _lines(process: Running, end_orphans: Callable[[], object]) -> Iterator[str]:
    """The lines that a process writes, until it has ended, even when a child of it holds its output open."""
    from queue import Empty, Queue
    from threading import Thread

    queue: Queue[str | None] = Queue(KEPT)  # who writes faster than this is read has to wait
    # Whoever closed it would wait for a read that goes on, so it is the thread's own.
    stream, process.stdout = process.stdout, None

    def read() -> None:
        if stream:
            with stream:
                while line := stream.readline(LONGEST):
                    queue.put(line)
        queue.put(None)

    Thread(target=read, daemon=True).start()
    looked, ended = time.monotonic(), 0.0
    while True:
        try:
            line = queue.get(timeout=IDLE)
        except Empty:
            line = ""
        now = time.monotonic()
        if now - looked > IDLE and process.poll() is not None:
            looked, ended = now, ended or now
            _kill_group(process)
            end_orphans()
        if line is None or (ended and now - ended > LINGER):
            return
        if line:
            yield line
