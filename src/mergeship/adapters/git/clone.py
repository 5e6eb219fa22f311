"""A clone of our own: every object in it was hashed on its way in, and its configuration is git's default."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mergeship.adapters.git.origin import Origin
from mergeship.adapters.git.repository import Repository
from mergeship.core.environ import for_installer
from mergeship.process import ProcessFailed

# What another repository's configuration, or one that is not there, could have git start while it serves us.
_LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "file"}


def own_clone(source: str, commit: str, url: str, target: Path, environ: Mapping[str, str]) -> Repository:
    """A clone at `commit`, in a new folder, with `url` as its origin.

    The objects come from the checkout in `source` as far as it has them: `git fetch` names each by its content, so one
    that was put there under another's name is missing here. What is missing comes from `url`. Raises Held if the
    commit is nowhere.
    """
    made = _empty(target, url, environ)
    local = Repository(target, {**made.env, **_LOCAL})
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-shallow")
    try:
        local.git(*fetch, Path(source).absolute().as_uri(), commit)
    except ProcessFailed:
        shutil.rmtree(target)  # what came of it would be taken for the whole
        made = _empty(target, url, environ)
        Origin(made, environ).fetch_commit(commit)
    made.git("checkout", "--quiet", "--detach", commit)
    return made


def _empty(target: Path, url: str, environ: Mapping[str, str]) -> Repository:
    target.mkdir()
    made = Repository(target, for_installer(environ))
    made.git("init", "--quiet", "--template=")
    made.git("remote", "add", "origin", url)
    return made


def differs(clone: Repository, checkout: str) -> list[str]:
    """The files of a clone's commit that are others in a checkout. Nothing of the checkout's own `.git` is read."""
    index = ["--git-dir", str(Path(clone.path) / ".git"), "--work-tree", checkout]
    shown = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")
    return [entry[3:] for entry in clone.git(*index, *shown).split("\0") if entry]
