"""One file on its way to the index: sent, tried again, looked for, until it is there or cannot be."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

from mergeship.adapters import index
from mergeship.adapters.index import Addresses
from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import upload
from mergeship.core.release.upload import Answer, Next, UploadOutcome, classify
from mergeship.core.retry_after import no_sooner
from mergeship.core.text import without_password
from mergeship.errors import Failed, Held


class UploadTarget(msgspec.Struct, frozen=True):
    """The index that a release goes to, and how long everything there may take."""

    addresses: Addresses
    project: str
    """By its normalized name."""
    token: Callable[[], str]
    """What it takes to upload there, now."""
    attested: Callable[[Sequence[Path]], Mapping[str, str]]
    """What an upload of each file carries besides it, by its name."""
    deadline: float
    environ: Mapping[str, str]

    @property
    def page(self) -> str:
        """The project's page of the simple API, for people."""
        return f"{without_password(self.addresses.simple)}{self.project}/"

    def listing(self, deadline: float = 0.0) -> Listing:
        """What it lists now, answered within `deadline` seconds."""
        return index.listing(self.addresses.simple, self.project, deadline or self.deadline, self.environ)

    def wait(self, files: Sequence[Distribution], deadline: float) -> None:
        """Wait until it lists every file with equal hashes. Raises Failed after `deadline` seconds."""
        index.wait_until_listed(self.addresses.simple, self.project, files, deadline, self.environ)


class UploadAttempt:
    """Attempts to send one file, each with what the index says to it."""

    def __init__(self, target: UploadTarget, file: Distribution, path: Path, attestations: str = "") -> None:
        self.target = target
        self.file = file
        self.path = path
        self.attestations = attestations
        self.until = time.monotonic() + target.deadline
        self._sent = UploadOutcome(file, "again")
        self._answer: Answer | None = None

    def repeated(self, report: Reporter) -> UploadOutcome:
        """How the last attempt ended: `late` if the deadline was sooner than an answer that settles it."""
        report(Note(f"uploading {self.file.name} ({self.file.size} bytes)"))
        return Retrying(
            retry=retry_if_result(lambda sent: sent.ended in {"again", "look"}),
            wait=self.pause,
            stop=lambda tried: time.monotonic() + tried.upcoming_sleep >= self.until,
            before_sleep=lambda tried: report(Note(f"{self._sent.message}: retrying in {tried.upcoming_sleep:.1f} s")),
            retry_error_callback=lambda _: msgspec.structs.replace(self._sent, ended="late"),
        )(self)

    def __call__(self) -> UploadOutcome:
        """Send it, or look whether it came, and say what follows."""
        if not self._sent.looking:
            self._upload()
        if self._sent.code == "bad-distribution":
            return self._ended("give-up")
        if self._sent.code == "not-as-built":
            return self._ended("stop")
        verdict = classify(self._answer) if self._answer else None
        accepted = verdict is not None and verdict.outcome == "accepted"
        has = "absent" if accepted else self._listing().presence(self.file)
        return self._ended(upload.after(verdict, has))

    def pause(self, tried: RetryCallState) -> float:
        """Seconds until the next attempt: what the index asks for, or more each time, and never the same."""
        seconds = self._answer.retry_after if self._answer else None
        own = wait_random_exponential(0.2, max=15)(tried)
        return no_sooner(seconds, own)

    def _ended(self, ended: Next) -> UploadOutcome:
        self._sent = msgspec.structs.replace(self._sent, ended=ended, looking=ended == "look")
        return self._sent

    def _upload(self) -> None:
        addresses, left = self.target.addresses, max(0.1, self.until - time.monotonic())
        token = self.target.token()
        try:
            self._answer = index.upload(addresses.upload, token, self.path, self.file.sha256, left, self.attestations)
        except Failed as error:
            self._answer = None
            self._sent = UploadOutcome(self.file, "again", error.message, error.code, error.hint)
            return
        verdict = classify(self._answer)
        if verdict.outcome == "accepted":
            self._sent = UploadOutcome(self.file, "again")
            return
        said = f"{self._answer.status} {self._answer.words}"
        message = f"{without_password(addresses.upload)} refused {self.file.name}: {said}"
        self._sent = UploadOutcome(self.file, "again", message, verdict.code, verdict.hint)

    def _listing(self) -> Listing:
        """What the index lists; an index that does not answer shows nothing, and that proves nothing."""
        try:
            return self.target.listing(max(0.1, self.until - time.monotonic()))
        except Held:
            return Listing()
