"""The ledger: every release of the project, from its claim to its end, as one JSON document.

It is kept in the repository itself under `refs/mergeship/ledger`, one commit for each transition:
`git fetch origin refs/mergeship/ledger && git show FETCH_HEAD:ledger.json` shows it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from mergeship.core import pep440
from mergeship.core.distribution import Distribution
from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.version import Used
from mergeship.errors import Held

REF = "refs/mergeship/ledger"
FILE = "ledger.json"
SCHEMA = 1
REPAIR = (
    f"find the last commit that mergeship wrote: git fetch origin {REF} && git log -p FETCH_HEAD; push it back: "
    f"git push --force origin COMMIT:{REF}"
)
"""The way out of a ledger that nobody can read."""
KEPT = 100
"""Releases that stay in the ledger when older ones go into its archive."""
State = Literal["claimed", "uploading", "uploaded", "proven", "released", "given-up"]
_T = TypeVar("_T")
_Few = Annotated[tuple[_T, ...], msgspec.Meta(max_length=2_000)]
Sha = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
BEGUN = ("uploading", "uploaded", "proven", "released")
"""States in which bytes may be on the index: the version and its bytes are bound for ever."""
_NEXT: dict[State, tuple[State, ...]] = {
    "claimed": ("claimed", "uploading", "given-up"),
    "uploading": ("uploaded", "given-up"),
    "uploaded": ("proven", "given-up"),
    "proven": ("released",),
    "released": ("released",),
    "given-up": (),
}
_FILENAME = re.compile(r"[A-Za-z0-9_!+][A-Za-z0-9._!+-]*")
_RUN = re.compile(r"([1-9][0-9]{0,19})?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TransitionError(Exception):
    """A change of the ledger that no run may make: a bug of mergeship, stopped before it is written."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """One release: a version bound to a commit, and how far it came."""

    version: str
    commit: Sha
    state: State
    at: datetime
    """When it came into this state."""
    run: str = ""
    """The workflow run that put it there."""
    because: _Few[str] = ()
    """Why it ships."""
    pull_requests: _Few[int] = ()
    since: Sha | Literal[""] = ""
    """The last commit before those that it ships; empty if there is none."""
    files: _Few[Distribution] = ()
    """Bound with `uploading`, before the first byte is sent."""
    began: datetime | None = None
    """When the upload began: an index closes a release 14 days after its first file."""
    tag: Literal["", "created", "refused"] = ""
    tag_says: str = ""
    """The forge's words if it refused the tag."""
    given_up: str = ""
    """Why no more is sent of it."""

    @property
    def tag_name(self) -> str:
        """The tag of this release."""
        return f"v{self.version}"

    @property
    def begun(self) -> bool:
        """Whether bytes of it may be on the index, and count."""
        return self.state in BEGUN

    @property
    def unfinished(self) -> bool:
        """Whether its upload began and did not come to its end."""
        return self.state in {"uploading", "uploaded", "proven"}

    def leased(self, now: datetime, lease: timedelta) -> bool:
        """Whether it is a claim that still holds; one from further ahead than that is of a clock that is wrong."""
        return self.state == "claimed" and abs(now - self.at) <= lease


class Skip(msgspec.Struct, frozen=True, omit_defaults=True, rename="kebab"):
    """A person's decision that nothing up to this commit ships."""

    commit: Sha
    at: datetime
    says: str
    run: str = ""
    by: str = ""
    """Who decided."""
    role: str = ""
    """What that person may do on the forge."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Everything of one project, in the order of the claims."""

    schema: int = SCHEMA
    project: str
    """By its normalized name."""
    releases: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=20_000)] = ()
    skips: Annotated[tuple[Skip, ...], msgspec.Meta(max_length=20_000)] = ()

    def entry(self, version: str) -> Entry | None:
        """The release of that version."""
        return next((entry for entry in self.releases if entry.version == version), None)

    def of(self, commit: str) -> Entry | None:
        """The last release of a commit that was not given up."""
        entries = (entry for entry in reversed(self.releases) if entry.commit == commit and entry.state != "given-up")
        return next(entries, None)

    @property
    def unfinished(self) -> tuple[Entry, ...]:
        """The releases whose upload has begun and not come to its end, the first one first."""
        return tuple(entry for entry in self.releases if entry.unfinished)

    @property
    def used(self) -> list[Used]:
        """Every version that was ever claimed, given up or not."""
        return [
            Used(entry.version, f"the ledger has {entry.version}, {entry.state} {entry.at:%Y-%m-%d}")
            for entry in self.releases
        ]

    def claimed(self, entry: Entry) -> "Ledger":
        """With one more claim. Raises TransitionError for a version that was claimed before."""
        if self.entry(entry.version):
            raise TransitionError(f"{entry.version} is claimed already")
        return msgspec.structs.replace(self, releases=(*self.releases, entry))

    def moved(self, version: str, state: State, at: datetime, run: str, **changes: Any) -> "Ledger":  # noqa: ANN401 - fields of Entry
        """With one release in another state. Raises TransitionError if none leads there."""
        entry = self.entry(version)
        if entry is None or state not in _NEXT[entry.state]:
            raise TransitionError(f"{version} is {entry.state if entry else 'not claimed'}, and cannot be {state}")
        moved = msgspec.structs.replace(entry, state=state, at=at, run=run, **changes)
        return msgspec.structs.replace(
            self, releases=tuple(moved if other.version == version else other for other in self.releases)
        )

    def skipped(self, skip: Skip) -> "Ledger":
        """With one more decision of a person."""
        return msgspec.structs.replace(self, skips=(*self.skips, skip))


def encode(ledger: Ledger) -> str:
    """The document, for people and programs."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=1).decode() + "\n"


def decode(text: str, project: str) -> Ledger:
    """The ledger of a project, by its normalized name. Raises Held for anything that mergeship did not write."""
    try:
        if decoded(text, _Schema).schema > SCHEMA:
            raise Held(
                "ledger-too-new",
                f"the ledger was written by a newer mergeship, with a schema above {SCHEMA}",
                hint="update mergeship on this runner: uv tool upgrade mergeship",
            )
        ledger = decoded(text, Ledger)
        wrong = _wrong(ledger)
    except UnreadableError as error:
        wrong = str(error)
    if wrong:
        raise Held("ledger-unreadable", f"{REF} cannot be read: {wrong}", hint=REPAIR)
    if ledger.project != project:
        raise Held(
            "ledger-of-another",
            f"the ledger is of {ledger.project}, and this is {project}",
            hint=f"a renamed project begins a new one: git push origin :{REF}, and on the runner remove what it "
            "remembers of the old one",
        )
    return ledger


def transitions(before: Ledger, after: Ledger) -> Iterator[tuple[str, Ledger]]:
    """The transitions between two ledgers: each in words, with the ledger as it is then."""
    known = {entry.version: entry for entry in before.releases}
    now = before
    for entry in after.releases:
        if known.get(entry.version) == entry:
            continue
        others = [other for other in now.releases if other.version != entry.version]
        place = next((n for n, other in enumerate(now.releases) if other.version == entry.version), len(others))
        now = msgspec.structs.replace(now, releases=(*others[:place], entry, *others[place:]))
        tag = f", tag {entry.tag_name} {entry.tag}" if entry.tag else ""
        yield f"{entry.state} {entry.version} for {entry.commit[:12]}{tag}", now
    if after.skips != before.skips:
        yield f"skip up to {after.skips[-1].commit[:12]} by hand", after


def archived(ledger: Ledger) -> tuple[Ledger, Ledger]:
    """A ledger without its oldest releases, and those: once there are 2 * KEPT, all but the newest KEPT may go.

    Every commit of the ledger holds the whole of it, and what came to its end decides nothing any more.
    """
    count = len(ledger.releases)
    most = min(count - KEPT, _last_begun(ledger)) if count >= 2 * KEPT else 0
    old = tuple(takewhile(_is_over, ledger.releases[:most]))
    tail = msgspec.structs.replace(ledger, releases=ledger.releases[len(old) :])
    return tail, Ledger(project=ledger.project, releases=old)


def _last_begun(ledger: Ledger) -> int:
    """Where the last release stands that has begun: what comes next is counted from it."""
    return next((n for n in reversed(range(len(ledger.releases))) if ledger.releases[n].begun), 0)


def _is_over(entry: Entry) -> bool:
    return entry.state == "given-up" or (entry.state == "released" and entry.tag == "created")


def continuity_error(before: Ledger, after: Ledger) -> str:
    """How a ledger does not continue an earlier one; empty if it does.

    Nothing is ever taken out, but into the archive, nor put in between, and what is bound stays bound: anything else
    was written by hand.
    """
    gone = _archived_since(before, after)
    for number, old in enumerate(before.releases[gone:]):
        new = after.releases[number] if number < len(after.releases) else None
        if new is None or new.version != old.version:
            return f"{old.version} is not where it was"
        if new.commit != old.commit or (old.files and new.files != old.files):
            return f"{old.version} has another commit, or other files"
        if new.state not in _reachable(old.state):
            return f"{old.version} was {old.state}, and is {new.state}"
    if after.skips[: len(before.skips)] != before.skips:
        return "a decision by hand is gone"
    return ""


def _archived_since(before: Ledger, after: Ledger) -> int:
    """How many of the oldest releases went into the archive: none, if that could not be all that is missing.

    All of them may be there, if a runner was away for long: the last one has come to its end meanwhile. A later one
    that was released stays behind then, and has to be borne out like any other.
    """
    if len(after.releases) < KEPT or not before.releases:
        return 0
    versions = {entry.version: number for number, entry in enumerate(before.releases)}
    if after.releases[0].version in versions:
        gone = versions[after.releases[0].version]
        return gone if gone <= _last_begun(before) and all(map(_is_over, before.releases[:gone])) else 0
    oldest, newest = pep440.comparable([after.releases[0].version, before.releases[-1].version])
    later = oldest > newest and any(entry.state == "released" for entry in after.releases)
    return len(before.releases) if later and all(map(_is_over, before.releases[:-1])) else 0


def _reachable(state: State) -> set[State]:
    states: set[State] = {state}
    while new := {following for reached in states for following in _NEXT[reached]} - states:
        states |= new
    return states


def old_uploads(ledger: Ledger, now: datetime, days: int = 14, warn: int = 10) -> list[str]:
    """Warnings for half releases that the index will soon close to new files (after `days` days)."""
    return [
        f"{entry.version} began to be uploaded {(now - entry.began).days} days ago and is not complete: "
        f"the index takes no more files after {days} days"
        for entry in ledger.releases
        if entry.state == "uploading" and entry.began and now - entry.began >= timedelta(days=warn)
    ]


def now(seconds: float) -> datetime:
    """A clock's seconds since 1970, as the ledger writes them."""
    return datetime.fromtimestamp(int(seconds), UTC)


class Recorded(msgspec.Struct, frozen=True):
    """The ledger as it lies at the origin, beside what this runner saw there last."""

    at: str
    """The commit of the ledger; empty if there is none."""
    text: str
    seen: str
    """The commit that was seen last; empty if none was."""
    seen_text: str
    continues: bool
    """Whether `at` is `seen`, or comes after it."""
    seen_path: str
    """Where the runner remembers it."""


def read(recorded: Recorded, project: str) -> Ledger:
    """The ledger at the origin, if it is what this runner saw last, or continues that. Raises Held."""
    at, seen = recorded.at, recorded.seen
    hint = (
        f"push back the last commit that mergeship wrote: git push origin {seen}:{REF}; or, if a person did that on "
        f"purpose, remove {recorded.seen_path}"
    )
    if seen and not at:
        raise Held("ledger-deleted", f"{REF} is gone from the origin, and was at {seen[:12]}", hint=hint)
    if seen and not recorded.continues:
        raise Held("ledger-rewound", f"{REF} is at {at[:12]}, which does not continue {seen[:12]}", hint=hint)
    if not at:
        return Ledger(project=project)
    ledger = decode(recorded.text, project)
    if seen and seen != at:
        wrong = continuity_error(decode(recorded.seen_text, project), ledger)
        if wrong:
            raise Held("ledger-edited", f"{REF} was edited by hand since {seen[:12]}: {wrong}", hint=hint)
    return ledger


class _Schema(msgspec.Struct):
    schema: int


def _wrong(ledger: Ledger) -> str:
    """What no ledger of ours would say."""
    seen: set[str] = set()
    for entry in ledger.releases:
        if not pep440.is_version(entry.version) or entry.version in seen:
            return f"{entry.version!r} is not a version, or is there twice"
        seen.add(entry.version)
        if str(pep440.comparable([entry.version])[0]) != entry.version:
            return f"{entry.version} is not in normal form"
        if entry.begun and not entry.files:
            return f"{entry.version} is {entry.state} without a file"
        for name in _bad_files(entry.files):
            return f"{entry.version} has the file {name!r}"
        if len({file.name for file in entry.files}) != len(entry.files):
            return f"{entry.version} has two files of the same name"
    for run in (*(entry.run for entry in ledger.releases), *(skip.run for skip in ledger.skips)):
        if not _RUN.fullmatch(run):
            return f"{run!r} is not the number of a run"
    naive = [*(entry.at for entry in ledger.releases), *(skip.at for skip in ledger.skips)]
    naive += [entry.began for entry in ledger.releases if entry.began]
    return "a time has no zone" if any(moment.tzinfo is None for moment in naive) else ""


def _bad_files(files: Sequence[Distribution]) -> Iterable[str]:
    return (file.name for file in files if not (_FILENAME.fullmatch(file.name) and _SHA256.fullmatch(file.sha256)))
