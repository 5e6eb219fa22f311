"""Merges in a bare repository, by git's plumbing: squash, rebase and merge commits as GitHub makes them."""

from typing import Literal

from mergeship.errors import Failed
from mergeship.process import ProcessFailed
from mergeship.world.git import BareRepository

Method = Literal["squash", "rebase", "merge"]
PERSON = ("-c", "user.name=Maintainer", "-c", "user.email=maintainer@example.org", "-c", "commit.gpgsign=false")
"""Whose commits those of a rehearsal are, as options of git."""


def merge(bare: BareRepository, base: str, head: str, method: Method, message: str, number: int) -> tuple[str, ...]:
    """The commits that a merge of `head` into `base` adds, in their order. Raises Failed for a conflict."""
    if method == "squash":
        return (_commit(bare, _tree(bare, base, head), message, base),)
    own = bare.git("rev-list", "--reverse", f"{base}..{head}").split()
    if method == "merge":
        words = f"Merge pull request #{number} from rehearsal/branch\n\n{message.partition(chr(10))[0]}"
        return (*own, _commit(bare, _tree(bare, base, head), words, base, head))
    added: list[str] = []
    for commit in own:
        tip = added[-1] if added else base
        own_message = bare.git("log", "-1", "--format=%B", commit)
        added.append(_commit(bare, _picked(bare, tip, commit), own_message, tip))
    return tuple(added)


def fits(bare: BareRepository, base: str, head: str) -> bool:
    """Whether `head` can be merged into `base` without a conflict."""
    try:
        bare.git("merge-tree", "--write-tree", base, head)
    except ProcessFailed:
        return False
    return True


def _tree(bare: BareRepository, base: str, head: str) -> str:
    try:
        return bare.git("merge-tree", "--write-tree", base, head).split()[0]
    except ProcessFailed as error:
        raise Failed("conflict", "the pull request conflicts with its base", hint="merge the base into it") from error


def _picked(bare: BareRepository, tip: str, commit: str) -> str:
    """The tree of a commit put on top of another: a merge with a copy of the tip that has the commit's parent."""
    parent = bare.resolved(f"{commit}^")
    copy = _commit(bare, bare.git("rev-parse", f"{tip}^{{tree}}").strip(), "a copy", parent)
    return _tree(bare, copy, commit)


def _commit(bare: BareRepository, tree: str, message: str, *parents: str) -> str:
    named = [word for parent in parents for word in ("-p", parent)]
    return bare.git(*PERSON, "commit-tree", tree, *named, "-F", "-", given=message).strip()
