"""The set-up of one repository: each step looked at, and done if it is not done yet."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mergeship.adapters import files
from mergeship.adapters.git.origin import Origin
from mergeship.adapters.github import runs
from mergeship.adapters.github.connection import RequestRefused
from mergeship.adapters.github.pulls import Pulls, ask_pulls
from mergeship.core import intent, project, setup, workflow
from mergeship.core.plan import FilePlan
from mergeship.core.progress import Note, Reporter
from mergeship.core.release.decision import Pull
from mergeship.core.release.ledger import Entry
from mergeship.core.setup import CheckState
from mergeship.errors import Failed, Held, Misconfigured
from mergeship.pipeline import project_state, scaffold
from mergeship.pipeline.forging import Hosted, Workflows
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.remote import checkout, server_of

PAUSE = 5.0  # seconds between two looks at something that takes minutes
_T = TypeVar("_T")


class SettingUp:
    """A project on its way to its first release."""

    def __init__(self, path: Path, environ: Mapping[str, str], overrides: Sequence[str], report: Reporter) -> None:
        self.hosted = Hosted(path, environ, overrides, report)
        self.forge = self.hosted.forge
        self._environ = environ
        self.path, self.overrides, self.report = path, overrides, report
        self.repository = checkout(path, environ)
        self.origin = Origin(self.repository, self.environ)
        self.page = f"{server_of(environ)}/{self.forge.repository}"

    @property
    def environ(self) -> dict[str, str]:
        """The environment with the forge's token as it is now: an App's ends after an hour."""
        return {**self._environ, "GITHUB_TOKEN": self.forge.token().value}

    def main(self) -> str:
        """The commit that main is at, fetched. Raises Held if there is none."""
        refs = self.origin.refs()
        if not refs.main:
            raise Held("no-main", f"{self.page} has no branch main", hint="push main first: git push origin HEAD:main")
        self.origin.fetch(refs)
        return refs.main

    def files(self, main: str) -> FilePlan:
        """What of the pipeline is not on main yet; what a person has changed there stays."""
        read = self.repository.at(main)
        source = project.gather(read, self.path.resolve(), self.overrides)
        return scaffold.planned(source, self._at_top(main))

    def workflows(self, main: str, plan: FilePlan) -> Workflows:
        """The workflows of main, once the pull request has brought what is missing.

        Raises Misconfigured if the pipeline there is not mergeship's: merging would start it.
        """
        names = self.repository.names(main, workflow.FOLDER)
        texts = {name: self._at_top(main)(name) or "" for name in names}
        texts |= {change.path: change.wanted for change in plan.changes if change.action == "create"}
        if not workflow.read(texts[workflow.PATH], workflow.PATH).ours:
            raise Misconfigured(
                "other-pipeline",
                f"{workflow.PATH} on main is not mergeship's, so merging would start a foreign pipeline",
                hint="mergeship init --force writes ours in its place; merge that to main, then run setup again",
            )
        return {name: text for name, text in texts.items() if name.startswith(workflow.FOLDER)}

    def _at_top(self, main: str) -> Callable[[str], str | None]:
        """Reads a file of main from the repository's top, where workflows are."""

        def read(name: str) -> str | None:
            content = self.repository.blob(main, name)
            return None if content is None else content.decode(errors="replace")

        return read

    def pull(self) -> Pull | None:
        """The pull request of the set-up: the open one, else the merged one."""
        candidates = self.ask(lambda pulls: pulls.of_branch(setup.BRANCH))
        usable = [pull for pull in candidates if pull.open] or [pull for pull in candidates if pull.merged]
        return usable[0] if usable else None

    def propose(self, main: str, plan: FilePlan) -> Pull:
        """Push the branch with what is missing, and open its pull request, which asks to ship.

        If nothing is missing it changes nothing: GitHub merges that too.
        """
        changes = {change.path: ("100644", change.wanted) for change in plan.changes if change.action == "create"}
        commit = self.origin.commit(changes, setup.TITLE, main, time.time())
        before = self.origin.branches(setup.BRANCH).get(setup.BRANCH, "")
        self.report(Note(f"pushing {setup.BRANCH}"))
        self.origin.move(setup.BRANCH, commit, before)
        template = self._at_top(commit)(workflow.PULL_REQUEST_TEMPLATE) or ""
        fallback = files.template(workflow.TEMPLATES[workflow.PULL_REQUEST_TEMPLATE])
        body = f"{setup.INTRODUCTION}\n\n{intent.checklist(template, fallback, 'deploy')}"
        return self.ask(lambda pulls: pulls.open(setup.BRANCH, setup.TITLE, body))

    def state(self) -> ProjectState:
        """Where the project's releases stand now."""
        return project_state.read(self.path, self.environ, lambda _: None, self.overrides)

    def follow_checks(self, pull: Pull, required: Sequence[str], wait: float, pause: float) -> None:
        """Wait until the checks are green. Raises Failed if one is red, Held after `wait` seconds."""

        def look() -> str | None:
            states = [
                CheckState(
                    check.name, check.conclusion or "" if check.status == "completed" else "", check.html_url or ""
                )
                for check in reversed(self.forge.ask(lambda ask: runs.checks(ask, pull.head)))
            ]
            checked = setup.checked(required, states)
            if checked.outcome == "red":
                raise Failed(
                    "checks-failed", f"pull request #{pull.number}: {checked.words}",
                    hint=f"fix it on the branch {pull.branch}, then run setup again to resume",
                )  # fmt: skip
            return checked.words if checked.outcome == "waiting" else None

        self._wait(look, wait, pause)

    def merge(self, pull: Pull, wait: float, pause: float) -> str:
        """Merge it, as soon as the forge lets us, and give main's commit back."""

        def look() -> str | None:
            try:
                self.ask(lambda pulls: pulls.merge(pull.number, pull.head))
            except RequestRefused as refused:
                if refused.status not in {405, 409}:
                    raise
                return f"GitHub does not merge it yet: {refused.words}"
            return None

        self._wait(look, wait, pause)
        return self.ask(lambda pulls: pulls.pull(pull.number)).commit

    def follow_release(self, commit: str, wait: float, pause: float) -> Entry:
        """Wait until a commit is released. Raises Failed if its run fails, Held after `wait` seconds."""
        releases: list[Entry] = []
        ended = False

        def look() -> str | None:
            nonlocal ended
            state = self.state()
            releases[:] = [
                entry for entry in state.ledger.releases if entry.commit == commit and entry.state == "released"
            ]
            if releases:
                return None
            if ended:
                raise Failed(
                    "nothing-shipped", f"the pipeline has run on {commit[:12]}, and released nothing",
                    hint="mergeship gate --commit says why",
                )  # fmt: skip
            for run in self.forge.ask(lambda ask: runs.of_push(ask, commit)):
                if run.path.partition("@")[0] == workflow.PATH and run.status == "completed":
                    if run.conclusion == "success":
                        ended = True
                        break
                    raise Failed(
                        "pipeline-failed", f"the pipeline ended with {run.conclusion}: {run.html_url}",
                        hint="open the run and fix it, then run setup again to resume",
                    )  # fmt: skip
            return "the pipeline runs"

        self._wait(look, wait, pause)
        return releases[0]

    def _wait(self, look: Callable[[], str | None], wait: float, pause: float) -> None:
        """Look until there is nothing left to wait for."""
        until, reported = time.monotonic() + wait, ""
        while waiting := look():
            if waiting != reported:
                self.report(Note(waiting))
                reported = waiting
            if time.monotonic() + pause > until:
                raise Held("still-waiting", waiting, hint="run setup again later to resume")
            time.sleep(pause)

    def ask(self, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
        """What the forge answers about pull requests. Raises Held, RequestRefused among it."""
        return ask_pulls(self.forge, question)
