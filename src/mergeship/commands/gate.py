"""`mergeship gate`: would this pull request, this text or this commit ship, and why."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git, job
from mergeship.adapters.git import Repository
from mergeship.adapters.github import Lookup
from mergeship.core import intent, policy, project
from mergeship.core import trigger as triggers
from mergeship.core.environ import for_installer
from mergeship.core.intent import Policy
from mergeship.core.progress import Reporter
from mergeship.core.release import claim, decision
from mergeship.core.release.claim import ClaimDecision
from mergeship.core.release.decision import Decision, Outcome
from mergeship.core.result import Problem
from mergeship.core.trigger import Trigger
from mergeship.core.version import Part
from mergeship.errors import Misconfigured
from mergeship.pipeline import deciding, project_state
from mergeship.pipeline.clean_room import in_clean_room
from mergeship.pipeline.merges import with_unexpected_files
from mergeship.pipeline.policies import policies
from mergeship.pipeline.project_state import name_of
from mergeship.pipeline.verify_ledger import verify_ledger


class Gated(msgspec.Struct, frozen=True):
    """What the pipeline would do, and why."""

    decision: Outcome
    reasons: tuple[str, ...]
    bump: Part
    way_out: str = ""

    @property
    def error(self) -> Problem | None:
        """A hold is one."""
        return Problem.of_hold(self.reasons, self.way_out) if self.decision == "hold" else None


@in_clean_room()
def gate(
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    pull: int | None = None,
    commit: str = "",
    body: str = "",
) -> Gated:
    """Decide as the pipeline would, and change nothing.

    `body` is a file with a pull request's text, `-` for standard input. Without any of the three, the pull request
    that started this workflow decides, or else the commit that is checked out.
    """
    started = triggers.read(*job.event(environ))
    if body:
        result = _of_text(path, overrides, _text(body))
    elif pull or (started.pull and not commit):
        number = pull or started.pull or 0
        result = _of_pull(path, environ, overrides, number, here=number == started.pull)
    else:
        result = _result(_of_commit(path, environ, report, overrides, commit or "HEAD", started))
    job.summarize(environ, _summary(result))
    return result


def _of_commit(
    path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str], name: str, trigger: Trigger
) -> Decision:
    """Of a commit on main, as `decide` would."""
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    state = project_state.read(path, environ, report, overrides)
    verified = verify_ledger(state, environ, report, dry_run=True)
    facts = deciding.facts(state, source, verified, state.repository.resolved(name), trigger)
    while not isinstance(step := claim.judge(facts), ClaimDecision):
        facts = deciding.learn(step, facts, state, source, verified, environ, report=report)
    return step.decision


def _of_text(path: Path, overrides: Sequence[str], text: str) -> Gated:
    """Of only a text: labels and commits are not in it."""
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    intended = intent.read(source.settings.intent, title=text.partition("\n")[0], body=text, labels=())
    reason = decision.of_intent(intended, "the text")
    assert reason.outcome != "neutral"  # noqa: S101
    return _result(Decision(reason.outcome, (reason,), intended.part, remedy=decision.CORRECT))


def _of_pull(path: Path, environ: Mapping[str, str], overrides: Sequence[str], number: int, *, here: bool) -> Gated:
    """Of only a pull request. `here` says whether what is checked out is its merge, as in a workflow."""
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    repository = Repository(path, for_installer(environ))
    pull = Lookup(environ, name_of(repository, environ), source.settings.forge.deadline).pull(number)
    judged_pull = with_unexpected_files(source, repository, pull, repository.head() if here else "")
    before = policies(repository, "HEAD^1", overrides) if here else None
    # What a merge changes for itself does not decide on it.
    rule = msgspec.convert((before or {}).get("intent", source.settings.intent), Policy)
    result = _result(decision.would(judged_pull, rule))
    changed = policy.changes(before, policies(repository, "HEAD", overrides) if before else None)
    words = f"#{number}: decide will hold: {policy.hold_words(changed)}"
    return msgspec.structs.replace(result, reasons=(*result.reasons, words)) if changed else result


def _text(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    text = files.read(name)
    if text is None:
        raise Misconfigured(
            "no-such-file", f"there is no file {name}", hint="--body takes a file, or - for standard input"
        )
    return text


def _result(decision: Decision) -> Gated:
    return Gated(decision.decision, tuple(str(reason) for reason in decision.reasons), decision.bump, decision.remedy)


def _summary(result: Gated) -> str:
    rows = "\n".join(f"- `{reason}`" for reason in result.reasons)
    return f"This would **{result.decision}**:\n\n{rows}\n"
