"""`mergeship decide`: ship, skip or hold; a version that ships is claimed for the commit. Runs no project code."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import job
from mergeship.core import trigger as triggers
from mergeship.core.event import Tell
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.result import Decided, Unfinished
from mergeship.core.trigger import Trigger
from mergeship.core.version import Used, Wish, next_version, tagged
from mergeship.errors import Held, Misconfigured
from mergeship.pipeline import agreement, deciding
from mergeship.pipeline.standing import Standing, standing

MAIN = "refs/heads/main"


def decide(
    path: Path, environ: Mapping[str, str], tell: Tell, overrides: Sequence[str] = (), *, dry_run: bool = False
) -> Decided:
    """Decide on the commit that is checked out, and claim a version for it if it ships.

    Gives back a hold too, with its problem. Raises Held, Failed or Misconfigured for what cannot be read or written.
    """
    trigger = triggers.read(*job.event(environ))
    ref = environ.get("GITHUB_REF", MAIN)
    if ref != MAIN:
        raise Misconfigured("not-main", f"this runs on {ref}", hint="releases are made from main alone: --ref main")
    claim = _Claim(standing(path, environ, tell, overrides), trigger, environ, tell)
    result = claim.made(dry_run=dry_run)
    if not dry_run:
        job.set_outputs(environ, _outputs(result))
        job.summarize(environ, _summary(result))
    return result


class _Claim:
    """A decision, and the change of the ledger that it leads to, taken anew whenever somebody else was faster."""

    def __init__(self, stands: Standing, trigger: Trigger, environ: Mapping[str, str], tell: Tell) -> None:
        self.stands = stands
        self.commit = stands.repository.head()
        self.trigger = trigger
        self.environ = environ
        self.tell = tell
        self.found: deciding.Decided | None = None
        self.held: Held | None = None
        self.entry: Entry | None = None
        self.reasons: tuple[str, ...] = ()

    def made(self, *, dry_run: bool) -> Decided:
        if dry_run:
            self._wanted(self.stands)
            stands = self.stands
        else:
            stands, _ = self.stands.advanced(self._wanted)
        if self.found is None:
            return self._held(stands)
        decision, ledger = self.found.decision, stands.ledger
        return Decided(
            decision=decision.decision,
            reasons=tuple(str(reason) for reason in decision.reasons),
            bump=decision.bump,
            commit=self.commit,
            version=self.entry.version if self.entry and decision.decision == "ship" else "",
            because=self.reasons,
            since=self.found.span.since,
            unfinished=_unfinished(ledger),
            warnings=tuple(ledgers.old_uploads(ledger, stands.now)),
            way_out=decision.way_out,
            dry_run=dry_run,
        )

    def _wanted(self, stands: Standing) -> Ledger | None:
        """The ledger after this decision; None where it stays as it is."""
        person, self.found = self.trigger.by_hand, None
        listed = agreement.listed(stands, self.environ, by_hand=person is not None)
        try:
            self.found = deciding.decided(stands, listed, self.commit, self.trigger, self.environ, self.tell)
            return self._changed(stands, self.found)
        except Held as held:
            self.held, self.found = held, None
            return None

    def _changed(self, stands: Standing, found: deciding.Decided) -> Ledger | None:
        decision, self.entry = found.decision, found.decision.own
        if decision.decision == "ship":
            return self._renewed(stands, found, decision.own) if decision.own else self._claimed(stands, found)
        person = self.trigger.by_hand
        if decision.decision == "skip" and person and person.decision == "skip" and not found.span.newer:
            ledger = stands.ledger
            for claim in found.span.claims:
                ledger = ledger.moved(claim.version, "given-up", stands.now, stands.run, given_up="skipped by hand")
            return ledger.skipped(Skip(self.commit, stands.now, person.says, stands.run))
        return None

    def _held(self, stands: Standing) -> Decided:
        """A hold because something could not be read: what was begun before is finished all the same."""
        assert self.held is not None  # noqa: S101
        return Decided(
            decision="hold",
            reasons=(self.held.message,),
            bump="patch",
            commit=self.commit,
            version="",
            because=(),
            since="",
            unfinished=_unfinished(stands.ledger),
            warnings=tuple(ledgers.old_uploads(stands.ledger, stands.now)),
            way_out=self.held.hint,
            code=self.held.code,
        )

    def _renewed(self, stands: Standing, found: deciding.Decided, own: Entry) -> Ledger | None:
        """A claim that still holds begins its lease anew, if its version is still to be had."""
        self.reasons = own.because
        if own.state != "claimed":
            return None
        if own.version in found.listed.versions:
            words = "somebody else published it before anything of ours was uploaded"
            ledger = stands.ledger.moved(own.version, "given-up", stands.now, stands.run, given_up=words)
            return self._with_claim(stands, found, ledger, own)
        return stands.ledger.moved(own.version, "claimed", stands.now, stands.run)

    def _claimed(self, stands: Standing, found: deciding.Decided) -> Ledger:
        ledger = stands.ledger
        for stale in found.span.stale:
            words = f"its claim was older than {stands.source.settings.lease:g} s, and nothing of it was uploaded"
            ledger = ledger.moved(stale.version, "given-up", stands.now, stands.run, given_up=words)
        return self._with_claim(stands, found, ledger)

    def _with_claim(
        self, stands: Standing, found: deciding.Decided, ledger: Ledger, before: Entry | None = None
    ) -> Ledger:
        """The ledger with the next version claimed for the commit, in the place of the claim `before`."""
        source = stands.source
        used: list[Used] = [
            *found.listed.used,
            *tagged(source.project.normalized, stands.refs.tags, source.declared.tag_prefix),
            *ledger.used,
        ]
        following = next_version(source.declared.version, used, Wish(found.decision.bump))
        self.reasons = following.reasons
        self.entry = Entry(
            version=following.version,
            commit=self.commit,
            state="claimed",
            at=stands.now,
            run=stands.run,
            because=before.because if before else found.decision.words,
            pull_requests=before.pull_requests if before else found.decision.pulls,
            since=before.since if before else found.span.bound,
        )
        return ledger.claimed(self.entry)


def _unfinished(ledger: Ledger) -> tuple[Unfinished, ...]:
    return tuple(
        Unfinished(entry.version, entry.commit, entry.run, entry.state, entry.files) for entry in ledger.unfinished
    )


def _outputs(result: Decided) -> dict[str, str]:
    """What the later jobs ask for. A hold that has an upload to finish ships that, and fails by itself."""
    sending = [one for one in result.unfinished if one.state == "uploading"]  # the others need no bytes any more
    return {
        "decision": result.decision,
        "ship": str(result.decision == "ship" or bool(result.unfinished)).lower(),
        "version": "" if result.version in {one.version for one in result.unfinished} else result.version,
        "reason": "; ".join(result.reasons),
        "unfinished": msgspec.json.encode(sending).decode(),
        "run": next((one.run for one in sending), ""),
    }


def _summary(result: Decided) -> str:
    rows = "\n".join(f"- `{reason}`" for reason in result.reasons)
    head = f"**{result.decision}**" + (f": version **{result.version}** is claimed" if result.version else "")
    more = [f"- `{one.version}` was begun before and is finished first" for one in result.unfinished]
    out = [f"\n{result.way_out}"] if result.way_out else []
    return "\n".join(
        [f"{head} ({result.commit[:12]}, since {result.since or 'its own release'})\n", rows, *more, *out, ""]
    )
