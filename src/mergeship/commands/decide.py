"""`mergeship decide`: ship, skip or hold; a version that ships is claimed for the commit. Runs no project code."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git, job
from mergeship.adapters.git.origin import MAIN
from mergeship.core import project
from mergeship.core import trigger as triggers
from mergeship.core.progress import Reporter
from mergeship.core.project import Source
from mergeship.core.release import claim
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.claim import Write
from mergeship.core.release.decision import Outcome
from mergeship.core.release.evidence import EVENTS
from mergeship.core.release.ledger import Ledger
from mergeship.core.result import Problem, Unfinished
from mergeship.core.trigger import Trigger
from mergeship.core.version import Part
from mergeship.errors import Held, Misconfigured
from mergeship.pipeline import deciding, project_state
from mergeship.pipeline.clean_room import in_clean_room
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.verify_ledger import Verified, verify_ledger


class Decided(msgspec.Struct, frozen=True):
    """What a run does, and the version that it claimed."""

    decision: Outcome
    reasons: tuple[str, ...]
    bump: Part
    commit: str
    version: str
    """Empty if nothing new ships."""
    because: tuple[str, ...]
    """Why that version."""
    since: str
    unfinished: tuple[Unfinished, ...] = ()
    warnings: tuple[str, ...] = ()
    way_out: str = ""
    code: str = "hold"
    """Of the problem, if it is one."""
    dry_run: bool = False

    @property
    def error(self) -> Problem | None:
        """A hold is one."""
        return Problem.of_hold(self.reasons, self.way_out, self.code) if self.decision == "hold" else None


@in_clean_room()
def decide(
    path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str] = (), *, dry_run: bool = False
) -> Decided:
    """Decide on the commit that is checked out, and claim a version for it if it ships.

    Gives back a hold too, with its problem. Raises Held, Failed or Misconfigured for what cannot be read or written.
    """
    trigger = triggers.read(*job.event(environ))
    ref = environ.get("GITHUB_REF", MAIN)
    if ref != MAIN:
        raise Misconfigured("not-main", f"this runs on {ref}", hint="releases are made only from main: use --ref main")
    event = environ.get("GITHUB_EVENT_NAME", "")
    if event not in {"", *EVENTS}:
        words, hint = f"this run was started by {event}", f"start the pipeline by {' and '.join(EVENTS)} alone"
        raise Misconfigured("bad-event", words, hint=hint)
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    state = project_state.read(path, environ, report, overrides)
    result = _Deciding(state, source, trigger, environ, report).result(dry_run=dry_run)
    if not dry_run:
        job.set_outputs(environ, _outputs(result))
        job.summarize(environ, _summary(result))
    return result


class _Deciding:
    """A decision on the way: asked for step by step, and again whenever someone else was faster."""

    def __init__(
        self, state: ProjectState, source: Source, trigger: Trigger, environ: Mapping[str, str], report: Reporter
    ) -> None:
        self.state = state
        self.source = source
        self.trigger = trigger
        self.environ = environ
        self.report = report

    def result(self, *, dry_run: bool) -> Decided:
        """The decision; a hold too, if something cannot be read: what was begun before is finished all the same."""
        while True:
            by_hand = self.trigger.by_hand is not None
            verified = verify_ledger(
                self.state, self.environ, self.report, decided=by_hand, by_hand=by_hand, dry_run=dry_run
            )
            try:
                step = self._decided(verified)
            except Held as held:
                return _held(self.state, verified, held)
            if isinstance(step, claim.ClaimDecision):
                return self._result(verified, verified.ledger, step, dry_run=dry_run)
            wanted = verified.written(step.ledger)
            if not dry_run:
                self.state, _ = self.state.write(wanted)
            if dry_run or self.state.ledger == wanted:
                return self._result(verified, step.ledger, step.decided, dry_run=dry_run)

    def _decided(self, verified: Verified) -> Write | claim.ClaimDecision:
        facts = deciding.facts(self.state, self.source, verified, self.state.head, self.trigger)
        facts = msgspec.structs.replace(facts, trigger=deciding.with_role(facts, self.state, self.environ, self.report))
        while isinstance(step := claim.next_step(facts), claim.Question):
            facts = deciding.learn(step, facts, self.state, self.source, verified, self.environ, report=self.report)
        return step

    def _result(self, verified: Verified, ledger: Ledger, decided: claim.ClaimDecision, *, dry_run: bool) -> Decided:
        decision, entry = decided.decision, decided.entry
        unfinished = _unfinished(ledger, verified, decided.refuted)
        warnings = ledgers.old_uploads(ledger, self.state.now)
        if self.trigger.by_hand and decision.decision == "skip":  # whose run sends nothing, so that it proves a skip
            ways = {entry.version: f", or all jobs of run {entry.run}" if entry.run else "" for entry in unfinished}
            words = "the next run finishes it"
            warnings += [f"{entry.version} is {entry.state}: {words}{ways[entry.version]}" for entry in unfinished]
            unfinished = ()
        return Decided(
            decision=decision.decision,
            reasons=tuple(str(reason) for reason in decision.reasons),
            bump=decision.bump,
            commit=self.state.head,
            version=entry.version if entry and decision.decision == "ship" else "",
            because=decided.because,
            since=decided.range.since,
            unfinished=unfinished,
            warnings=tuple(warnings),
            way_out=decision.remedy,
            dry_run=dry_run,
        )


def _held(state: ProjectState, verified: Verified, held: Held) -> Decided:
    unjudged = claim.unsent(verified.ledger, verified.listing)
    return Decided(
        decision="hold",
        reasons=(held.message,),
        bump="patch",
        commit=state.head,
        version="",
        because=(),
        since="",
        unfinished=_unfinished(verified.ledger, verified, [entry.version for entry in unjudged]),
        warnings=tuple(ledgers.old_uploads(verified.ledger, state.now)),
        way_out=held.hint,
        code=held.code,
    )


def _unfinished(ledger: Ledger, verified: Verified, refuted: Collection[str]) -> tuple[Unfinished, ...]:
    """What has to be finished, but for what is `refuted`; a run is named only if its artifact may be taken."""
    return tuple(
        Unfinished(
            version=entry.version,
            commit=entry.commit,
            run="" if entry.version in verified.belief.unsourced else entry.run,
            state=entry.state,
            files=entry.files,
            listed=verified.listing.has_all(entry.files),
        )
        for entry in ledger.unfinished
        if entry.version not in refuted
    )


def _outputs(result: Decided) -> dict[str, str]:
    """What the later jobs ask for. A hold that has an upload to finish ships that, and fails by itself.

    Not if it is about where secrets go, or about who decides: deploy would refuse it too.
    """
    finishes = bool(result.unfinished) and result.code not in {"policy-changed", "may-not-decide"}
    sending = [entry for entry in result.unfinished if not entry.listed]  # the others need no bytes any more
    return {
        "decision": result.decision,
        "ship": str(result.decision == "ship" or finishes).lower(),
        "version": "" if result.version in {entry.version for entry in result.unfinished} else result.version,
        "reason": "; ".join(result.reasons),
        "unfinished": msgspec.json.encode(sending).decode(),
        "run": next((entry.run for entry in sending if entry.run), ""),
    }


def _summary(result: Decided) -> str:
    rows = "\n".join(f"- `{reason}`" for reason in result.reasons)
    head = f"**{result.decision}**" + (f": version **{result.version}** is claimed" if result.version else "")
    more = [f"- `{entry.version}` was started earlier and is finished first" for entry in result.unfinished]
    out = [f"\n{result.way_out}"] if result.way_out else []
    return "\n".join(
        [f"{head} ({result.commit[:12]}, since {result.since or 'its own release'})\n", rows, *more, *out, ""]
    )
