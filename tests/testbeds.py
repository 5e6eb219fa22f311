"""The testbed of the drills, for tests: a project on an embedded forge and an embedded index, by fixture or by hand."""

import atexit
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from subprocess import PIPE, STDOUT
from tempfile import TemporaryDirectory

from mergeship.adapters.environment import uv
from mergeship.drills import launch
from mergeship.drills.env import DrillEnv, DrillSession
from mergeship.drills.fork_server import ForkServer, fork_server
from tests.conftest import OBK


class Prepared(ForkServer):
    """Runs what changes nothing in its process from a process that has loaded everything: that is half the time."""

    def run(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], preload: str) -> tuple[int, str]:
        """Like a command of its own, which is what a change of its modules needs."""
        if not preload:
            return super().run(words, cwd, env, preload)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "preload.py"
            path.write_text(preload, encoding="utf-8")
            done = subprocess.run(
                [*launch.command(path), *words], cwd=cwd, env=env, stdout=PIPE, stderr=STDOUT, check=False
            )
        return done.returncode, done.stdout.decode(errors="replace")


@cache
def prepared() -> ForkServer:
    """One for all tests of this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    server = stack.enter_context(fork_server(Path("/"), os.environ))
    return Prepared(server.process)


@contextmanager
def drill_env(wheel_cache: Path, *overrides: str, preload: str = "", project: Path = OBK) -> Iterator[DrillEnv]:
    """A testbed on which commands work in the checkout itself: a clean room for each takes a while."""
    with session(wheel_cache, *overrides, preload=preload, project=project).env() as made:
        made.runner.in_job = False
        made.runner.server = prepared()
        yield made


def session(
    wheel_cache: Path, *overrides: str, preload: str = "", project: Path = OBK, environ: Mapping[str, str] | None = None
) -> DrillSession:
    uv()
    return DrillSession(project, "obk", environ or os.environ, wheel_cache, overrides, preload)


def at(drill: DrillEnv, commit: str = "") -> Path:
    """The runner's checkout, at a commit, by default at main."""
    drill.runner.at(commit or drill.main)
    return drill.runner.folder
