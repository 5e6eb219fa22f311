"""`mergeship setup`: a repository from its settings to its first release, step by step, and on from where it stands."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mergeship.adapters.github import runs
from mergeship.adapters.github.connection import Refused
from mergeship.core import setup as steps
from mergeship.core.decision import Pull
from mergeship.core.event import Note, Tell
from mergeship.core.plan import FilePlan
from mergeship.core.result import Applied, Problem, SetUp
from mergeship.core.setup import Shown
from mergeship.pipeline.forging import Wanted
from mergeship.pipeline.setting_up import PAUSE, SettingUp
from mergeship.pipeline.standing import standing

NO_RUNNER = "no self-hosted runner is online: jobs wait for one for 24 hours (Settings, Actions, Runners, New runner)"


def setup(  # noqa: PLR0913 - one argument an option
    path: Path,
    environ: Mapping[str, str],
    tell: Tell,
    overrides: Sequence[str] = (),
    *,
    wanted: Wanted,
    agreed: Callable[[Shown], None],
    token: Callable[[], str],
    wait: float,
) -> SetUp:
    """Show everything that would be done, and do it: settings, files by a pull request, its merge, its release.

    What is done already is not done again. `agreed` raises Misconfigured where a person does not agree; `wait` is how
    many seconds are waited for one step. Gives back a failed change of the settings too.
    Raises Failed or Held where a later step does not come about.
    """
    setting_up = SettingUp(path, environ, overrides, tell)
    shown = _shown(setting_up, wanted)
    if shown.released and not shown.forge.changes:
        return _result(setting_up, shown, shown.released, 0)
    agreed(shown)
    tell(Note(f"1 of 5: the settings of {shown.forge.origin.repository}"))
    applied = setting_up.hosted.apply(shown.forge, token)
    if applied.error:
        return _failed(setting_up, shown, applied)
    if shown.released:
        return _result(setting_up, shown, shown.released, len(applied.done))
    pull = setting_up.pull()
    if pull is None:
        tell(Note(f"2 of 5: a pull request from {shown.branch}"))
        pull = setting_up.propose(setting_up.main(), shown.files)
    commit = pull.commit
    if not commit:
        commit = _merged(setting_up, pull, wait, tell)
    tell(Note(f"5 of 5: the release of {commit[:12]}"))
    entry = setting_up.follow_release(commit, wait, PAUSE)
    return _result(setting_up, shown, entry.version, len(applied.done), pull)


def _merged(setting_up: SettingUp, pull: Pull, wait: float, tell: Tell) -> str:
    where = f"{setting_up.page}/pull/{pull.number}"
    tell(Note(f"3 of 5: the checks of {where}"))
    setting_up.follow_checks(pull, setting_up.hosted.contexts, wait, PAUSE)
    tell(Note(f"4 of 5: the merge of {where}"))
    return setting_up.merge(pull, wait, PAUSE)


def _shown(setting_up: SettingUp, wanted: Wanted) -> Shown:
    main = setting_up.main()
    files, forge, pull = setting_up.files(main), setting_up.hosted.plan(wanted), setting_up.pull()
    released = _released(setting_up, files, pull)
    return Shown(
        files=files,
        forge=forge,
        pull=pull.number if pull else 0,
        merged=bool(pull and pull.merged),
        branch=steps.BRANCH,
        title=steps.TITLE,
        released=released,
        notes=_notes(setting_up),
    )


def _released(setting_up: SettingUp, files: FilePlan, pull: Pull | None) -> str:
    """What the set-up has released; where the files came to main otherwise, what was released last since then."""
    ahead = not pull.commit if pull else any(change.action == "create" for change in files.changes)
    if ahead:
        return ""
    stands = standing(setting_up.path, setting_up.environ, lambda _: None, setting_up.overrides)
    releases = [one for one in stands.ledger.releases if one.state == "released"]
    own = [one.version for one in releases if pull is None or one.commit == pull.commit]
    return own[-1] if own else ""


def _notes(setting_up: SettingUp) -> tuple[str, ...]:
    try:
        online = setting_up.forge.ask(runs.runner_online)
    except Refused as refused:
        return (f"whether a runner is online was not checked: {refused.said}",)
    return () if online else (NO_RUNNER,)


def _result(setting_up: SettingUp, shown: Shown, version: str, changed: int, pull: Pull | None = None) -> SetUp:
    number = pull.number if pull else shown.pull
    return SetUp(
        repository=shown.forge.origin.repository,
        changed=changed,
        pull=number,
        url=f"{setting_up.page}/pull/{number}" if number else setting_up.page,
        version=version,
        notes=(*shown.forge.notes, *shown.notes),
        kept=shown.forge.kept,
    )


def _failed(setting_up: SettingUp, shown: Shown, applied: Applied) -> SetUp:
    assert applied.error is not None  # noqa: S101
    problem = Problem(applied.error.code, applied.error.message, "mergeship setup goes on from where it stopped")
    return SetUp(
        repository=shown.forge.origin.repository, changed=len(applied.done), pull=shown.pull,
        url=setting_up.page, version="", notes=applied.notes, kept=applied.kept, error=problem,
    )  # fmt: skip
