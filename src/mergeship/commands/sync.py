"""`mergeship sync`: brings the version of the newest release back into main, by a pull request that ships nothing."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import assert_never

import msgspec

from mergeship.adapters import files, job
from mergeship.adapters.github import Forge
from mergeship.adapters.github.connection import RequestRefused
from mergeship.core import project, workflow
from mergeship.core.declaration import Edit
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import version_pull
from mergeship.core.release.ledger import Entry
from mergeship.core.release.version_pull import Close, Open, Prepare, PullFacts, Push, Settled, Update
from mergeship.errors import Overtaken
from mergeship.pipeline import project_state
from mergeship.pipeline.clean_room import in_clean_room
from mergeship.pipeline.remote import checkout, on_forge, server_of
from mergeship.pipeline.version_pull import OnMain, VersionPulls, edits, on_main

BOT = "github-actions[bot]"
WAITS = (
    "its checks wait for approval because GITHUB_TOKEN opened it; with the token of an App or a person "
    "in the secret MERGESHIP_TOKEN they run immediately"
)


class Synced(msgspec.Struct, frozen=True):
    """What became of the version pull request."""

    action: str
    """opened, moved, unchanged, closed, pushed (only the branch), or nothing."""
    why: str
    version: str = ""
    branch: str = ""
    commit: str = ""
    pull: int = 0
    url: str = ""
    """Of the pull request; of the page that opens one, if that could not be done."""
    edits: tuple[Edit, ...] = ()
    advice: str = ""
    warnings: tuple[str, ...] = ()
    dry_run: bool = False


@in_clean_room()
def sync(
    path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str] = (), *, dry_run: bool = False
) -> Synced:
    """Bring the newest version back, and look again if another run was at it in the same moment.

    Raises Held for what cannot be read or written.
    """
    try:
        return _sync(path, environ, report, overrides, dry_run=dry_run)
    except Overtaken as overtaken:
        report(Note(f"{overtaken.message}: looking again"))
        return _sync(path, environ, report, overrides, dry_run=dry_run)


def _sync(
    path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str], *, dry_run: bool
) -> Synced:
    """Open the version pull request, or move the one that is open forward, or close it when main has caught up.

    If the token may not open pull requests, the branch is pushed, and the page that opens one is named. Raises
    Held for what cannot be read or written.
    """
    repository = checkout(path, environ)
    deadline = project.gather(files.reader(path), path.resolve(), overrides).settings.forge.deadline
    forge = Forge(environ, on_forge(repository, environ), deadline)
    state = project_state.read(path, {**environ, "GITHUB_TOKEN": forge.token().value}, report, overrides)
    syncing = _Syncing(VersionPulls(state, forge), on_main(state), f"{server_of(environ)}/{state.name}", report)
    ours, others = syncing.pulls.open()
    entry = version_pull.newest(state.ledger)
    facts = PullFacts(declared=syncing.main.source.declared.version, entry=entry, open_pulls=tuple(ours))
    result = syncing.result(facts, dry_run=dry_run)
    if ours[1:] and result.action != "nothing":
        numbers = ", ".join(f"#{pull.number}" for pull in ours[1:])
        words = f"more version pull requests are open than needed: {numbers}"
        result = msgspec.structs.replace(result, warnings=(*result.warnings, words))
    for pull in others:
        words = f"#{pull.number} from {pull.branch} has commits by someone else and is left alone"
        result = msgspec.structs.replace(result, warnings=(*result.warnings, words))
    if not dry_run:
        job.set_outputs(environ, {"pull": str(result.pull or ""), "branch": result.branch, "url": result.url})
        job.summarize(environ, _summary(result))
    return result


class _Syncing:
    """A version on its way back into main, step by step."""

    def __init__(self, pulls: VersionPulls, main: OnMain, page: str, report: Reporter) -> None:
        self.pulls = pulls
        self.main = main
        self.page = page
        self.report = report
        self.edits: tuple[Edit, ...] = ()

    def result(self, facts: PullFacts, *, dry_run: bool) -> Synced:
        """What became of it; in a dry run, what would."""
        while not isinstance(step := version_pull.next_step(facts), Settled):
            if dry_run and isinstance(step, version_pull.Effect):
                return self._result(facts, step.action, dry_run=True)
            facts = self._performed(step, facts)
        return self._result(facts, step.action, dry_run=dry_run)

    def _performed(self, step: Prepare | version_pull.Effect, facts: PullFacts) -> PullFacts:
        """Do one step, and give back what is known then."""
        learned = partial(msgspec.structs.replace, facts)
        origin = self.pulls.state.origin
        match step:
            case Prepare(entry):
                written = edits(self.pulls.state, self.main, entry.version)
                self.edits = written.edits
                return learned(prepared=self.pulls.prepared(self.main, entry, written, facts.current))
            case Close(pull, why):
                self.pulls.ask(lambda ask: ask.comment(pull.number, f"Obsolete: {why}."))
                self.pulls.ask(lambda ask: ask.update(pull.number, state="closed"))
                origin.delete(pull.branch, pull.head)
                return learned(closed=True)
            case Push(prepared):
                self.report(Note(f"pushing {prepared.branch}"))
                origin.move(prepared.branch, prepared.commit, prepared.at)
                return learned(pushed=True)
            case Update(number, entry):
                title, body = version_pull.title(entry.version), self._body(entry)
                return learned(pull=self.pulls.ask(lambda ask: ask.update(number, title=title, body=body)))
            case Open(branch, entry):
                title, body = version_pull.title(entry.version), self._body(entry)
                try:
                    return learned(pull=self.pulls.ask(lambda ask: ask.open(branch, title, body)))
                except RequestRefused as refused:
                    if refused.code != "forge-permission":
                        raise
                    return learned(refused=refused.words)
            case _:
                assert_never(step)

    def _body(self, entry: Entry) -> str:
        fallback = files.template(workflow.TEMPLATES[workflow.PULL_REQUEST_TEMPLATE])
        return version_pull.body(self.main.source.project.normalized, entry, self.main.template, fallback)

    def _result(self, facts: PullFacts, action: version_pull.Action, *, dry_run: bool) -> Synced:
        pull, prepared = facts.pull or facts.current, facts.prepared
        result = Synced(action, version_pull.why(facts), dry_run=dry_run)
        if action == "closed" and pull:
            return msgspec.structs.replace(result, branch=pull.branch, pull=pull.number)
        if prepared is None or facts.entry is None:
            return result
        result = msgspec.structs.replace(
            result,
            version=facts.entry.version,
            branch=prepared.branch,
            commit=prepared.at if action == "unchanged" else prepared.commit,
            edits=self.edits,
        )
        if dry_run:
            return result
        if action == "pushed":
            return self._by_hand(result, prepared.branch, facts.refused or "")
        if pull is None:
            return result
        advice = WAITS if pull.author == BOT else ""
        url = f"{self.page}/pull/{pull.number}"
        return msgspec.structs.replace(result, pull=pull.number, url=url, advice=advice)

    def _by_hand(self, result: Synced, branch: str, refused: str) -> Synced:
        """The branch is there, and a person opens the pull request."""
        url = f"{self.page}/compare/main...{branch}?expand=1"
        words = f"{branch} is pushed, and no pull request could be opened: {refused.rstrip('.')}; open it at {url}"
        advice = (
            "let Actions open pull requests (mergeship forge plan shows that setting), or store the token of an App or "
            "of a person in the secret MERGESHIP_TOKEN"
        )
        return msgspec.structs.replace(result, url=url, advice=advice, warnings=(words,))


def _summary(result: Synced) -> str:
    link = f" [#{result.pull}]({result.url})" if result.pull else f" [open the pull request]({result.url})"
    lines = [f"**{result.action}**{link if result.url else ''}: {result.why}"]
    lines += [f"\n{result.advice}"] if result.advice else []
    return "\n".join([*lines, ""])
