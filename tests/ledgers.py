"""Projects with an origin and a ledger."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import Origin
from mergeship.core.release import ledger
from mergeship.core.release.ledger import REF, Entry, Ledger
from mergeship.core.workflow import PATH
from mergeship.world.forge.records import Run
from tests.conftest import git

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def with_origin(project: Path) -> Path:
    """A bare repository beside the project, which is its origin, with its main."""
    bare = project.parent / "owner" / "origin.git"
    bare.parent.mkdir()
    git(project.parent, "init", "--quiet", "--bare", str(bare))
    git(project, "remote", "add", "origin", str(bare))
    git(project, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return bare


def entry(version: str, commit: str, state: ledger.State = "claimed", **more: Any) -> Entry:
    run = str(int(commit[:7], 16))
    return Entry(version=version, commit=commit, state=state, **{"at": datetime.now(UTC), "run": run, **more})


class BorneOut(list[Run]):
    """The runs of a forge that bears out whatever the ledger of a project says: for tests of something else."""

    def __init__(self, project: Path) -> None:
        super().__init__()
        self.project = project

    def __iter__(self) -> Iterator[Run]:
        for entry in read(self.project).releases:
            jobs = dict.fromkeys(("Decide", "Build", "Deploy"), "in_progress")
            number = int(entry.run)
            yield Run(
                number=number, workflow=PATH, event="push", branch="main", commit=entry.commit, began=NOW, jobs=jobs
            )


def write(project: Path, *entries: Entry, **more: Any) -> str:
    """Put a ledger on the origin, on top of what is there."""
    given = {"project": "obk", **more}
    return write_text(project, ledger.encode(Ledger(releases=entries, **given)))


def write_text(project: Path, text: str) -> str:
    origin = Origin(Repository(project, dict(os.environ)), {})
    refs = origin.refs()
    origin.fetch(refs)
    commit = origin.write(text, "a test", refs.ledger, 0)
    assert origin.push({REF: commit}).done
    return commit


def read(project: Path) -> Ledger:
    """The ledger at the origin."""
    bare = git(project, "remote", "get-url", "origin")
    return ledger.decode(git(Path(bare), "show", f"{REF}:{ledger.FILE}"), "obk")


def of_project(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a stage with a state of its own."""
    return {**environ, "XDG_STATE_HOME": str(home)}
