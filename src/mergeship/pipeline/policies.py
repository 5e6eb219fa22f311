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
    """What decides at a commit, by default if its settings cannot be read; None if there is no such commit."""
    if not repository.has(commit):
        return None
    try:
        settings = load(pyproject_of(repository.at(commit), "main")[1], overrides)
    except MergeshipError:
        settings = load({}, overrides)
    return {**policy.of_settings(settings), **dict(_files(repository, commit, settings))}


def _files(repository: Repository, commit: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """The workflow files that hold a secret, and what of the repository they use, each with the name of its content."""
    for path in repository.names(commit, workflow.FOLDER):
        text = _text(repository, commit, path)
        if path.endswith(workflow.SUFFIXES) and policy.holds_secret(text):
            ours, name = workflow.TEMPLATES.get(path), repository.object_name(commit, path)
            written = ours is not None and text == workflow.render(files.template(ours), settings)
            yield path, f"{policy.WRITTEN}{name}" if written else name
            yield from _used(repository, commit, text, _DEPTH)


def _used(repository: Repository, commit: str, text: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every path that a text uses, and what an action there uses in its turn.

    An action at the top has no folder of its own: there it is the files that it names.
    """
    for named in policy.local_paths(text) if depth else ():
        path = repository.real(commit, named)
        descriptions = [path] if path.endswith(workflow.SUFFIXES) else [normpath(join(path, name)) for name in _ACTIONS]
        actions = [_text(repository, commit, name) for name in descriptions]
        beside = [file for action in actions for file in policy.named_paths(action)]
        for file in [*descriptions, *beside] if path == _TOP else [path]:
            yield file, repository.object_name(commit, file)
        for action in actions:
            yield from _used(repository, commit, action, depth - 1)


def _text(repository: Repository, commit: str, path: str) -> str:
    return (repository.blob(commit, path) or b"").decode(errors="replace")
