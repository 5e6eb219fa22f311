"""Reads the policies of a commit: its settings, and the files that run beside its secrets."""

from collections.abc import Iterator, Sequence
from posixpath import join, normpath

from mergeship.adapters import files
from mergeship.adapters.git import Repository
from mergeship.core import policy, workflow
from mergeship.core.policy import Policies
from mergeship.core.project import pyproject_of
from mergeship.core.settings import Settings, load
from mergeship.errors import MergeshipError

_DEPTH = 10  # of actions that use others
_TOP = "."
_ACTIONS = ("action.yml", "action.yaml")


def policies(repository: Repository, commit: str, overrides: Sequence[str]) -> Policies | None:
    """What decides at a commit; None if there is no project that can be read."""
    try:
        settings = load(pyproject_of(repository.at(commit), "main")[1], overrides)
    except MergeshipError:
        return None
    return {**policy.of_settings(settings), **dict(_files(repository, commit, settings))}


def _files(repository: Repository, commit: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """The workflow files that hold a secret, and what of the repository they use, each with the name of its content."""
    for path in repository.names(commit, workflow.FOLDER):
        text = _text(repository, commit, path)
        if path.endswith(workflow.SUFFIXES) and policy.holds_secret(text):
            ours = workflow.TEMPLATES.get(path)
            written = ours is not None and text == workflow.render(files.template(ours), settings)
            yield path, policy.WRITTEN if written else repository.object_name(commit, path)
            yield from _used(repository, commit, text, _DEPTH)


def _used(repository: Repository, commit: str, text: str, depth: int) -> Iterator[tuple[str, str]]:
    for path in policy.local_uses(text):
        is_file = path.endswith(workflow.SUFFIXES)
        names = (path,) if is_file else tuple(normpath(join(path, name)) for name in _ACTIONS)
        for name in names if path == _TOP else (path,):  # the top changes with every merge
            yield name, repository.object_name(commit, name)
        for name in names if depth else ():
            yield from _used(repository, commit, _text(repository, commit, name), depth - 1)


def _text(repository: Repository, commit: str, path: str) -> str:
    return (repository.blob(commit, path) or b"").decode(errors="replace")
