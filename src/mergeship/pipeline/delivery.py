"""One release from its claim to its tag: every step may be done twice, and the same command goes on where one ended."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergeship.core import pep440
from mergeship.core.distribution import Distribution
from mergeship.core.event import Note, Tell
from mergeship.core.release import delivery
from mergeship.core.release.ledger import Entry, Ledger, State
from mergeship.core.release.upload import NEXT_VERSION, TRY_AGAIN
from mergeship.core.result import Delivered
from mergeship.errors import Failed, Held
from mergeship.pipeline.sending import Attempt, Index
from mergeship.pipeline.standing import Standing

SECOND_LOOK = 10.0  # seconds for a release whose pages lagged before already
Bytes = Mapping[str, Path]
"""File names, and where the bytes are."""


class GivenUpError(Failed):
    """A version whose bytes can never be complete on the index."""


class BytesElsewhereError(Failed):
    """An upload that another run has begun, and may still be at."""


class SupersededError(Exception):
    """A version that somebody else has given up meanwhile; nothing of ours was lost."""


class Delivery:
    """The delivery of one version."""

    def __init__(self, stands: Standing, version: str, where: Index, tell: Tell) -> None:
        self.stands = stands
        self.version = version
        self.where = where
        self.tell = tell
        self.warnings: list[str] = []

    @property
    def entry(self) -> Entry:
        """The ledger's entry, as it stands. Raises SupersededError where the version was given up meanwhile."""
        entry = self.stands.ledger.entry(self.version)
        if entry is None or entry.state == "given-up":
            raise SupersededError(entry.given_up if entry else "")
        return entry

    def bind(self, files: tuple[Distribution, ...], have: Bytes) -> None:
        """Bind the version to its bytes, before the first of them is sent: who wins this swap, uploads.

        Raises Held for a commit that is not on main any more, and GivenUpError for a version that somebody else has
        published or tagged since it was claimed.
        """
        entry = self.entry
        if entry.state != "claimed":
            return
        if not self.stands.origin.contains(self.stands.refs.main, entry.commit):
            raise Held(
                "main-rewritten",
                f"{entry.version} was claimed for {entry.commit[:12]}, which is not on main any more",
                hint="nothing was sent; put main back, or merge what is to ship",
            )
        tagged = self.stands.refs.tags.get(entry.tag_name, entry.commit)
        if tagged != entry.commit:
            raise self.give_up(f"there is a tag {entry.tag_name} on another commit, {tagged[:12]}")
        published = filter(pep440.is_version, self.where.listing().versions)
        if any(pep440.same(version, entry.version) for version in published):
            self.stands = self.stands.again()
            if self.entry.state == "claimed":
                raise self.give_up("somebody else published that version after it was claimed")
        if self.entry.state == "claimed":
            self.stands.state.keep(self.version, {file: have[file.name] for file in files})
            self._move("uploading", files=files, began=self.stands.now)
        if self.entry.files != files:
            raise Held(
                "uploading-elsewhere",
                f"{self.version} is being uploaded by run {self.entry.run}, with other bytes than those built here",
                hint="nothing was sent from here, and nothing is lost: that run finishes it, or the next one does",
            )

    def send(self, have: Bytes, lost: str = "") -> None:
        """Send every file that the index does not show, and note that it took them.

        `lost` says that bytes which are not here are nowhere: then the version is given up, unless the index has
        them, or the run that sends them may still live.
        """
        if self.entry.state != "uploading":
            return
        listed = self.where.listing()
        files, state = self.entry.files, self.stands.state
        other = [file.name for file in files if delivery.there(file, listed) == "other"]
        if other:
            raise self.give_up(f"the index has other bytes under {', '.join(other)}")
        due = [file for file in files if delivery.there(file, listed) != "same"]
        due = [file for file in due if not state.has_receipt(self.version, file.name, file.sha256)]
        if any(file.name not in have for file in due):
            self._look_again(lost)
        else:
            attested = self.where.attested([have[file.name] for file in due])
            for file in due:
                self._send(file, have[file.name], attested.get(file.name, ""))
        self._move("uploaded")

    def _look_again(self, lost: str) -> None:
        """Wait for files that are not here to be shown by the index. Raises GivenUpError or Failed."""
        entry = self.entry
        try:
            self.where.wait(entry.files, self.where.deadline)
        except Failed as error:
            over = self.stands.now - entry.at > self.stands.lease
            if lost and (over or (entry.run == self.stands.run and entry.run)):
                raise self.give_up(lost) from error
            raise BytesElsewhereError(
                "bytes-missing",
                f"{entry.version} is being uploaded by run {entry.run or '(none)'}, and its bytes are not here",
                hint="that run finishes it; if it has died, run all its jobs again: build looks for them everywhere",
            ) from error

    def prove(self) -> None:
        """Wait until the index lists every file with equal hashes. An index that lags is a warning, and no more."""
        if self.entry.state != "uploaded":
            return
        self.tell(Note(f"waiting for {self.where.page} to list {self.version}"))
        looked_before = bool(self.entry.tag)
        deadline = min(self.where.deadline, SECOND_LOOK) if looked_before else self.where.deadline
        try:
            self.where.wait(self.entry.files, deadline)
        except Failed as error:
            self.warnings.append(f"{self.version} is uploaded, unconfirmed: {error.message}; the next run looks again")
            return
        self._move("proven")

    def tag(self) -> None:
        """Put the tag on the commit, in one push with the ledger. A tag that the forge refuses is only told."""
        entry = self.entry
        if entry.state not in {"uploaded", "proven", "released"} or (
            entry.state != "proven" and entry.tag == "created"
        ):
            return
        state: State = "released" if entry.state == "proven" else entry.state
        there = self.stands.refs.tags.get(entry.tag_name)
        if there == entry.commit:
            self._move(state, tag="created", tag_says="")
            return

        def tagged(stands: Standing) -> Ledger | None:
            now = stands.ledger.entry(self.version)
            if now is None or now.state != entry.state or now.tag == "created":
                return None
            return stands.ledger.moved(self.version, state, stands.now, stands.run, tag="created", tag_says="")

        self.stands, push = self.stands.advanced(tagged, (entry.tag_name, entry.commit))
        ref = f"refs/tags/{entry.tag_name}"
        said = push.refused.get(ref, "the tag is on another commit" if ref in push.moved else "")
        if said:
            if (entry.state, entry.tag, entry.tag_says) != (state, "refused", said):
                self._move(state, tag="refused", tag_says=said)
            self.warnings.append(
                f"the forge refused the tag {entry.tag_name}: {said}; "
                f"push it yourself: git push origin {entry.commit}:{ref}"
            )

    def give_up(self, why: str, hint: str = "") -> GivenUpError:
        """Record that the version ends here, and the failure that says what to do."""
        entry = self.entry
        self._move("given-up", given_up=why)
        now = self.stands.ledger.entry(self.version)
        if now and now.state != "given-up":
            return GivenUpError("uploading-elsewhere", f"{why}; and run {now.run} goes on with it", hint="look there")
        rest = delivery.yank(entry, self.where.listing(), self.where.page)
        following = "" if NEXT_VERSION in hint else NEXT_VERSION
        return GivenUpError(
            "version-given-up",
            f"{self.version} is given up: {why}",
            hint="; ".join(filter(None, [hint, following, rest])),
        )

    def delivered(self) -> Delivered:
        """How far it came."""
        entry = self.entry
        return Delivered(entry.version, entry.commit, entry.state, entry.files, entry.tag)

    def _move(self, state: State, **changes: Any) -> None:  # noqa: ANN401 - fields of Entry
        """Put the release into another state; somebody else may have done that meanwhile."""
        before = self.entry

        def moved(stands: Standing) -> Ledger | None:
            now = stands.ledger.entry(self.version)
            if now is None or (now.state, now.files, now.tag) != (before.state, before.files, before.tag):
                return None
            return stands.ledger.moved(self.version, state, stands.now, stands.run, **changes)

        self.stands, _ = self.stands.advanced(moved)

    def _send(self, file: Distribution, path: Path, attestations: str) -> None:
        """Send one file until the index has it, the version is lost, or the deadline is over."""
        attempt = Attempt(self.where, file, path, attestations)
        following = attempt.repeated(self.tell)
        if attempt.unsendable:
            raise self.give_up(attempt.failure.message, attempt.failure.hint)
        if following == "late" and attempt.looking:
            if self.stands.now - (self.entry.began or self.entry.at) > self.stands.lease:
                raise self.give_up(f"{attempt.said}, and the index never showed it", attempt.failure.hint)
            raise Failed(attempt.failure.code, attempt.failure.message, hint=TRY_AGAIN)
        if following == "give-up":
            raise self.give_up(attempt.said, attempt.failure.hint)
        if following != "sent":
            raise attempt.failure
        self.stands.state.receipt(self.version, file.name, file.sha256)
