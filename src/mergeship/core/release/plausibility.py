"""What no ledger of ours says: another version's files, versions out of order, a version that cannot follow."""

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mergeship.core import pep440
from mergeship.core.listing import Listing, version_of
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.release.ledger import REF, REPAIR, Entry, Ledger
from mergeship.core.version import PARTS, BumpRequest, Part, Used, next_version
from mergeship.errors import Held

if TYPE_CHECKING:
    from packaging.version import Version

MAJORS = 2
"""So far a version may be above the last major one that is known: one given up, and the one that follows."""


def contradiction(code: str, words: str, hint: str = "") -> Held:
    """The hold for a ledger that someone else wrote; the way out is to put it back."""
    return Held(code, f"the ledger is contradicted: {words}", hint=f"{_PUT_BACK}{hint}")


OR_BY_HAND = f"; or, if a maintainer did that on purpose, {DISPATCH}"
_PUT_BACK = f"someone else wrote to {REF}: {REPAIR}; and run the job again"


def refuse_foreign_files(ledger: Ledger) -> None:
    """Raise Held for a file of another project or version."""
    for entry in ledger.releases:
        for file in entry.files:
            if version_of(file.name, ledger.project) != entry.version:  # 0.1.1.0 would borrow the files of 0.1.1
                raise contradiction(
                    "ledger-foreign-files", f"{entry.version} has the file {file.name}, which is not of that version"
                )


def refuse_disorder(ledger: Ledger) -> None:
    """Raise Held for a version that is not above all before it: each is chosen above whatever was used."""
    versions = pep440.comparable([entry.version for entry in ledger.releases])
    for (before, entry), (lower, higher) in zip(
        itertools.pairwise(ledger.releases), itertools.pairwise(versions), strict=True
    ):
        if higher <= lower:
            raise contradiction("ledger-disorder", f"{entry.version} comes after {before.version}")


def above_all_published(entries: Sequence[Entry], listing: Listing) -> list[Entry]:
    """The entries whose versions decide which one follows."""
    published = [version for version in listing.versions if pep440.is_version(version)]
    _, highest = max(zip(pep440.comparable(published), published, strict=True), default=(None, ""))
    above = set(above_versions([entry.version for entry in entries], highest))
    return [entry for entry in entries if entry.version in above]


def above_versions(versions: Sequence[str], limit: str) -> list[str]:
    """Those of some versions that are above another one; all, if that is empty."""
    known = [version for version in versions if pep440.is_version(version)]
    first, *others = pep440.comparable([limit or "0", *known])
    return [version for version, other in zip(known, others, strict=True) if not limit or other > first]


def ranked(used: Iterable[Used]) -> list[Used]:
    """Versions that were used, the highest first."""
    uses = list(used)
    versions = pep440.comparable([use.version for use in uses])
    return [use for _, use in sorted(zip(versions, uses, strict=True), key=lambda pair: pair[0], reverse=True)]


def leap(entry: Entry, declared: str | None, ledger: Ledger, listed: Sequence[Used], tags: Sequence[Used]) -> str:
    """What a decision could have chosen at most, if an entry is a major version above that, or out of 0.x; else empty.

    `declared` is what its commit declares; None if that is not known. `listed` and `tags` are what the index and the
    tags have, the highest first. The ledger's versions rise, so of those before it only the last one matters.
    """
    place = ledger.releases.index(entry)
    earlier = [Used(other.version, "the ledger has it") for other in ledger.releases[max(0, place - 1) : place]]
    before = [*listed[:1], *earlier]
    other_tag = next((use for use in tags if not pep440.same(use.version, entry.version)), None)
    with_tags = [*before, *([other_tag] if other_tag else [])]
    known = [use.version for use in listed[:1]] + ([declared] if declared else [])
    for used in (with_tags, before):
        following = [version for part in PARTS if (version := _following(declared, used, part))]
        if following:
            return _above(entry.version, following, known)
    return "no version can follow what was published"


def _above(version: str, following: Sequence[str], known: Iterable[str]) -> str:
    own, *possible = pep440.comparable([version, *following])
    if _series(own) > max(map(_series, possible)):
        return f"the highest version that can follow is {max(possible)}"
    highest = max(pep440.comparable(known), default=None)
    if highest is not None and own.major > highest.major + MAJORS:
        return f"{highest} is the highest version that is published or declared"
    return ""


def _series(version: "Version") -> tuple[int, int]:
    """Epoch and major: what lies below is a number lost, and no harm done."""
    return version.epoch, version.major


def _following(declared: str | None, used: Sequence[Used], part: Part) -> str:
    """The next version by a part; empty if decide would hold."""
    try:
        return next_version(declared, used, BumpRequest(part)).version
    except Held:
        return ""
