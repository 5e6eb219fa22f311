"""The bytes of an upload that has begun: found again, built again and equal, or lost. A machine without effects."""

from collections.abc import Sequence

import msgspec

from mergeship.core.distribution import Distribution


class RecoveryFacts(msgspec.Struct, frozen=True):
    """What is known of the bytes."""

    here: frozenset[str]
    """Names of the files whose exact bytes were found."""
    rebuilt: bool = False
    """Whether the release was built again."""
    not_built: str = ""
    """Why that failed."""


class Rebuild(msgspec.Struct, frozen=True):
    """Build the release again, and see which files are equal."""


class Recovered(msgspec.Struct, frozen=True):
    """All bytes are here."""


class Lost(msgspec.Struct, frozen=True):
    """The bytes cannot be had any more: deploy gives the version up."""

    why: str


def next_step(files: Sequence[Distribution], facts: RecoveryFacts) -> Rebuild | Recovered | Lost:
    """What to do about the bytes that the ledger has bound."""
    lacking = [file.name for file in files if file.name not in facts.here]
    if not lacking:
        return Recovered()
    if facts.not_built:
        return Lost(f"its bytes are gone, and it does not build again: {facts.not_built}")
    if facts.rebuilt:
        return Lost(f"its bytes are gone, and building it again gives others: {', '.join(lacking)}")
    return Rebuild()
