"""Where a stage of a workflow works: a clone, a home, and caches that no other job could write to.

A runner keeps its workspace, its home and its caches from job to job, and the code of a pull request can write to all
of them. So a stage takes the commit's name from the runner, and everything else from what it made itself.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from mergeship.adapters import git, job
from mergeship.adapters.git.clone import differing, own_clone, write_files
from mergeship.core.environ import OWN_HOME, with_own_home
from mergeship.core.progress import Note, Reporter
from mergeship.disk import remove_tree
from mergeship.errors import Held, Misconfigured
from mergeship.pipeline.remote import server_of

_PREFIX, _LOCK = "mergeship-room-", "lock"
_A_WHILE = 600  # seconds, in which whoever made a room has locked it
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


def in_clean_room(*, refuse_changes: bool = False, clone: bool = True) -> Callable[[_Stage[_P, _R]], _Stage[_P, _R]]:
    """Have a stage work in a clean room, if it is one of a workflow; on a laptop, in the checkout itself.

    Files of the checkout that differ from the commit are reported, or refused: they are not in the room. Without a
    `clone` of its own, only the home and the caches are new, and the stage works on what is checked out.
    """

    def decorator(stage: _Stage[_P, _R]) -> _Stage[_P, _R]:
        @wraps(stage)
        def isolated(
            path: Path, environ: Mapping[str, str], report: Reporter, /, *given: _P.args, **named: _P.kwargs
        ) -> _R:
            with _clean_room(path, environ, report, clone=clone) as (clean, cleaned, changed):
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
    hint = "commit or stash the changes: only commits are built, and no files of Git LFS or another filter yet"
    return Misconfigured("dirty-checkout", words, hint=hint)


@contextmanager
def _clean_room(
    path: Path, environ: Mapping[str, str], report: Reporter, *, clone: bool
) -> Iterator[tuple[Path, Mapping[str, str], Sequence[str]]]:
    """The project's folder in a clone of the commit that the workflow runs for, and an environment for it.

    Outside of a workflow, and in a folder without a repository, both are as they are given. The third is what the
    checkout has otherwise than its commit. Raises Held or Misconfigured for a room that would not be clean.
    """
    commit, name, top = environ.get("GITHUB_SHA", ""), job.repository(environ), git.top(path)
    if environ.get("GITHUB_ACTIONS") != "true" or not (commit and name and top):
        yield path, environ, ()
        return
    _remove_left(Path(tempfile.gettempdir()))
    _refuse_unread(environ, report)
    with _temporary(_PREFIX, tempfile.gettempdir()) as folder, _locked(folder):
        room = folder.resolve()
        _refuse_above(room)
        (room / "tmp").mkdir()
        cleaned = with_own_home(environ, str(room))
        (room / "home").mkdir()
        if not clone:
            yield path, cleaned, ()
            return
        made = own_clone(top, commit, f"{server_of(environ)}/{name}.git", room / "clone", cleaned)
        changed = differing(made, top)
        write_files(made)
        yield room / "clone" / path.resolve().relative_to(top), cleaned, changed


@contextmanager
def _locked(room: Path) -> Iterator[None]:
    """Hold a room: one that nobody holds was left by a run that was killed."""
    new = room / f"{_LOCK}.new"
    with new.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(room / _LOCK)  # so that nobody sees it unlocked
        yield


def _remove_left(folder: Path) -> None:
    """Remove the rooms that killed runs of this user have left in a folder."""
    for room in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # held, or gone in the meantime
            if room.is_symlink() or room.stat().st_uid != os.getuid():
                continue
            if not (room / _LOCK).exists() and time.time() - room.stat().st_mtime > _A_WHILE:
                remove_tree(room)
            lock = os.open(room / _LOCK, os.O_RDONLY | os.O_NONBLOCK)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(room)
            finally:
                os.close(lock)


@contextmanager
def temporary_folder(environ: Mapping[str, str], purpose: str) -> Iterator[Path]:
    """A folder that goes when the block ends; in a room, with the room at the latest."""
    with _temporary(f"mergeship-{purpose}-", environ.get("TMPDIR") or tempfile.gettempdir()) as folder:
        yield folder


@contextmanager
def _temporary(prefix: str, where: str) -> Iterator[Path]:
    """A new folder that goes when the block ends, as far as it can: tests may leave files of another user there."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    try:
        yield folder
    finally:
        remove_tree(folder)


def _refuse_unread(environ: Mapping[str, str], report: Reporter) -> None:
    """Refuse a home whose settings say where packages come from, as they are not read: another index would serve."""
    home = Path(environ.get("HOME") or "/nonexistent")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    settings = config / "uv" / "uv.toml"
    if environ.get(OWN_HOME):
        return
    if os.path.lexists(settings) and not environ.get("UV_CONFIG_FILE"):
        words = f"{settings} is not read in a workflow, where any job could have written it"
        hint = f"name it in UV_CONFIG_FILE, or in {OWN_HOME} a home that nothing but these jobs can write to"
        raise Misconfigured("home-not-read", words, hint=hint)
    if os.path.lexists(home / ".netrc") and not environ.get("NETRC"):
        report(Note(f"{home / '.netrc'} is not read in a workflow; NETRC or {OWN_HOME} names one that is"))


def _refuse_above(room: Path) -> None:
    """Refuse a room below files that tools look for in every folder above the one that they work in."""
    for folder in room.parents:
        if folder.stat().st_uid == 0 and not os.access(folder, os.W_OK):
            continue  # only root writes there
        for name in READ_FROM_ABOVE:
            if os.path.lexists(folder / name):
                words = f"{folder / name} is above every folder that mergeship works in, and would be read there"
                raise Held("not-a-clean-room", words, hint=f"remove it, if nobody needs it in {folder}")


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{', …' if names[5:] else ''}"
