"""What of a ledger counts, and how what follows from that is written."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from mergeship.core.release.ledger import Ledger, Skip

FINISHED = ("proven", "released")
"""States that nothing follows but a tag."""


class Belief(msgspec.Struct, frozen=True):
    """What of the ledger counts."""

    unknown: Mapping[str, str] = {}
    """Versions that nothing bears out, each with why: nothing is sent of them, and they decide nothing."""
    void: frozenset[Skip] = frozenset()
    """Decisions by hand that nothing bears out: they are asked for again."""
    unsourced: frozenset[str] = frozenset()
    """Versions that count, but not by their run: their bytes are found here, or built again, and nowhere else."""


def believed(ledger: Ledger, belief: Belief, now: datetime, run: str) -> Ledger:
    """The ledger with what counts: what nothing bears out is given up, by this run, and decides nothing."""
    releases = tuple(
        msgspec.structs.replace(entry, state="given-up", at=now, run=run, given_up=belief.unknown[entry.version])
        if entry.version in belief.unknown and entry.state != "given-up"
        else entry
        for entry in ledger.releases
    )
    skips = tuple(skip for skip in ledger.skips if skip not in belief.void)
    return msgspec.structs.replace(ledger, releases=releases, skips=skips)


def written(after: Ledger, recorded: Ledger, belief: Belief) -> Ledger:
    """What follows from a believed ledger, as it is written: nothing that was finished or decided is taken out."""
    finished = {entry.version: entry for entry in recorded.releases if entry.state in FINISHED}
    releases = tuple(
        finished.get(entry.version, entry) if entry.version in belief.unknown else entry for entry in after.releases
    )
    new = after.skips[sum(skip not in belief.void for skip in recorded.skips) :]
    return msgspec.structs.replace(after, releases=releases, skips=(*recorded.skips, *new))
