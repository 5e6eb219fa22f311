"""The stage of the drills, for tests: a project on an embedded forge and an embedded index, by fixture or by hand."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mergeship.adapters.environment import uv
from mergeship.drills.scene import Scene, Theatre
from tests.conftest import OBK


@contextmanager
def scene(props: Path, *overrides: str, prelude: str = "", project: Path = OBK) -> Iterator[Scene]:
    with theatre(props, *overrides, prelude=prelude, project=project).scene() as made:
        yield made


def theatre(
    props: Path, *overrides: str, prelude: str = "", project: Path = OBK, environ: Mapping[str, str] | None = None
) -> Theatre:
    uv()
    return Theatre(project, "obk", environ or os.environ, props, overrides, prelude)


def at(scene: Scene, commit: str = "") -> Path:
    """The runner's checkout, at a commit, by default at main."""
    scene.runner.at(commit or scene.main)
    return scene.runner.folder
