"""`mergeship setup`: a repository from its settings to its first release, step by step, and on from where it stands."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters.github import runs
from mergeship.adapters.github.connection import RequestRefused
from mergeship.core import setup as steps
from mergeship.core.progress import Note, Reporter
from mergeship.core.release.decision import Pull
from mergeship.core.result import Problem
from mergeship.core.setup import Shown
from mergeship.errors import MergeshipError
from mergeship.pipeline.forging import Wanted
from mergeship.pipeline.setting_up import PAUSE, SettingUp

AGAIN = "run mergeship setup again to resume"
NO_RUNNER = "no self-hosted runner is online; jobs wait up to 24 hours for one (Settings, Actions, Runners, New runner)"


class SetUp(msgspec.Struct, frozen=True):
    """A repository that was set up, up to its first release."""

    repository: str
    changed: int
    """How many settings were changed just now."""
    pull: int
    url: str
    version: str
    """What was released; empty if it did not come to that."""
    notes: tuple[str, ...]
    kept: tuple[str, ...]
    error: Problem | None = None


def setup(  # noqa: PLR0913 - one argument an option
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    wanted: Wanted,
    agreed: Callable[[Shown], None],
    token: Callable[[], str],
    wait: float,
) -> SetUp:
    """Show everything that would be done, and do it: settings, files by a pull request, its merge, its release.

    What is done already is not done again. `agreed` raises Misconfigured if a person does not agree; `wait` is how
    many seconds are waited for one step. What stops it after something was done is a part of what comes back.
    """
    setting_up = SettingUp(path, environ, overrides, report)
    shown, required = _shown(setting_up, wanted)
    if shown.released and not shown.forge.changes:
        return _result(setting_up, shown, 0, version=shown.released)
    agreed(shown)
    report(Note(f"1 of 5: the settings of {shown.forge.origin.repository}"))
    applied = setting_up.hosted.apply(shown.forge, token)
    changed = len(applied.done)
    if applied.error:
        problem = msgspec.structs.replace(applied.error, hint=_and_again(applied.error.hint))
        return _result(setting_up, shown, changed, error=problem)
    if shown.released:
        return _result(setting_up, shown, changed, version=shown.released)
    return _Releasing(setting_up, shown, changed, report).done(required, wait)


class _Releasing:
    """From settings that are as they should be to the release."""

    def __init__(self, setting_up: SettingUp, shown: Shown, changed: int, report: Reporter) -> None:
        self.setting_up = setting_up
        self.shown = shown
        self.changed = changed
        self.report = report
        self.pull: Pull | None = None

    def done(self, required: Sequence[str], wait: float) -> SetUp:
        """How far it came, whatever stopped it."""
        try:
            version = self._released(required, wait)
        except MergeshipError as error:
            problem = Problem(error.code, error.message, _and_again(error.hint))
            return _result(self.setting_up, self.shown, self.changed, self.pull, error=problem)
        return _result(self.setting_up, self.shown, self.changed, self.pull, version=version)

    def _released(self, required: Sequence[str], wait: float) -> str:
        setting_up = self.setting_up
        self.pull = setting_up.pull()
        commit = self.pull.commit if self.pull else self.shown.under_way
        if self.pull is None and not commit:
            self.report(Note(f"2 of 5: a pull request from {self.shown.branch}"))
            self.pull = setting_up.propose(setting_up.main(), self.shown.files)
        if self.pull and not commit:
            commit = self._merged(self.pull, required, wait)
        self.report(Note(f"5 of 5: the release of {commit[:12]}"))
        return setting_up.follow_release(commit, wait, PAUSE).version

    def _merged(self, pull: Pull, required: Sequence[str], wait: float) -> str:
        url = f"{self.setting_up.page}/pull/{pull.number}"
        self.report(Note(f"3 of 5: the checks of {url}"))
        self.setting_up.follow_checks(pull, required, wait, PAUSE)
        self.report(Note(f"4 of 5: the merge of {url}"))
        return self.setting_up.merge(pull, wait, PAUSE)


def _and_again(hint: str) -> str:
    return hint if "setup" in hint else "; ".join(filter(None, [hint, AGAIN]))


def _shown(setting_up: SettingUp, wanted: Wanted) -> tuple[Shown, Sequence[str]]:
    """Everything that would be done, and the checks that a merge will need."""
    main = setting_up.main()
    files, pull = setting_up.files(main), setting_up.pull()
    workflows = setting_up.workflows(main, files)
    forge = setting_up.hosted.plan(wanted, workflows)
    ahead = not pull.commit if pull else any(change.action == "create" for change in files.changes)
    state = None if ahead else setting_up.state()
    shown = Shown(
        files=files,
        forge=forge,
        pull=pull.number if pull else 0,
        merged=bool(pull and pull.merged),
        branch=steps.BRANCH,
        title=steps.TITLE,
        released=steps.released(state.ledger, pull.commit if pull else "") if state else "",
        under_way=steps.under_way(state.ledger, state.now, state.lease) if state and not pull else "",
        notes=_notes(setting_up),
    )
    return shown, setting_up.hosted.contexts(workflows).names


def _notes(setting_up: SettingUp) -> tuple[str, ...]:
    try:
        online = setting_up.forge.ask(runs.runner_online)
    except RequestRefused as refused:
        return (f"not checked whether a runner is online: {refused.words}",)
    return () if online else (NO_RUNNER,)


def _result(
    setting_up: SettingUp,
    shown: Shown,
    changed: int,
    pull: Pull | None = None,
    *,
    version: str = "",
    error: Problem | None = None,
) -> SetUp:
    number = pull.number if pull else shown.pull
    return SetUp(
        repository=shown.forge.origin.repository,
        changed=changed,
        pull=number,
        url=f"{setting_up.page}/pull/{number}" if number else setting_up.page,
        version=version,
        notes=(*shown.forge.notes, *shown.notes),
        kept=shown.forge.kept,
        error=error,
    )
