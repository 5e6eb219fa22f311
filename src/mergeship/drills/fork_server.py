"""The command in a process that has loaded everything already, and forks for each call.

Only for the drills that call it a hundred times, where starting would take longer than everything else. The child is a
process of its own: it can be killed, and leaves nothing behind in the next one.
"""

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mergeship.process import PIPE, Running, started

LOADED = (
    "anyio.to_thread", "gidgethub.httpx", "h11", "httpcore2", "httpx2", "markdown_it", "mergeship.cli",
    "mergeship.commands.decide", "mergeship.commands.deploy", "mergeship.core.trigger", "mergeship.output.document",
    "mergeship.output.reporter", "mergeship.output.style", "mergeship.output.text", "mergeship.verbs.decide",
    "mergeship.verbs.deploy", "queue", "tenacity", "truststore", "twine.package",
)  # fmt: skip


class ForkServer:
    """The client's side."""

    def __init__(self, process: Running) -> None:
        self.process = process

    def run(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], preload: str) -> tuple[int, str]:
        """The status of a call, negative for a signal, and everything that it wrote."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        assert pipe_in is not None and pipe_out is not None  # noqa: S101, PT018
        call = {"words": list(words), "cwd": str(cwd), "env": dict(env), "preload": preload}
        pipe_in.write(json.dumps(call) + "\n")
        pipe_in.flush()
        status, output = json.loads(pipe_out.readline())
        return int(status), str(output)


@contextmanager
def fork_server(cwd: Path, env: Mapping[str, str]) -> Iterator[ForkServer]:
    """A process that is ready, while the block runs."""
    command = [sys.executable, "-I", "-m", "mergeship.drills.fork_server"]
    with started(command, cwd=cwd, env=env, stdin=PIPE) as process:
        yield ForkServer(process)


def _serve() -> None:
    for name in LOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        call = json.loads(line)
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if child == 0:
                _child(call, output.fileno())
            _, ended = os.waitpid(child, 0)
            output.seek(0)
            text = output.read().decode(errors="replace")
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(ended), text]) + "\n")
        sys.stdout.flush()


def _child(call: dict[str, Any], output: int) -> None:
    """The call itself; it does not come back."""
    import atexit
    import runpy

    atexit._clear()  # noqa: SLF001 - what the parent registered is the parent's
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["env"])
    exec(call["preload"], {})  # noqa: S102 - the drill's own fault
    sys.argv = ["mergeship", *call["words"]]
    status = 0
    try:
        runpy.run_module("mergeship", run_name="__main__")
    except SystemExit as end:
        status = int(end.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    atexit._run_exitfuncs()  # noqa: SLF001
    os._exit(status)


if __name__ == "__main__":
    _serve()
