"""A clone of our own: every object in it was hashed on its way in, and its configuration is git's default."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from mergeship.adapters.git.origin import Origin
from mergeship.adapters.git.repository import Repository
from mergeship.core.environ import for_installer
from mergeship.process import ProcessFailed

PATIENCE = 300.0  # seconds for what a pipe in the place of a file would hold for ever
# What another repository's configuration, or one that is not there, could have git start while it serves us.
_LOCAL = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "file",
}
# It may be another user's, in a container for one; nothing there is trusted anyway.
_UPLOAD_PACK = "--upload-pack=git -c safe.directory=* upload-pack"


def own_clone(source: str, commit: str, url: str, target: Path, environ: Mapping[str, str]) -> Repository:
    """A clone at `commit`, in a new folder, with `url` as its origin; its files are not written yet.

    The objects come from the checkout in `source` as far as it has them: `git fetch` names each by its content, so one
    that was put there under another's name is missing here. What is missing comes from `url`. Raises Held if the
    commit is nowhere.
    """
    made = _empty(target, url, environ)
    local = Repository(target, {**made.env, **_LOCAL})
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-shallow")
    try:
        local.git(*fetch, _UPLOAD_PACK, Path(source).absolute().as_uri(), commit, seconds=PATIENCE)
    except ProcessFailed:
        shutil.rmtree(target)  # what came of it would be taken for the whole
        made = _empty(target, url, environ)
        Origin(made, environ).fetch_commit(commit)
    (target / ".git" / "HEAD").write_text(f"{commit}\n", encoding="utf-8")
    made.git("read-tree", commit)
    return made


def differing(clone: Repository, checkout: str) -> list[str]:
    """The files of a clone's commit that are others in a checkout. Nothing of the checkout's own `.git` is read."""
    index = ["--git-dir", str(Path(clone.path) / ".git"), "--work-tree", checkout]
    shown = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")
    try:
        changed = _names(clone.git(*index, *shown, seconds=PATIENCE))
        if changed:  # line ends that git would write otherwise are no change
            _as_they_are(clone)
            changed &= _names(clone.git(*index, *shown, seconds=PATIENCE))
    except ProcessFailed:
        return ["(what is checked out cannot be read)"]
    # A sparse checkout has only some.
    return [name for name in sorted(changed) if os.path.lexists(Path(checkout) / name)]


def write_files(clone: Repository) -> None:
    """Write the files of a clone's commit as they are in it, whatever its attributes say: what is read is the commit's.

    A build makes its own copy, and takes what git makes of it.
    """
    _as_they_are(clone)
    clone.git("checkout-index", "--quiet", "--force", "--all")


def _as_they_are(clone: Repository) -> None:
    """Have git change nothing of files, whatever attributes they have."""
    attributes = Path(clone.path) / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* -text -ident -filter -eol -working-tree-encoding\n", encoding="utf-8")


def _names(status: str) -> set[str]:
    """The files that `git status -z` lists."""
    return {entry[3:] for entry in status.split("\0") if entry}


def _empty(target: Path, url: str, environ: Mapping[str, str]) -> Repository:
    target.mkdir()
    made = Repository(target, for_installer(environ))
    made.git("init", "--quiet", "--template=")
    with (target / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(f'[remote "origin"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')
    return made
