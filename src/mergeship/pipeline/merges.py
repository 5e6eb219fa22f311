"""What was merged: the pull requests behind commits, looked up on the forge and in git."""

import os
from collections.abc import Collection, Mapping, Sequence
from posixpath import join, normpath

import msgspec

from mergeship.adapters.git import Repository
from mergeship.adapters.github import Lookup
from mergeship.core import declaration
from mergeship.core.declaration import Declared, Read
from mergeship.core.project import Source, pyproject_of
from mergeship.core.release import decision
from mergeship.core.release.claim import ClaimFacts
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.decision import Merged, Pull
from mergeship.core.settings import load
from mergeship.errors import MergeshipError
from mergeship.pipeline.project_state import ProjectState


def look_up_merges(
    state: ProjectState, source: Source, commits: Sequence[Commit], known: ClaimFacts, environ: Mapping[str, str]
) -> list[Merged]:
    """The commits with their pull requests. Raises Held if the forge does not answer."""
    if not commits:
        return []
    lookup = Lookup(environ, state.name, state.settings.forge.deadline)
    alone = next((commit.sha for commit in commits if commit.sha == known.introduced and not commit.names_pull), "")
    pulls = lookup.pulls_of([commit.sha for commit in commits], alone)
    released = frozenset(entry.version for entry in known.ledger.releases if entry.begun)
    merges = []
    for commit in commits:
        brought = (
            with_unexpected_files(source, state.repository, pull, commit.sha, released) for pull in pulls[commit.sha]
        )
        merges.append(Merged(commit, tuple(brought)))
    return merges


def with_unexpected_files(
    source: Source, repository: Repository, pull: Pull, commit: str, released: Collection[str] | None = None
) -> Pull:
    """A version or maintenance pull request with whatever it changes beyond what it may; any other as it is.

    `commit` is the one that brought it, or would; empty for one that is not here, when only its files decide.
    `released` are the versions that it may bring back; None if they are not known.
    """
    kind = decision.neutral_kind(pull)
    if not kind:
        return pull
    prefix, declared = repository.prefix(), source.declared
    versioned = [
        repository.real(commit or "HEAD", _from_top(prefix, place.path))
        for place in (*declared.places, *declared.locks)
    ]
    maintained = [_from_top(prefix, name) for name in decision.MAINTAINED]
    unexpected = decision.unexpected_files(pull, versioned, maintained)
    if commit:
        unexpected += tuple(f"{name} (no plain file any more)" for name in repository.not_plain_in(commit))
    if kind == "version" and not unexpected and commit:
        unexpected = _more_than_version(repository, commit, released)
    return msgspec.structs.replace(pull, more_than_allowed=unexpected)


def _more_than_version(repository: Repository, commit: str, released: Collection[str] | None) -> tuple[str, ...]:
    """The files of a commit in which anything but the version and the own lock entry changed."""
    before, after = repository.at(f"{commit}^1"), repository.at(commit)
    prefix = repository.prefix()
    try:
        folder = os.path.realpath(repository.path)
        old, new = _declared(before, folder), _declared(after, folder)
        written = new.version or ""
        if released is not None and written not in released:
            return (f"the version {written}, which was never released",)
        expected = {
            repository.real(commit, _from_top(prefix, file.path)): file.after.encode()
            for file in declaration.rewritten((*old.places, *old.locks), before, written)[0]
        }
    except MergeshipError as error:
        return (f"the version cannot be read there: {error.message}",)
    paths = repository.changed_in(commit)
    return tuple(name for name in paths if expected.get(name) != repository.blob(commit, name))


def _from_top(prefix: str, path: str) -> str:
    """A path of the project's folder as one of the repository; a workspace's lock lies above the project."""
    return normpath(join(prefix, path))


def _declared(read: Read, folder: str) -> Declared:
    text, pyproject = pyproject_of(read, folder)
    return declaration.declared(pyproject, text, read, load(pyproject).version_files, folder)
