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
    used: dict[str, None] = {}
    for path in repository.names(commit, workflow.FOLDER):
        text = _text(repository, commit, path)
        if path.endswith(workflow.SUFFIXES) and policy.holds_secret(text):
            ours, name = workflow.TEMPLATES.get(path), repository.object_name(commit, path)
            written = ours is not None and text == workflow.render(files.template(ours), settings)
            yield path, f"{policy.WRITTEN}{name}" if written else name
            used |= dict.fromkeys(policy.local_paths(text))
    yield from _used(repository, commit, list(used))


def _used(repository: Repository, commit: str, named: list[str]) -> Iterator[tuple[str, str]]:
    """Every path that is named, and what an action there names in its turn: each once.

    An action at the top has no folder of its own: there it is the files that it names.
    """
    for path in named:  # grows while it is read
        real = repository.real(commit, path)
        descriptions = [real] if real.endswith(workflow.SUFFIXES) else [normpath(join(real, name)) for name in _ACTIONS]
        actions = [_text(repository, commit, name) for name in descriptions]
        beside = (normpath(join(real, file)) for action in actions for file in policy.named_paths(action))
        apart = [file for file in beside if not file.startswith(("../", f"{real}/")) and file not in {"..", real}]
        itself = descriptions if real == _TOP else [real]
        if not any(actions) and repository.blob(commit, real) is None:
            itself = []  # a folder that is no action: what runs there is not known
        for file in (*itself, *apart):
            yield file, repository.object_name(commit, repository.real(commit, file))
        named += [inner for action in actions for inner in policy.local_paths(action) if inner not in named]


def _text(repository: Repository, commit: str, path: str) -> str:
    return (repository.blob(commit, path) or b"").decode(errors="replace")
