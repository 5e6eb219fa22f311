"""What the index lists, and what of the ledger counts: all that git, the index and the forge's runs bear out."""

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from mergeship.adapters import index, job
from mergeship.adapters.github import Forge, runs
from mergeship.adapters.github.shapes import WorkflowJob, WorkflowRun
from mergeship.core import project, workflow
from mergeship.core.listing import Listing
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import conflicts, verdict
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.belief import FINISHED, Belief, believed, written
from mergeship.core.release.claim import LookUpSkips
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.release.evidence import Evidence, LookUpCommits, LookUpRuns, ReadDeclared, Run
from mergeship.core.release.ledger import Ledger
from mergeship.core.release.runs import has_skipped
from mergeship.core.text import without_password
from mergeship.errors import Failed, Held, MergeshipError
from mergeship.pipeline.project_state import ProjectState

_RECORD = timedelta(days=400)  # GitHub keeps a run for so long
LONG_AGO = ledgers.now(0)
_TRIES = 100  # commits whose runs are looked for
_WORKFLOW = re.compile(r"\.github/workflows/[^/\s]+\.ya?ml")


class Verified(msgspec.Struct, frozen=True):
    """What a run may count on."""

    listing: Listing
    """What the index lists."""
    ledger: Ledger
    """What of the ledger is borne out: the rest is given up here, and decides nothing."""
    recorded: Ledger
    """The whole of it, as it is at the origin."""
    belief: Belief
    evidence: Evidence

    def counting(self, state: ProjectState) -> Ledger:
        """What counts of the ledger as it is by now."""
        return believed(state.ledger, self.belief, state.now, state.run)

    @property
    def quiet_since(self) -> dict[str, datetime]:
        """When other runs of the ledger ended, or began to deploy if they go on, by their numbers.

        One that the forge does not know any more has ended: nobody can delete one that goes on.
        """
        runs = self.evidence.runs.items()
        moments = {n: (run.ended_at or run.deployed_again_at) if run else LONG_AGO for n, run in runs}
        return {n: moment for n, moment in moments.items() if moment and n != self.evidence.run}

    @property
    def by_person(self) -> frozenset[str]:
        """Versions whose own run a person has started to ship them: one that skips sends nothing, and others decide."""
        runs = self.evidence.runs
        own = ((entry, runs.get(entry.run)) for entry in self.ledger.releases)
        return frozenset(entry.version for entry, run in own if run and run.ships_by_hand(entry.commit))

    @property
    def doubtful(self) -> frozenset[str]:
        """Versions that were finished, as the ledger says, and that nothing bears out."""
        finished = {entry.version for entry in self.recorded.releases if entry.state in FINISHED}
        return frozenset(finished.intersection(self.belief.unknown))

    def written(self, ledger: Ledger) -> Ledger:
        """What follows from `ledger`, as it is written."""
        return written(ledger, self.recorded, self.belief)


def verify_ledger(
    state: ProjectState,
    environ: Mapping[str, str],
    report: Reporter,
    *,
    decided: bool = False,
    by_hand: bool = False,
    dry_run: bool = False,
) -> Verified:
    """What counts of the ledger; one all of which does is what this runner remembers, unless that is a `dry_run`.

    Raises Held if index or forge cannot be read, or if either, or git, says something else. A release that is merely
    gone from the index is no obstacle to what is `decided`, maybe by a person. If a person decides now (`by_hand`),
    what main has left behind is none either.
    """
    listed = _listed(state, environ, decided=decided)
    belief, evidence = _belief(state, environ, report, listed, by_hand=by_hand)
    counting = believed(state.ledger, belief, state.now, state.run)
    wrong = conflicts.conflicts(counting, listed, state.refs.tags, state.origin.outside, by_hand=decided)
    if wrong:
        raise Held("ledger-disagrees", "; ".join(wrong), hint=_HINT)
    for version, why in belief.unknown.items():
        report(Note(f"{version} does not count: {why}"))
    if state.refs.ledger and not belief.unknown and not belief.void and not dry_run:
        state.store.remember(state.refs.ledger)
    return Verified(listed, counting, state.ledger, belief, evidence)


def _listed(state: ProjectState, environ: Mapping[str, str], *, decided: bool) -> Listing:
    """What the index lists. A release that was seen there and is not shown now is waited for: pages lag behind."""
    settings = state.settings.index
    simple = index.addresses(settings).simple
    listed = index.listing(simple, state.project, settings.deadline, environ)
    last = conflicts.last_finished(state.ledger, state.origin.outside)
    if listed.files and not any(file.sha256 for file in listed.files):
        raise Held(
            "index-without-hashes",
            f"{without_password(simple)}{state.project}/ gives no sha256 of any file, so no upload could be proven",
            hint="use an index that does (PEP 503, PEP 691)",
        )
    if last and not decided and any(listed.lacks(file) for file in last.files):
        try:
            index.wait_until_listed(simple, state.project, last.files, settings.deadline, environ)
        except Failed:
            pass  # reported as one of the conflicts
        else:
            listed = index.listing(simple, state.project, settings.deadline, environ)
    return listed


def _belief(
    state: ProjectState, environ: Mapping[str, str], report: Reporter, listed: Listing, *, by_hand: bool
) -> tuple[Belief, Evidence]:
    known = Evidence(
        repository=state.name,
        workflow=job.workflow(environ) or workflow.PATH,
        main=state.refs.main,
        head=state.head,
        outside=state.origin.outside,
        tags=state.refs.tags,
        listing=listed,
        now=state.now,
        lease=state.lease,
        aged_out=(state.now - _RECORD).date().isoformat(),
        run=state.run,
        by_hand=by_hand,
    )
    forge = Forge(environ, state.name, state.settings.forge.deadline, report)
    while not isinstance(step := verdict.next_step(state.ledger, known), Belief):
        match step:
            case ReadDeclared(commit):
                declared = {**known.declared, commit: _declared(state, commit)}
                known = msgspec.structs.replace(known, declared=declared)
            case LookUpRuns(numbers):
                report(Note(f"looking up {'1 run' if len(numbers) == 1 else f'{len(numbers)} runs'} of the ledger"))
                records = {number: _run(state, forge, number) for number in numbers}
                known = msgspec.structs.replace(known, runs={**known.runs, **records})
            case LookUpCommits(commits):
                report(Note(f"looking up the runs of {', '.join(commit[:12] for commit in commits)}"))
                known = msgspec.structs.replace(known, of_commit={c: _runs_of(state, forge, c) for c in commits})
            case _:
                assert_never(step)
    return step, known


def last_skip(
    state: ProjectState, environ: Mapping[str, str], report: Reporter, verified: Verified, wanted: LookUpSkips
) -> str:
    """The first of some commits on which main's own run had nothing to ship; empty if none is known."""
    forge = Forge(environ, state.name, state.settings.forge.deadline, report)
    for later, commit in itertools.islice(itertools.pairwise((wanted.head, *wanted.commits)), _TRIES):
        merged = ledgers.now(state.repository.commit_time(later))
        of_commit = {commit: _runs_of(state, forge, commit)}
        if has_skipped(commit, merged, msgspec.structs.replace(verified.evidence, of_commit=of_commit)):
            return commit
    return ""


def _declared(state: ProjectState, commit: str) -> str | None:
    """The version that a commit declares; None if that cannot be read."""
    try:
        return project.gather(state.repository.at(commit), commit[:12], state.overrides).declared.version
    except MergeshipError:
        return None


def _run(state: ProjectState, forge: Forge, number: str) -> Run | None:
    answer = forge.ask(lambda ask: runs.run(ask, number))
    return None if answer is None else _read(state, *answer)


def _runs_of(state: ProjectState, forge: Forge, commit: str) -> tuple[Run, ...]:
    return tuple(_read(state, *answer) for answer in forge.ask(lambda ask: runs.of_commit(ask, commit)))


def _read(state: ProjectState, run: WorkflowRun, jobs: Sequence[WorkflowJob]) -> Run:
    path = run.path.partition("@")[0]
    stages, always = _jobs(state, run.head_sha, path)
    of = {stage: [job for job in jobs if job.name in names] for stage, names in stages.items()}
    begun = frozenset(stage for stage, its in of.items() if any(job.begun for job in its))
    later_jobs = stages.get("build", frozenset()) | stages.get("deploy", frozenset())
    known = {"decide", "deploy"} <= set(stages) and not stages["decide"] & later_jobs  # one job does not say which
    deciding, deploying = of.get("decide", []), [job for job in of.get("deploy", ()) if job.begun]
    decided = [job for job in deciding if job.conclusion == "success"]
    # Jobs with a condition tell what was decided; where none has one, nothing tells it.
    asking = [job for stage in ("build", "deploy") for job in of.get(stage, ()) if job.name not in always]
    silent = all(stages.get(stage, frozenset()) <= always for stage in ("build", "deploy"))
    told = silent or (bool(asking) and all(job.conclusion == "skipped" for job in asking))
    # A later attempt may hide one that was cancelled.
    declined = bool(decided) and told and run.run_attempt == 1 and run.conclusion != "cancelled"
    deployed = [job.started_at for job in deploying if job.started_at]
    return Run(
        path=path,
        event=run.event,
        branch=run.head_branch or "",
        commit=run.head_sha,
        repository=run.head_repository.full_name if run.head_repository else "",
        begun=begun if known else None,
        is_pipeline={"decide", "deploy"} <= stages.keys(),
        actor=run.actor.login if run.actor else "",
        decided=bool(decided) or not known,
        deciding=any(job.status == "in_progress" for job in deciding),
        decided_at=max((job.completed_at for job in decided if job.completed_at), default=None),
        deployed_at=min(deployed, default=None),
        deployed_again_at=max(deployed, default=None),
        ended_at=run.updated_at if run.status == "completed" else None,
        declined=declined,
        skipped=declined and not silent and run.conclusion == "success",
    )


def _jobs(state: ProjectState, commit: str, path: str) -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
    """The jobs of mergeship's stages, as the workflow file at a commit names them; none if it cannot be read.

    And those jobs that begin whatever was decided.
    """
    content = state.repository.blob(commit, path) if _WORKFLOW.fullmatch(path) else None
    text = (content or b"").decode(errors="replace")
    try:
        return workflow.stages(text, path), workflow.without_condition(text, path)
    except MergeshipError:
        return {}, frozenset()


_HINT = (
    "someone wrote to refs/mergeship/ledger, moved a tag or deleted a release: see git log -p of the ledger, and put "
    "back what mergeship wrote; if an owner deleted a release, " + DISPATCH
)
