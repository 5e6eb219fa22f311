"""Where a stage of a workflow works: a clone, a home, and caches that no other job could write to.

A runner keeps its workspace, its home and its caches from job to job, and the code of a pull request can write to all
of them. So a stage takes the commit's name from the runner, and everything else from what it made itself.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from mergeship.adapters import git, job
from mergeship.adapters.git.clone import differing, own_clone, write_files
from mergeship.core.environ import with_own_home
from mergeship.core.progress import Note, Reporter
from mergeship.errors import Held, Misconfigured
from mergeship.pipeline.remote import server_of

_PREFIX, _LOCK = "mergeship-room-", "lock"
READ_FROM_ABOVE = (
    "uv.toml", "pyproject.toml", ".python-version", ".python-versions", ".git", ".gitignore", ".hg", ".hgignore",
    "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "setup.py", "conftest.py",
    ".cargo", "Cargo.toml", "rust-toolchain", "rust-toolchain.toml", "package.json", "node_modules", ".npmrc",
    ".tool-versions", ".mise.toml", "mise.toml",
)  # fmt: skip
"""What uv, pytest, build backends, cargo, node and version managers look for in the folders above."""
_P = ParamSpec("_P")
_R = TypeVar("_R")
_Stage = Callable[Concatenate[Path, Mapping[str, str], Reporter, _P], _R]


def in_clean_room(*, refuse_changes: bool = False) -> Callable[[_Stage[_P, _R]], _Stage[_P, _R]]:
    """Have a stage work in a clean room, if it is one of a workflow; on a laptop, in the checkout itself.

    Files of the checkout that differ from the commit are reported, or refused: they are not in the room.
    """

    def decorator(stage: _Stage[_P, _R]) -> _Stage[_P, _R]:
        @wraps(stage)
        def isolated(
            path: Path, environ: Mapping[str, str], report: Reporter, /, *given: _P.args, **named: _P.kwargs
        ) -> _R:
            with _clean_room(path, environ) as (clean, cleaned, changed):
                if changed and refuse_changes:
                    raise dirty_checkout(changed)
                if changed:
                    report(Note(f"the checkout differs from its commit, which is what counts: {_some(changed)}"))
                return stage(clean, cleaned, report, *given, **named)

        return isolated

    return decorator


def dirty_checkout(changed: Sequence[str]) -> Misconfigured:
    """The refusal of a checkout that is not as its commit."""
    words = f"the checkout differs from its commit: {_some(changed)}"
    return Misconfigured("dirty-checkout", words, hint="commit or stash the changes; only commits are built")


@contextmanager
def _clean_room(path: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, Mapping[str, str], Sequence[str]]]:
    """The project's folder in a clone of the commit that the workflow runs for, and an environment for it.

    Outside of a workflow, and in a folder without a repository, both are as they are given. The third is what the
    checkout has otherwise than its commit.
    """
    commit, name, top = environ.get("GITHUB_SHA", ""), job.repository(environ), git.top(path)
    if environ.get("GITHUB_ACTIONS") != "true" or not (commit and name and top):
        yield path, environ, ()
        return
    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, _locked(Path(folder)):
        room = Path(folder).resolve()
        _refuse_above(room)
        (room / "tmp").mkdir()
        cleaned = with_own_home(environ, str(room))
        (room / "home").mkdir()
        url = f"{server_of(environ)}/{name}.git"
        clone = own_clone(top, commit, url, room / "clone", cleaned)
        changed = differing(clone, top)
        write_files(clone)
        yield room / "clone" / path.resolve().relative_to(top), cleaned, changed


@contextmanager
def _locked(room: Path) -> Iterator[None]:
    """Hold a room: one that nobody holds was left by a run that was killed."""
    with (room / _LOCK).open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_left(folder: Path) -> None:
    """Remove the rooms that killed runs of this user have left in a folder."""
    for room in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # held, or gone in the meantime
            if room.is_symlink() or room.stat().st_uid != os.getuid():
                continue
            lock = os.open(room / _LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(room)
            finally:
                os.close(lock)


@contextmanager
def temporary_folder(environ: Mapping[str, str], purpose: str) -> Iterator[Path]:
    """A folder that goes when the block ends; in a room, with the room at the latest."""
    where = environ.get("TMPDIR") or tempfile.gettempdir()
    with tempfile.TemporaryDirectory(prefix=f"mergeship-{purpose}-", dir=where) as made:
        yield Path(made)


def _refuse_above(room: Path) -> None:
    """Refuse a room below files that tools look for in every folder above the one that they work in."""
    for folder in room.parents:
        for name in READ_FROM_ABOVE:
            if os.path.lexists(folder / name):
                words = f"{folder / name} is above every folder that mergeship works in, and would be read there"
                raise Held("not-a-clean-room", words, hint="remove it, or name another folder in TMPDIR")


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{', …' if names[5:] else ''}"
