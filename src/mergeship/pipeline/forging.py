"""The settings of a project's repository: read, planned, and applied."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship import __version__
from mergeship.adapters import files, git
from mergeship.adapters.github import Forge
from mergeship.adapters.github import settings as hosted
from mergeship.adapters.github.connection import CONFLICT, Connection
from mergeship.core import contexts as checks
from mergeship.core import project, publisher, workflow
from mergeship.core.environ import INDEX_TOKEN
from mergeship.core.forge import plan as plans
from mergeship.core.forge.plan import Change, Plan, PlanOrigin
from mergeship.core.forge.secret import Secret
from mergeship.core.forge.setting import PlanRequest
from mergeship.core.progress import Note, Reporter
from mergeship.core.project import Source
from mergeship.core.result import Applied, ChangeMade, Problem
from mergeship.core.text import is_token
from mergeship.errors import Failed, MergeshipError, Misconfigured
from mergeship.pipeline.remote import checkout, on_forge

_SERVER = 500
_MAYBE = " (it may have been done all the same)"


Workflows = Mapping[str, str]
"""Workflow files, by their paths in the repository."""


class Wanted(msgspec.Struct, frozen=True):
    """What a plan may do besides."""

    allow_remove: bool = False
    replace_token: bool = False


class Hosted:
    """A project and its repository on the forge."""

    def __init__(self, path: Path, environ: Mapping[str, str], overrides: Sequence[str], report: Reporter) -> None:
        read = files.reader(path, git.top(path))
        self.source: Source = project.gather(read, path.resolve(), overrides)
        deadline = self.source.settings.forge.deadline
        self.forge = Forge(environ, on_forge(checkout(path, environ), environ), deadline, report)
        self._path, self._report = path, report

    def workflows(self) -> Workflows:
        """The workflows of the checkout."""
        folder = Path(git.top(self._path) or self._path) / workflow.FOLDER
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        named = [file for file in entries if file.name.endswith(workflow.SUFFIXES)]
        return {f"{workflow.FOLDER}/{file.name}": files.read(file) or "" for file in named}

    def contexts(self, workflows: Workflows) -> checks.Contexts:
        """The checks that have to be green before a merge."""
        return _contexts(self.source, workflows)

    def plan(self, wanted: Wanted, workflows: Workflows | None = None) -> Plan:
        """What would be changed now, by the workflows that are there, or will be.

        Raises Held or Misconfigured for what cannot be read.
        """
        settings = self.source.settings
        workflows = self.workflows() if workflows is None else workflows
        contexts = self.contexts(workflows)
        self._report(Note(f"reading the settings of {self.forge.repository} at {self.forge.api}"))
        actual = self.forge.ask(lambda ask: hosted.actual(ask, settings.environment, settings.forge.leave))
        request = PlanRequest(
            contexts=contexts.names,
            environment=settings.environment,
            trusted=settings.auth == "trusted",
            attests=settings.attests,
            reviews=settings.forge.reviews,
            leave=settings.forge.leave,
            replace_token=wanted.replace_token,
            unpinned=_unpinned(workflows),
        )
        origin = PlanOrigin(__version__, self.forge.api, actual.repository, wanted.allow_remove, wanted.replace_token)
        planned = plans.planned(actual, request, origin)
        notes = [*planned.notes, *contexts.notes]
        if settings.auth == "trusted":
            notes.append(publisher.to_enter(self.source.project.normalized, actual.repository, settings.environment))
        return msgspec.structs.replace(planned, notes=tuple(notes))

    def apply(self, plan: Plan, token: Callable[[], str]) -> Applied:
        """Do exactly what a plan says, until something fails. `token` gives the value of the secret, if needed."""
        value = ""
        if any(isinstance(change.after, Secret) for change in plan.changes):
            value = _token(token)
        done: list[ChangeMade] = []
        problem = None
        for number, change in enumerate(plan.changes, start=1):
            self._report(Note(f"{number} of {len(plan.changes)}: {change.action} {change.kind} {change.name}"))
            try:
                self.forge.ask(lambda ask, change=change: _applied(ask, change, value))  # type: ignore[misc]
            except MergeshipError as error:
                maybe = "" if isinstance(error, Failed) or getattr(error, "status", 500) < _SERVER else _MAYBE
                words = f"{change.action} {change.kind} {change.name}: {error.message}{maybe}"
                hint = error.hint
                if getattr(error, "status", 0) == CONFLICT:
                    hint = f'{hint}, or leave it to them with forge.leave = ["{change.kind}"]'
                problem = Problem(error.code, words, f"{hint}; what is left: mergeship forge plan")
                break
            except BaseException:
                behind = len(plan.changes) - number
                self._report(Note(f"{len(done)} done, {change.kind} {change.name} maybe, {behind} not tried"))
                raise
            done.append(_made(change))
        left = plan.changes[len(done) :]
        failed = _made(left[0]) if problem else None
        not_tried = tuple(map(_made, left[1:] if problem else ()))
        return Applied(plan.origin.repository, tuple(done), failed, not_tried, plan.kept, plan.notes, problem)


def _made(change: Change) -> ChangeMade:
    return ChangeMade(change.action, change.kind, change.name)


async def _applied(ask: Connection, change: Change, value: str) -> None:
    """One change, unless the setting is not what it was."""
    about = change.after or change.before
    if about and await hosted.again(ask, about) != change.before:
        raise Failed(
            "state-moved", "someone changed it in the meantime", hint="see what it is now: mergeship forge plan"
        )
    await hosted.write(ask, change.before, change.after, value)


def _token(token: Callable[[], str]) -> str:
    value = token().strip()
    if not is_token(value):
        what = "is not a token: it has spaces, line breaks, or unprintable characters" if value else "is empty"
        raise Misconfigured(
            "bad-token" if value else "no-token",
            f"the value of {INDEX_TOKEN} {what}",
            hint=f"set {INDEX_TOKEN} in the environment, or pipe it in with --token-stdin",
        )
    return value


def _unpinned(workflows: Workflows) -> tuple[str, ...]:
    """Actions that are not named by their whole commit, each with its workflow."""
    unpinned = []
    for path, text in workflows.items():
        try:
            uses = workflow.read(text, path).uses
        except Misconfigured:
            continue  # GitHub does not run it either
        unpinned += [f"{use.action}@{use.ref} in {path}" for use in uses if not use.is_pinned]
    return tuple(dict.fromkeys(unpinned))


def _contexts(source: Source, workflows: Workflows) -> checks.Contexts:
    """The checks of ci.yml; before `init`, as that would write it."""
    text = workflows.get(workflow.CHECKS)
    if text is None and workflow.PATH in workflows:
        return checks.Contexts((), (f"there is no {workflow.CHECKS}: no check is required before a merge",))
    written = text or workflow.render(files.template(workflow.TEMPLATES[workflow.CHECKS]), source.settings)
    contexts = checks.contexts(written, workflow.CHECKS, workflows.get)
    if text is None:
        words = f"{workflow.CHECKS} is not in this checkout: required is what `mergeship init` writes into it"
        contexts = msgspec.structs.replace(contexts, notes=(*contexts.notes, words))
    return contexts
