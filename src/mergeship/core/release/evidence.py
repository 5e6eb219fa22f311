"""What is known besides the ledger: git, the index, and the forge's record of runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from mergeship.core.listing import Listing
from mergeship.core.release.ledger import Entry

PENDING = ("claimed", "uploading", "uploaded")
"""States in which nothing may be on the index yet."""
Outside = Callable[[str, Sequence[str]], Collection[str]]
"""Which of some commits a commit does not contain, itself and all before it."""
EVENTS = ("push", "workflow_dispatch")
"""What starts a pipeline on main."""


class Run(msgspec.Struct, frozen=True):
    """A workflow run, as the forge records it."""

    path: str
    """Of the workflow file."""
    event: str
    branch: str
    commit: str
    repository: str
    """`owner/name` of the repository whose branch that is."""
    begun: frozenset[str] | None
    """The stages whose jobs have begun, in any attempt; None if the workflow does not say which jobs they are."""
    is_pipeline: bool = False
    """Whether its workflow file calls mergeship's decide and deploy, whatever its name and its jobs are."""
    actor: str = ""
    """Who started it; empty if the forge does not say."""
    decided: bool = True
    """Whether its decision was made, or the workflow does not say which job makes it: a hold is none."""
    deciding: bool = False
    """Whether it decides just now."""
    decided_at: datetime | None = None
    """When the last attempt to decide ended."""
    deployed_at: datetime | None = None
    """When it first began to deploy."""
    deployed_again_at: datetime | None = None
    """When it last began to deploy."""
    ended_at: datetime | None = None
    """When it came to its end; None while it goes on."""
    declined: bool = False
    """Whether it has decided to ship nothing: its later jobs were skipped, and not because somebody cancelled it.

    Or the workflow starts them in any case, so that they say nothing.
    """
    skipped: bool = False
    """Whether it has declined, and ended well."""

    def ships_by_hand(self, commit: str) -> bool:
        """Whether a person has started it on a commit to ship that: a decision to skip sends nothing."""
        deploys = self.begun is None or "deploy" in self.begun
        by_hand = self.event == "workflow_dispatch" and self.commit == commit
        return by_hand and self.decided and deploys and not self.declined


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known besides the ledger."""

    repository: str
    """`owner/name` of this one."""
    workflow: str
    """The path of main's own workflow."""
    main: str
    """The commit that main is at."""
    head: str
    """The commit that the run that asks is on."""
    outside: Outside
    tags: Mapping[str, str]
    """The origin's tags, each with its commit."""
    listing: Listing
    """What the index has."""
    now: datetime
    lease: timedelta
    """How long a claim holds."""
    aged_out: str = ""
    """The day, as YYYY-MM-DD, before which the forge need not know any run."""
    run: str = ""
    """The run that asks: it believes its own claim."""
    by_hand: bool = False
    """Whether a person decides now: then what git contradicts is left behind and no obstacle."""

    # Found out on the way.
    declared: Mapping[str, str | None] = {}
    """What the project declares at commits; None for what cannot be read there."""
    runs: Mapping[str, Run | None] = {}
    """Runs by their numbers; None for one that the forge does not know any more."""
    of_commit: Mapping[str, tuple[Run, ...]] = {}
    """Runs by the commit that they were on."""

    def tagged(self, entry: Entry) -> bool:
        """Whether its tag is on its commit."""
        return self.tags.get(entry.tag_name) == entry.commit

    def is_old(self, entry: Entry) -> bool:
        """Whether the index took it so long ago that the record of runs does not go back there."""
        days = (release.uploaded for release in self.listing.published if release.version == entry.version)
        return any(day and day < self.aged_out for day in days)

    def uploaded_at(self, entry: Entry) -> datetime | None:
        """When the index took the last file of its version; None if it does not say."""
        moments = [release.uploaded_at for release in self.listing.published if release.version == entry.version]
        return next(iter(moments), None)

    def lists_some_of(self, entry: Entry) -> bool:
        """Whether the index has a file of it, with an equal hash."""
        return self.listing.has_some(entry.files)


class ReadDeclared(msgspec.Struct, frozen=True):
    """Read what a commit declares."""

    commit: str


class LookUpRuns(msgspec.Struct, frozen=True):
    """Look these runs up."""

    runs: tuple[str, ...]


class LookUpCommits(msgspec.Struct, frozen=True):
    """Look the runs up that were on these commits."""

    commits: tuple[str, ...]
