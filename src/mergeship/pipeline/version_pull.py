"""The version pull request on the forge, and its branch."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from posixpath import join, normpath
from typing import TypeVar

import msgspec

from mergeship.adapters.github import Forge
from mergeship.adapters.github.pulls import Pulls, ask_pulls
from mergeship.core import bump, project, workflow
from mergeship.core.bump import Bump
from mergeship.core.project import Source
from mergeship.core.release import version_pull
from mergeship.core.release.decision import VERSION_BRANCH, Pull
from mergeship.core.release.ledger import Entry
from mergeship.core.release.version_pull import Prepared
from mergeship.pipeline.project_state import ProjectState

_T = TypeVar("_T")


class OnMain(msgspec.Struct, frozen=True):
    """The project as it is on main now, which may be further than what is checked out."""

    commit: str
    source: Source
    template: str
    """The pull request template; empty if there is none."""


def on_main(state: ProjectState) -> OnMain:
    """The project on main. Raises Misconfigured for what cannot be read."""
    commit = state.refs.main
    source = project.gather(state.repository.at(commit), Path(state.repository.path).resolve(), state.overrides)
    template = state.repository.blob(commit, workflow.PULL_REQUEST_TEMPLATE)
    return OnMain(commit, source, (template or b"").decode(errors="replace"))


def edits(state: ProjectState, main: OnMain, version: str) -> Bump:
    """What brings a version back. Raises Misconfigured if it cannot be written."""
    name, declared = main.source.project.name, main.source.declared
    return bump.as_claimed(name, declared, version, state.repository.at(main.commit))


class VersionPulls:
    """The version pull requests of one repository."""

    def __init__(self, state: ProjectState, forge: Forge) -> None:
        self.state = state
        self.forge = forge

    def open(self) -> tuple[list[Pull], list[Pull]]:
        """Those that are open, the newest first: ours, and those with commits of someone else."""
        pulls = self.ask(lambda pulls: pulls.of_branches(VERSION_BRANCH))
        called = [pull for pull in pulls if version_pull.is_ours(pull.branch)]
        ours = [pull for pull in called if not self.strangers(pull.head)]
        return ours, [pull for pull in pulls if pull not in ours]

    def strangers(self, commit: str) -> set[str]:
        """Whose commits a branch has besides ours."""
        return self.state.origin.strangers(commit, self.state.refs.main)

    def prepared(self, main: OnMain, entry: Entry, written: Bump, pull: Pull | None) -> Prepared:
        """The commit, here only as yet, and the branch that it belongs on."""
        name, at = self._branch(pull)
        commit = self._commit(main, entry, written)
        return Prepared(name, at, commit, bool(at) and self._content(at) == self._content(commit))

    def _branch(self, pull: Pull | None) -> tuple[str, str]:
        """The branch of an open one; else one that never got its pull request; else a new one. And where it is."""
        branches = {
            name: at for name, at in self.state.origin.branches(VERSION_BRANCH).items() if version_pull.is_ours(name)
        }
        if pull:
            return pull.branch, branches.get(pull.branch, "")
        for name in sorted(branches, reverse=True):
            if not self._had(name) and not self.strangers(branches[name]):
                return name, branches[name]
        number = 1
        while (name := version_pull.branch(self.state.now.date(), number)) in branches or self._had(name):
            number += 1
        return name, ""

    def _had(self, name: str) -> bool:
        """Whether a branch has, or had, a pull request."""
        return self.ask(lambda pulls: pulls.had(name))

    def _commit(self, main: OnMain, entry: Entry, written: Bump) -> str:
        """The one commit of the branch, on top of main."""
        repository, prefix = self.state.repository, self.state.repository.prefix()
        paths = {repository.real(main.commit, normpath(join(prefix, file.path))): file.after for file in written.files}
        contents = {path: (repository.mode(main.commit, path), text) for path, text in paths.items()}
        when = self.state.now.timestamp()
        return self.state.origin.commit(contents, version_pull.title(entry.version), main.commit, when)

    def _content(self, commit: str) -> str:
        """What a commit is, whenever it was made."""
        return self.state.repository.git("log", "-1", "--format=%T %P %s", commit)

    def ask(self, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
        """What the forge answers. Raises Held, Refused among it."""
        return ask_pulls(self.forge, question)
