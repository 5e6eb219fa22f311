"""The testbed of the drills, for tests: a project on an embedded forge and an embedded index, by fixture or by hand."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mergeship.adapters.environment import uv
from mergeship.drills.env import DrillEnv, DrillSession
from tests.conftest import OBK


@contextmanager
def drill_env(wheel_cache: Path, *overrides: str, preload: str = "", project: Path = OBK) -> Iterator[DrillEnv]:
    """A testbed on which commands work in the checkout itself: a clean room for each takes a while."""
    with session(wheel_cache, *overrides, preload=preload, project=project).env() as made:
        made.runner.in_job = False
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
