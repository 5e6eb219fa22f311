"""Where a project stands: its files, its origin, its ledger, and what this runner remembers of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from mergeship.adapters import files, git, job
from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import Origin, Push, Refs, owner_and_name
from mergeship.adapters.state import State
from mergeship.core import project
from mergeship.core.environ import for_installer
from mergeship.core.event import Note, Tell
from mergeship.core.project import Source
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.ledger import REF, Ledger
from mergeship.core.text import without_password
from mergeship.errors import Held

ATTEMPTS = 20  # of a compare-and-swap: each that is lost means that somebody else's was won


class Standing(msgspec.Struct, frozen=True):
    """A project, its origin and its ledger at one moment."""

    source: Source
    overrides: tuple[str, ...]
    repository: Repository
    origin: Origin
    state: State
    name: str
    """`owner/name` on the forge."""
    run: str
    """The workflow run, empty outside of one."""
    refs: Refs
    ledger: Ledger

    @property
    def now(self) -> datetime:
        """The time, as this machine has it."""
        return ledgers.now(time.time())

    @property
    def lease(self) -> timedelta:
        """How long a claim holds before its upload has begun."""
        return timedelta(seconds=self.source.settings.lease)

    def again(self) -> "Standing":
        """The same project a moment later."""
        refs = self.origin.refs()
        self.origin.fetch(refs)
        ledger = _ledger(self.origin, refs, self.state, self.ledger.project)
        return msgspec.structs.replace(self, refs=refs, ledger=ledger)

    def advanced(
        self, change: "Callable[[Standing], Ledger | None]", tag: tuple[str, str] | None = None
    ) -> "tuple[Standing, Push]":
        """The standing after a change of the ledger, which is pushed by compare-and-swap, a commit for each transition.

        Where somebody else was faster, `change` is asked again with what stands then; None from it means that
        nothing is left to change. With `tag` (name, commit), ledger and tag are pushed both or neither, and the
        push that comes back says whether the forge refused.
        """
        standing = self
        for _ in range(ATTEMPTS):
            wanted = change(standing)
            if wanted is None:
                return standing, Push(done=True)
            commit = standing.refs.ledger
            for words, ledger in ledgers.steps(standing.ledger, wanted):
                commit = self.origin.write(ledgers.encode(ledger), words, commit, time.time())
            pushes = {REF: commit} | ({f"refs/tags/{tag[0]}": tag[1]} if tag else {})
            push = self.origin.push(pushes)
            if push.done:
                self.state.remember(commit)
                refs = msgspec.structs.replace(standing.refs, ledger=commit)
                return msgspec.structs.replace(standing, refs=refs, ledger=wanted), push
            if tag and push.refused:
                return standing, push  # a server may refuse all because of one
            if REF in push.refused:
                raise Held(
                    "ledger-refused",
                    f"the origin refused the ledger: {push.refused[REF]}",
                    hint=f"the token needs the permission contents: write, and no ruleset may forbid {REF}",
                )
            if REF not in push.moved:
                return standing, push
            standing = standing.again()
        raise Held("ledger-busy", "the ledger was changed by others again and again", hint="run the job again")


def standing(path: Path, environ: Mapping[str, str], tell: Tell, overrides: Sequence[str] = ()) -> Standing:
    """Where the project in `path` stands. Raises Held, Failed or Misconfigured for what cannot be read."""
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    repository = Repository(path, for_installer(environ))
    repository.head()
    origin = Origin(repository, environ)
    tell(Note(f"reading {without_password(origin.url)}"))
    name = name_of(repository, environ)
    state = State(environ, name)
    refs = origin.refs()
    if not refs.main:
        raise Held("no-main", f"the origin of {path} has no branch main", hint="push main, or rename the branch")
    origin.fetch(refs)
    ledger = _ledger(origin, refs, state, source.project.normalized)
    run = environ.get("GITHUB_RUN_ID", "")
    return Standing(source, tuple(overrides), repository, origin, state, name, run, refs, ledger)


def name_of(repository: Repository, environ: Mapping[str, str]) -> str:
    """`owner/name` of a checkout on the forge: as the workflow says, else as its origin is called."""
    return job.repository(environ) or owner_and_name(repository.origin())


def _ledger(origin: Origin, refs: Refs, state: State, project: str) -> Ledger:
    """The ledger at the origin, if it is what this runner saw last, or continues that."""
    seen = state.seen()
    hint = (
        f"push back the last commit that mergeship wrote: git push origin {seen}:{REF}; or, if a person did that on "
        f"purpose, remove {state.seen_path}"
    )
    if seen and not refs.ledger:
        raise Held("ledger-deleted", f"{REF} is gone from the origin, and was at {seen[:12]}", hint=hint)
    if seen and seen != refs.ledger and not origin.contains(refs.ledger, seen):
        raise Held("ledger-rewound", f"{REF} is at {refs.ledger[:12]}, which does not continue {seen[:12]}", hint=hint)
    if not refs.ledger:
        return Ledger(project=project)
    ledger = ledgers.decode(origin.ledger(refs.ledger), project)
    if seen and seen != refs.ledger:
        wrong = ledgers.broken(ledgers.decode(origin.ledger(seen), project), ledger)
        if wrong:
            raise Held("ledger-edited", f"{REF} was edited by hand since {seen[:12]}: {wrong}", hint=hint)
    return ledger
