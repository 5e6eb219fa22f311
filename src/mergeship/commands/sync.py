"""`mergeship sync`: brings the version of the newest release back into main, by a pull request that ships nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, job
from mergeship.adapters.github import Forge
from mergeship.adapters.github.connection import Refused
from mergeship.core import project, workflow
from mergeship.core.event import Note, Tell
from mergeship.core.release import version_pull
from mergeship.core.release.decision import Pull
from mergeship.core.release.ledger import Entry
from mergeship.core.release.version_pull import Step
from mergeship.core.result import Synced
from mergeship.errors import Overtaken
from mergeship.pipeline.remote import checkout, on_forge, server_of
from mergeship.pipeline.standing import standing
from mergeship.pipeline.version_pull import Branch, OnMain, VersionPulls, edits, on_main

BOT = "github-actions[bot]"
WAITS = (
    "its checks wait until a person lets them run, as GITHUB_TOKEN opened it; with the token of an App or of a person "
    "in the secret MERGESHIP_TOKEN they run at once"
)


def sync(
    path: Path, environ: Mapping[str, str], tell: Tell, overrides: Sequence[str] = (), *, dry_run: bool = False
) -> Synced:
    """Bring the newest version back, and look again where another run was at it in the same moment.

    Raises Held for what cannot be read or written.
    """
    try:
        return _sync(path, environ, tell, overrides, dry_run=dry_run)
    except Overtaken as overtaken:
        tell(Note(f"{overtaken.message}: looking again"))
        return _sync(path, environ, tell, overrides, dry_run=dry_run)


def _sync(path: Path, environ: Mapping[str, str], tell: Tell, overrides: Sequence[str], *, dry_run: bool) -> Synced:
    """Open the version pull request, or move the one that is open forward, or close it when main has caught up.

    Where the token may not open pull requests, the branch is pushed, and the page that opens one is named. Raises
    Held for what cannot be read or written.
    """
    repository = checkout(path, environ)
    deadline = project.gather(files.reader(path), path.resolve(), overrides).settings.forge.deadline
    forge = Forge(environ, on_forge(repository, environ), deadline)
    stands = standing(path, {**environ, "GITHUB_TOKEN": forge.token().value}, tell, overrides)
    pulls = VersionPulls(stands, forge)
    main, entry = on_main(stands), version_pull.newest(stands.ledger)
    ours, others = pulls.opened()
    step = version_pull.step(main.source.declared.version, entry, ours)
    if step.action == "close" and step.pull:
        result = _closed(pulls, step, step.pull, dry_run=dry_run)
    elif step.action in {"open", "move"} and entry:
        result = _Bringing(pulls, main, entry, step, server_of(environ), tell).done(dry_run=dry_run)
    else:
        result = Synced("nothing", step.why, dry_run=dry_run)
    if step.others:
        words = f"more version pull requests are open, which nobody needs: {', '.join(f'#{n}' for n in step.others)}"
        result = msgspec.structs.replace(result, warnings=(*result.warnings, words))
    for pull in others:
        words = f"#{pull.number} from {pull.branch} has commits of somebody else, and is left alone"
        result = msgspec.structs.replace(result, warnings=(*result.warnings, words))
    if not dry_run:
        job.set_outputs(environ, {"pull": str(result.pull or ""), "branch": result.branch, "url": result.url})
        job.summarize(environ, _summary(result))
    return result


def _closed(pulls: VersionPulls, step: Step, pull: Pull, *, dry_run: bool) -> Synced:
    if not dry_run:
        pulls.ask(lambda ask: ask.commented(pull.number, f"Obsolete: {step.why}."))
        pulls.ask(lambda ask: ask.changed(pull.number, state="closed"))
        pulls.stands.origin.delete(pull.branch, pull.head)
    return Synced("closed", step.why, branch=pull.branch, pull=pull.number, dry_run=dry_run)


class _Bringing:
    """A version on its way back into main."""

    def __init__(self, pulls: VersionPulls, main: OnMain, entry: Entry, step: Step, server: str, tell: Tell) -> None:
        self.pulls = pulls
        self.main = main
        self.entry = entry
        self.step = step
        self.tell = tell
        self.page = f"{server}/{pulls.stands.name}"

    def done(self, *, dry_run: bool) -> Synced:
        """The branch and its pull request, as they should be."""
        written = edits(self.pulls.stands, self.main, self.entry.version)
        branch = self.pulls.branch(self.step.pull)
        commit = self.pulls.commit(self.main, self.entry, written)
        result = Synced(
            action="opened" if self.step.action == "open" else "moved",
            why=self.step.why,
            version=self.entry.version,
            branch=branch.name,
            commit=commit,
            edits=written.edits,
            dry_run=dry_run,
        )
        same = self.pulls.same(branch, commit)
        if same and self.step.pull and self.step.pull.title == version_pull.title(self.entry.version):
            result = msgspec.structs.replace(result, action="unchanged", commit=branch.at)
        if dry_run:
            return result
        if not same:
            self.tell(Note(f"pushing {branch.name}"))
            self.pulls.stands.origin.move(branch.name, commit, branch.at)
        return self._proposed(result, branch)

    def _proposed(self, result: Synced, branch: Branch) -> Synced:
        title = version_pull.title(self.entry.version)
        fallback = files.template(workflow.TEMPLATES[workflow.PULL_REQUEST_TEMPLATE])
        body = version_pull.body(self.main.source.project.normalized, self.entry, self.main.template, fallback)
        if self.step.pull and result.action == "unchanged":
            pull = self.step.pull
        elif self.step.pull:
            number = self.step.pull.number
            pull = self.pulls.ask(lambda ask: ask.changed(number, title=title, body=body))
        else:
            try:
                pull = self.pulls.ask(lambda ask: ask.opened(branch.name, title, body))
            except Refused as refused:
                if refused.code != "forge-permission":
                    raise
                return self._by_hand(result, branch, refused)
        advice = WAITS if pull.author == BOT else ""
        url = f"{self.page}/pull/{pull.number}"
        return msgspec.structs.replace(result, pull=pull.number, url=url, advice=advice)

    def _by_hand(self, result: Synced, branch: Branch, refused: Refused) -> Synced:
        """The branch is there, and a person opens the pull request."""
        url = f"{self.page}/compare/main...{branch.name}?expand=1"
        reason = refused.said.rstrip(".")
        words = f"{branch.name} is pushed, and no pull request could be opened: {reason}; open it at {url}"
        advice = (
            "let Actions open pull requests (mergeship forge plan shows that setting), or keep the token of an App or "
            "of a person in the secret MERGESHIP_TOKEN"
        )
        return msgspec.structs.replace(result, action="pushed", url=url, advice=advice, warnings=(words,))


def _summary(result: Synced) -> str:
    where = f" [#{result.pull}]({result.url})" if result.pull else f" [open the pull request]({result.url})"
    lines = [f"**{result.action}**{where if result.url else ''}: {result.why}"]
    lines += [f"\n{result.advice}"] if result.advice else []
    return "\n".join([*lines, ""])
