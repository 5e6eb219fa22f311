"""Where a project's releases stand: its settings, its origin, its ledger, and what this runner remembers of it."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from mergeship.adapters import files, git, job
from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import Origin, Refs, owner_and_name
from mergeship.adapters.store import RunnerStore
from mergeship.core import project
from mergeship.core.environ import for_installer
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.ledger import REF, Entry, Ledger, Recorded
from mergeship.core.settings import Settings
from mergeship.core.text import without_password
from mergeship.errors import Held

ATTEMPTS = 20  # of a compare-and-swap: each that is lost means that someone else's was won


class ProjectState(msgspec.Struct, frozen=True):
    """A project, its origin and its ledger at one moment."""

    project: str
    """The project's normalized name."""
    settings: Settings
    overrides: tuple[str, ...]
    repository: Repository
    head: str
    """The commit that is checked out."""
    origin: Origin
    store: RunnerStore
    name: str
    """`owner/name` on the forge."""
    run: str
    """The workflow run, empty outside of one."""
    refs: Refs
    ledger: Ledger
    lost: int = 0
    """How many swaps in a row someone else has won."""

    @property
    def now(self) -> datetime:
        """The time, as this machine has it."""
        return ledgers.now(time.time())

    @property
    def lease(self) -> timedelta:
        """How long a claim holds before its upload has begun."""
        return timedelta(seconds=self.settings.lease)

    def again(self) -> "ProjectState":
        """The same project a moment later."""
        refs, ledger = _read(self.origin, self.store, self.project)
        return msgspec.structs.replace(self, refs=refs, ledger=ledger)

    def write(self, wanted: Ledger, tagged: Entry | None = None) -> "tuple[ProjectState, str | None]":
        """Push another ledger by compare-and-swap, a commit for each transition.

        With `tagged`, the tag of that release is pushed too: both or neither. Gives back the state afterwards, with
        someone else's ledger if they were faster, and the forge's words if it was the tag that it refused. Raises
        Held if the origin takes no ledger, if others were faster 20 times in a row, or for a ledger that could not be
        read again.
        """
        commit = self.refs.ledger
        for words, ledger in ledgers.transitions(self.ledger, wanted):
            text = ledgers.encode(ledger)
            ledgers.decode(text, self.project)  # what could not be read again is never pushed
            commit = self.origin.write(text, words, commit, time.time())
        tag = {f"refs/tags/{tagged.tag_name}": tagged.commit} if tagged else {}
        push = self.origin.push({REF: commit, **tag})
        if push.done:
            self.store.remember(commit)
            refs = msgspec.structs.replace(self.refs, ledger=commit)
            return msgspec.structs.replace(self, refs=refs, ledger=wanted, lost=0), None
        for ref in tag:
            if ref in push.refused:
                return self, push.refused[ref]  # a server may refuse all because of one
            if REF not in push.refused and REF not in push.moved:
                return self, "the tag is on another commit"
        if REF in push.refused:
            raise Held(
                "ledger-refused",
                f"the origin refused the ledger: {push.refused[REF]}",
                hint=f"the token needs the permission contents: write, and no ruleset may forbid {REF}",
            )
        if self.lost + 1 == ATTEMPTS:
            raise Held("ledger-busy", f"gave up after {ATTEMPTS} concurrent ledger updates", hint="run the job again")
        return msgspec.structs.replace(self.again(), lost=self.lost + 1), None


def archive(state: ProjectState) -> ProjectState:
    """Put the oldest releases into a file of their own, beside the ledger, if there are many.

    If someone is faster, it is done another time.
    """
    tail, old = ledgers.archived(state.ledger)
    if not old.releases:
        return state
    first, last = old.releases[0].version, old.releases[-1].version
    files = {ledgers.FILE: tail, f"archive/{first}-{last}.json": old}
    texts = {name: ("100644", ledgers.encode(ledger)) for name, ledger in files.items()}
    commit = state.origin.commit(texts, f"archive {first} to {last}", state.refs.ledger, time.time())
    if not state.origin.push({REF: commit}).done:
        return state
    state.store.remember(commit)
    return msgspec.structs.replace(state, refs=msgspec.structs.replace(state.refs, ledger=commit), ledger=tail)


def read(path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str] = ()) -> ProjectState:
    """Where the project in `path` stands. Raises Held, Failed or Misconfigured for what cannot be read."""
    name, settings = project.identified(files.reader(path, git.top(path)), path.resolve(), overrides)
    repository = Repository(path, for_installer(environ))
    head = repository.head()
    origin = Origin(repository, environ)
    report(Note(f"reading {without_password(origin.url)}"))
    hosted = name_of(repository, environ)
    store = RunnerStore(environ, hosted)
    refs, ledger = _read(origin, store, name)
    run = environ.get("GITHUB_RUN_ID", "")
    return ProjectState(
        name, settings, tuple(overrides), repository, head, origin, store, hosted, run, refs, ledger
    )  # fmt: skip


def name_of(repository: Repository, environ: Mapping[str, str]) -> str:
    """`owner/name` of a checkout on the forge: as the workflow says, else as its origin is called."""
    return job.repository(environ) or owner_and_name(repository.origin())


def _read(origin: Origin, store: RunnerStore, project_name: str) -> tuple[Refs, Ledger]:
    """The origin's refs, and the ledger that they lead to."""
    refs = origin.refs()
    if not refs.main:
        raise Held(
            "no-main", f"{without_password(origin.url)} has no branch main", hint="push main, or rename the branch"
        )
    origin.fetch(refs)
    at, seen = refs.ledger, store.seen()
    continues = bool(at and seen) and (at == seen or origin.contains(at, seen))
    recorded = Recorded(
        at=at,
        text=origin.ledger(at) if at and (continues or not seen) else "",  # what was put there instead is not ours
        seen=seen,
        seen_text=origin.ledger(seen) if continues and at != seen else "",
        continues=continues,
        seen_path=str(store.seen_path),
    )
    return refs, ledgers.read(recorded, project_name)
