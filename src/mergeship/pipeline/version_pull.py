"""The version pull request on the forge, and its branch."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from posixpath import join, normpath
from typing import TypeVar

import msgspec

from mergeship.adapters.github import Forge
from mergeship.adapters.github.pulls import Pulls, asked
from mergeship.core import bump, project, workflow
from mergeship.core.bump import Bump
from mergeship.core.project import Source
from mergeship.core.release import version_pull
from mergeship.core.release.decision import VERSION_BRANCH, Pull
from mergeship.core.release.ledger import Entry
from mergeship.pipeline.standing import Standing

_T = TypeVar("_T")


class OnMain(msgspec.Struct, frozen=True):
    """The project as it is on main now, which may be further than what is checked out."""

    commit: str
    source: Source
    template: str
    """The pull request template; empty where there is none."""


def on_main(stands: Standing) -> OnMain:
    """The project on main. Raises Misconfigured for what cannot be read."""
    commit = stands.refs.main
    source = project.gather(stands.repository.at(commit), Path(stands.repository.path).resolve(), stands.overrides)
    template = stands.repository.blob(commit, workflow.PULL_REQUEST_TEMPLATE)
    return OnMain(commit, source, (template or b"").decode(errors="replace"))


def edits(stands: Standing, main: OnMain, version: str) -> Bump:
    """What brings a version back. Raises Misconfigured where it cannot be written."""
    name, declared = main.source.project.name, main.source.declared
    return bump.as_claimed(name, declared, version, stands.repository.at(main.commit))


class Branch(msgspec.Struct, frozen=True):
    """A branch of ours, and the commit that it is at; empty where it is not there yet."""

    name: str
    at: str


class VersionPulls:
    """The version pull requests of one repository."""

    def __init__(self, stands: Standing, forge: Forge) -> None:
        self.stands = stands
        self.forge = forge

    def opened(self) -> tuple[list[Pull], list[Pull]]:
        """Those that are open, the newest first: ours, and those with commits of somebody else."""
        found = self.ask(lambda pulls: pulls.of_branches(VERSION_BRANCH))
        called = [pull for pull in found if version_pull.is_ours(pull.branch)]
        ours = [pull for pull in called if not self.strangers(pull.head)]
        return ours, [pull for pull in found if pull not in ours]

    def strangers(self, commit: str) -> set[str]:
        """Whose commits a branch has besides ours."""
        return self.stands.origin.strangers(commit, self.stands.refs.main)

    def branch(self, pull: Pull | None) -> Branch:
        """The branch of an open one; else one that never got its pull request; else a new one."""
        there = {
            name: at for name, at in self.stands.origin.branches(VERSION_BRANCH).items() if version_pull.is_ours(name)
        }
        if pull:
            return Branch(pull.branch, there.get(pull.branch, ""))
        for name in sorted(there, reverse=True):
            if not self._had(name) and not self.strangers(there[name]):
                return Branch(name, there[name])
        number = 1
        while (name := version_pull.branch(self.stands.now.date(), number)) in there or self._had(name):
            number += 1
        return Branch(name, "")

    def _had(self, name: str) -> bool:
        """Whether a branch has, or had, a pull request."""
        return self.ask(lambda pulls: pulls.had(name))

    def commit(self, main: OnMain, entry: Entry, written: Bump) -> str:
        """The one commit of the branch, on top of main; here alone as yet."""
        repository, prefix = self.stands.repository, self.stands.repository.prefix()
        paths = {repository.real(main.commit, normpath(join(prefix, file.path))): file.after for file in written.files}
        changed = {path: (repository.mode(main.commit, path), text) for path, text in paths.items()}
        when = self.stands.now.timestamp()
        return self.stands.origin.commit(changed, version_pull.title(entry.version), main.commit, when)

    def same(self, branch: Branch, commit: str) -> bool:
        """Whether a branch has exactly that commit already, whenever it was made."""
        ask = ("log", "-1", "--format=%T %P %s")
        return bool(branch.at) and self.stands.repository.git(*ask, branch.at) == self.stands.repository.git(
            *ask, commit
        )

    def ask(self, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
        """What the forge answers. Raises Held, Refused among it."""
        return asked(self.forge, question)
