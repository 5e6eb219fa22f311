"""`mergeship deploy`: sends what was built, byte for byte, and waits until the index shows it. Runs no project code."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from mergeship.adapters import files, git, index, job
from mergeship.core import project, workflow
from mergeship.core import trigger as triggers
from mergeship.core.distribution import Distribution, Manifest
from mergeship.core.progress import Note, Reporter
from mergeship.core.release.due import Due, containing, due, is_decided, superseded
from mergeship.core.release.ledger import Entry, State
from mergeship.core.release.steps import Done, Stop, Superseded
from mergeship.errors import Failed, Held
from mergeship.pipeline import deciding, project_state
from mergeship.pipeline.artifacts import Artifacts
from mergeship.pipeline.clean_room import in_clean_room
from mergeship.pipeline.deliver import Deliverer
from mergeship.pipeline.login import Login
from mergeship.pipeline.neighbours import shared_runner
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.uploading import UploadTarget
from mergeship.pipeline.verify_ledger import Verified, verify_ledger


class Delivered(msgspec.Struct, frozen=True):
    """How far a release came."""

    version: str
    commit: str
    state: State
    files: tuple[Distribution, ...]
    tag: str = ""


class Deployed(msgspec.Struct, frozen=True):
    """Every file is on the index, with equal hashes; or would be sent, in a dry run."""

    project: str
    version: str
    """Of the commit that is checked out; empty if only earlier releases were finished."""
    index: str
    releases: tuple[Delivered, ...]
    """In the order in which they were delivered: what was begun before comes first."""
    warnings: tuple[str, ...] = ()
    superseded: str = ""
    """The version that contains this commit, if its own claim was given up in the meantime."""
    dry_run: bool = False


@in_clean_room()
def deploy(
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    out: Path,
    dry_run: bool = False,
) -> Deployed:
    """Deliver the release of the checked-out commit, after every upload that was begun before.

    The same command is the retry: what is done already is not done again. Raises Failed or Held; a version that can
    never be complete is given up, which is a failure too.
    """
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    state = project_state.read(path, environ, report, overrides)
    artifacts = Artifacts(out, state.store)
    manifest = artifacts.manifest()
    trigger = triggers.read(*job.event(environ))
    by_hand = trigger.by_hand is not None
    decided = by_hand or is_decided(state.ledger, state.head)
    verified = verify_ledger(state, environ, report, decided=decided, by_hand=by_hand, dry_run=dry_run)
    wanted = due(verified.ledger, manifest, state.head)
    _refuse_unknown(state, wanted, verified)
    if wanted.uploads:
        deciding.require_confirmed(state, source, verified, trigger, environ, report)
    if manifest and wanted.own:
        artifacts.require_built(manifest, wanted.own, state.project)
    target = _target(state, environ, report, wanted)
    result = Deployed(state.project, wanted.own.version if wanted.own else "", target.page, ())
    contains = state.origin.contains
    if dry_run:
        planned = tuple(_delivered(entry, manifest) for entry in wanted.uploads)
        part_of = superseded(verified.ledger, wanted.own, contains)
        return msgspec.structs.replace(result, releases=planned, superseded=part_of, dry_run=True)
    deliverer = Deliverer(state, target, artifacts, report, verified.quiet_since)
    delivered, warnings = _deliver(deliverer, wanted, verified, manifest, report)
    if environ.get("GITHUB_ACTIONS") == "true":
        neighbours = shared_runner(state.repository, state.head, job.workflow(environ) or workflow.PATH)
        warnings += [neighbours] if neighbours else []
    state = project_state.archive(deliverer.state)
    state.store.prune([entry.version for entry in state.ledger.releases if entry.state in {"released", "given-up"}])
    result = msgspec.structs.replace(result, releases=tuple(delivered), warnings=tuple(warnings))
    job.set_outputs(environ, {"version": result.version})
    job.summarize(environ, _summary(result))
    counting = verified.counting(state)
    part_of = superseded(counting, counting.entry(result.version), contains)
    return msgspec.structs.replace(result, superseded=part_of)


def _refuse_unknown(state: ProjectState, wanted: Due, verified: Verified) -> None:
    """Refuse the commit's own claim if nothing bears it out: it decides nothing, and nothing was sent of it."""
    own = wanted.own
    if own is None or own.version not in verified.belief.unknown:
        return
    if state.origin.outside(state.refs.main, [own.commit]):
        words = f"{own.version} was claimed for {own.commit[:12]}, which is not on main any more"
        raise Held("main-rewritten", words, hint="nothing was sent; restore main, or merge what should ship")
    words = f"{own.version} was claimed for {own.commit[:12]}, and {own.given_up}"
    raise Failed("not-claimed", words, hint="nothing was sent; run all jobs again")


def _target(state: ProjectState, environ: Mapping[str, str], report: Reporter, wanted: Due) -> UploadTarget:
    """Where releases go. Raises Misconfigured if something is due and there is no token."""
    login = Login(state, environ, report) if wanted.uploads else None
    return UploadTarget(
        addresses=index.addresses(state.settings.index),
        project=state.project,
        token=login.token if login else str,
        attested=login.attested if login else lambda _: {},
        deadline=state.settings.index.deadline,
        environ=environ,
    )


def _deliver(
    deliverer: Deliverer, wanted: Due, verified: Verified, manifest: Manifest | None, report: Reporter
) -> tuple[list[Delivered], list[str]]:
    """How far each release came, and the warnings. Raises what stops this commit's own, or what nothing contains."""
    delivered: list[Delivered] = []
    warnings: list[str] = []
    for entry in (*wanted.uploads, *wanted.refused):
        own = entry == wanted.own
        if entry in wanted.unfinished:
            report(Note(f"{entry.version} is {entry.state} since {entry.at:%Y-%m-%d %H:%M}: finishing it first"))
        end = deliverer.deliver(entry, manifest.files if manifest and own else ())
        if entry in wanted.unfinished:
            deliverer.state = deliverer.state.again()  # that took its time: main and tags may have moved
        state = deliverer.state
        match end:
            case Done(said):
                warnings += said
                now = state.ledger.entry(entry.version)
                delivered += [_delivered(now)] if now and entry not in wanted.refused else []
            case Superseded():
                report(Note(f"{entry.version} was given up in the meantime"))
            case Stop(error):
                others = end.elsewhere or (
                    end.given_up and containing(verified.counting(state), entry, state.origin.contains)
                )
                if own or not others:
                    raise error
                warnings.append(f"{error.message}; {error.hint}")
            case _:
                assert_never(end)
    return delivered, warnings


def _delivered(entry: Entry, manifest: Manifest | None = None) -> Delivered:
    files = entry.files or (manifest.files if manifest else ())
    return Delivered(entry.version, entry.commit, entry.state, files, entry.tag)


def _summary(result: Deployed) -> str:
    lines = [
        f"- **{result.project} {release.version}** is {release.state}: {result.index}" for release in result.releases
    ]
    lines += [f"- warning: {warning}" for warning in result.warnings]
    return "\n".join([*(lines or ["- nothing was left to deploy"]), ""])
