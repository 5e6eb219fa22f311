"""Performs the steps of a delivery: the only place where they meet git, the index and the disk."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import assert_never

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import delivery
from mergeship.core.release.ledger import Entry
from mergeship.core.release.steps import (
    Await,
    DeliveryFacts,
    Effect,
    End,
    GiveUp,
    Keep,
    Look,
    Move,
    PutTag,
    Reread,
    Send,
)
from mergeship.core.release.upload import UploadOutcome
from mergeship.errors import Failed
from mergeship.pipeline.artifacts import Artifacts
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.uploading import UploadAttempt, UploadTarget


class Deliverer:
    """Delivers the releases of one run, each from where the last one left the ledger."""

    def __init__(
        self,
        state: ProjectState,
        target: UploadTarget,
        artifacts: Artifacts,
        report: Reporter,
        quiet_since: Mapping[str, datetime],
    ) -> None:
        self.state = state
        self.quiet_since = quiet_since
        self.target = target
        self.artifacts = artifacts
        self.report = report

    def deliver(self, entry: Entry, built: tuple[Distribution, ...] = ()) -> End:
        """Bring a release as far as it gets; `built` are the distributions that a claim is bound to. Raises Held."""
        paths = self.artifacts.found(entry.version, entry.files or built)
        facts = self._facts(entry, built, frozenset(paths))
        while True:
            before = self.state.ledger.entry(entry.version)
            step = delivery.next_step(before, msgspec.structs.replace(facts, now=self.state.now))
            if isinstance(step, End):
                return step
            facts = self._perform(step, entry.version, paths, facts)
            after = self.state.ledger.entry(entry.version)
            if (before and before.state) != (after and after.state):
                facts = facts.moved()

    def _facts(self, entry: Entry, built: tuple[Distribution, ...], here: frozenset[Distribution]) -> DeliveryFacts:
        state = self.state
        return DeliveryFacts(
            now=state.now,
            lease=state.lease,
            run=state.run,
            deadline=self.target.deadline,
            page=self.target.page,
            on_main=entry.state != "claimed" or state.origin.contains(state.refs.main, entry.commit),
            tag=state.refs.tags.get(entry.tag_name, ""),
            built=built,
            unbound=entry.state == "claimed",
            here=here,
            quiet_since=self.quiet_since.get(entry.run),
            lost=self.artifacts.lost(entry.version),
        )

    def _perform(
        self, step: Effect, version: str, paths: Mapping[Distribution, Path], facts: DeliveryFacts
    ) -> DeliveryFacts:
        """Do one step, and give back what is known then."""
        learned = partial(msgspec.structs.replace, facts)
        match step:
            case Look():
                return learned(listing=self.target.listing())
            case Reread():
                self.state = self.state.again()
                return learned(reread=True)
            case Keep(files):
                self.state.store.keep(version, {file: paths[file] for file in files})
                return learned(kept=True)
            case Send(files):
                return learned(sent=self._send(version, files), unlisted=None)
            case Await(files, deadline):
                return learned(unlisted=self._wait(version, files, deadline))
            case GiveUp():
                self._move(version, step.move)
                return learned(giving_up=step)
            case PutTag(move):
                return learned(tag_refused=self._move(version, move, tag=True))
            case Move():
                self._move(version, step)
                return facts
            case _:
                assert_never(step)

    def _move(self, version: str, move: Move, *, tag: bool = False) -> str | None:
        """Write a transition, unless someone is faster; the forge's words if it refused the tag."""
        ledger, state = self.state.ledger, self.state
        wanted = ledger.moved(version, move.state, state.now, state.run, **move.changes)
        self.state, refused = state.write(wanted, wanted.entry(version) if tag else None)
        return refused

    def _send(self, version: str, files: tuple[Distribution, ...]) -> tuple[UploadOutcome, ...]:
        """Send files in their order, until one is not taken: the kept copies, whatever lies elsewhere by now."""
        entry = self.state.ledger.entry(version)
        paths = self.artifacts.found(version, entry.files if entry else files)
        changed = [file for file in files if file not in paths]
        if changed:
            words = f"{changed[0].name} was there when this run began, and is gone or changed"
            return (UploadOutcome(changed[0], "stop", words, "not-as-built", "nothing was sent; run the job again"),)
        attested = self.target.attested([paths[file] for file in files])
        ended: list[UploadOutcome] = []
        for file in files:
            attempt = UploadAttempt(self.target, file, paths[file], attested.get(file.name, ""))
            ended.append(attempt.repeated(self.report))
            if ended[-1].ended != "sent":
                break
        return tuple(ended)

    def _wait(self, version: str, files: tuple[Distribution, ...], deadline: float) -> str:
        self.report(Note(f"waiting for {self.target.page} to list {version}"))
        try:
            self.target.wait(files, deadline)
        except Failed as error:
            return error.message
        return ""
