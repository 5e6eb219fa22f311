"""The values of a delivery: facts, effects and ends."""

from datetime import datetime, timedelta

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.release.ledger import State
from mergeship.core.release.upload import UploadOutcome
from mergeship.errors import MergeshipError


class DeliveryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knows of one release besides the ledger's entry."""

    now: datetime
    lease: timedelta
    run: str
    """The workflow run; empty outside of one."""
    deadline: float
    """Seconds to wait for the index."""
    page: str
    """Where the index shows the project."""
    on_main: bool = True
    """Whether its commit is on main."""
    tag: str = ""
    """The commit that its tag is on; empty without a tag."""
    built: tuple[Distribution, ...] = ()
    """What was built for this claim; empty if nothing was."""
    unbound: bool = False
    """Whether it was only claimed when this run began: then no bytes but `built` are this run's to send."""
    here: frozenset[Distribution] = frozenset()
    """The files whose exact bytes are on this machine."""
    quiet_since: datetime | None = None
    """When the run ended that left it as it is, or began to deploy if it goes on; None if that is not known."""
    lost: str = ""
    """Why its bytes cannot be had any more; empty if they may still be found."""

    # Found out on the way. What the index said is forgotten when the state changes.
    kept: bool = False
    listing: Listing | None = None
    reread: bool = False
    sent: tuple[UploadOutcome, ...] = ()
    unlisted: str | None = None
    """Why the index does not list it with equal hashes: empty if it does, None before it was waited for."""
    tag_refused: str | None = None
    """The forge's words if it refused the tag."""
    giving_up: "GiveUp | None" = None

    def moved(self) -> "DeliveryFacts":
        """What is still known after the state has changed."""
        return msgspec.structs.replace(self, listing=None, sent=(), unlisted=None)


class Look(msgspec.Struct, frozen=True):
    """Ask the index what it lists."""


class Reread(msgspec.Struct, frozen=True):
    """Read the ledger again."""


class Keep(msgspec.Struct, frozen=True):
    """Keep the bytes on this machine, all of them or none."""

    files: tuple[Distribution, ...]


class Move(msgspec.Struct, frozen=True):
    """Write the entry's next state into the ledger, unless someone was faster."""

    state: State
    files: tuple[Distribution, ...] | None = None
    began: datetime | None = None
    tag: str | None = None
    tag_says: str | None = None
    given_up: str | None = None

    @property
    def changes(self) -> dict[str, object]:
        """The fields of the entry that change besides its state."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "state"}
        return {name: value for name, value in fields.items() if value is not None}


class GiveUp(msgspec.Struct, frozen=True):
    """Write into the ledger that the version ends here."""

    why: str
    hint: str
    state: State
    """The state that it is given up from."""

    @property
    def move(self) -> Move:
        """The transition."""
        return Move("given-up", given_up=self.why)


class Send(msgspec.Struct, frozen=True):
    """Send these files, in this order, until one is not taken."""

    files: tuple[Distribution, ...]


class Await(msgspec.Struct, frozen=True):
    """Wait until the index lists every file with equal hashes, at most so many seconds."""

    files: tuple[Distribution, ...]
    deadline: float


class PutTag(msgspec.Struct, frozen=True):
    """Put the tag on the commit and the state into the ledger, in one push: both or neither."""

    move: Move


class Done(msgspec.Struct, frozen=True):
    """It came as far as it gets in this run."""

    warnings: tuple[str, ...] = ()


class Superseded(msgspec.Struct, frozen=True):
    """Someone else has given the version up in the meantime; nothing of ours was lost."""


class Stop(msgspec.Struct, frozen=True):
    """It cannot go on."""

    error: MergeshipError
    given_up: bool = False
    """The version has ended: its bytes can never be complete on the index."""
    elsewhere: bool = False
    """Another run has begun the upload, and may still be at it."""


End = Done | Superseded | Stop
Effect = Look | Reread | Keep | Move | GiveUp | Send | Await | PutTag
Step = Effect | End
