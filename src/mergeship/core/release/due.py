"""Which releases a run on a commit delivers, and what became of those that it does not."""

from collections.abc import Callable

import msgspec

from mergeship.core.distribution import Manifest
from mergeship.core.release.delivery import not_built
from mergeship.core.release.ledger import Entry, Ledger
from mergeship.core.release.upload import NEXT_VERSION
from mergeship.errors import Failed

Contains = Callable[[str, str], bool]
"""Whether a commit is another one or comes after it."""


class Due(msgspec.Struct, frozen=True):
    """What a run has to do, in this order."""

    unfinished: tuple[Entry, ...]
    """Uploads that were begun before."""
    own: Entry | None
    """The release of the commit, in whatever state; None if this run only finishes others."""
    refused: tuple[Entry, ...]
    """Releases whose tag the forge refused."""

    @property
    def undelivered(self) -> Entry | None:
        """The commit's own release, unless it has come to its end."""
        return None if self.own is None or self.own.state in {"released", "given-up"} else self.own

    @property
    def uploads(self) -> tuple[Entry, ...]:
        """Everything that may have to be uploaded."""
        return (*self.unfinished, *([self.undelivered] if self.undelivered else []))


def is_decided(ledger: Ledger, commit: str) -> bool:
    """Whether a run on `commit` goes on with what was decided before, maybe by a person."""
    claims = (entry for entry in ledger.releases if entry.state == "claimed")
    return bool(ledger.unfinished) or any(entry.commit == commit for entry in claims)


def due(ledger: Ledger, manifest: Manifest | None, commit: str) -> Due:
    """What a run on `commit` delivers. Raises Failed if there is nothing to deploy at all."""
    own = _own(ledger, manifest, commit)
    unfinished = tuple(entry for entry in ledger.unfinished if own is None or entry.version != own.version)
    refused = tuple(entry for entry in ledger.releases if entry.state == "released" and entry.tag == "refused")
    return Due(unfinished, own, refused)


def _own(ledger: Ledger, manifest: Manifest | None, commit: str) -> Entry | None:
    """The release of this commit: the one that was built, or else the last one."""
    own = ledger.of(commit)
    if manifest and manifest.commit == commit:
        built = ledger.entry(manifest.version)
        if built and built.commit == commit:
            return built
    if manifest and (own is None or own.state == "claimed"):
        claimed = f"{commit[:12]} has {own.version} claimed" if own else f"{commit[:12]} has no claim"
        raise Failed(
            "not-claimed",
            f"{manifest.version} was built from {manifest.commit[:12]}, and {claimed}: nothing is sent without a claim",
            hint="run mergeship decide, then mergeship build, then deploy that build",
        )
    if own and own.state == "claimed" and ledger.unfinished:
        return None  # this run finishes the others; decide did not hand the claim on
    if own and own.state == "claimed":
        raise not_built(own)
    if own is None and not ledger.unfinished:
        raise Failed(
            "not-claimed",
            f"{commit[:12]} has no claim in the ledger, and nothing else is unfinished",
            hint="run mergeship decide first; it says whether this commit ships",
        )
    return own


def containing(ledger: Ledger, entry: Entry, contains: Contains) -> str:
    """The last version besides its own that contains a release's commit and was not given up; empty for none."""
    for later in reversed(ledger.releases):
        other = later.version != entry.version and later.state != "given-up"
        if other and contains(later.commit, entry.commit):
            return later.version
    return ""


def superseded(ledger: Ledger, entry: Entry | None, contains: Contains) -> str:
    """What contains a commit whose own release was given up; empty for a commit that has its own.

    Raises Failed if nothing contains it: then it did not ship.
    """
    if entry is None or entry.state != "given-up":
        return ""
    later = containing(ledger, entry, contains)
    if later:
        return later
    if any(contains(skip.commit, entry.commit) for skip in ledger.skips):
        return "a decision by hand to skip it"
    raise Failed("version-given-up", f"{entry.version} was given up: {entry.given_up}", hint=NEXT_VERSION)
