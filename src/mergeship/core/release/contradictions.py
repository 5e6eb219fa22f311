"""What git and the index say against a ledger: one hold for each way to disagree.

A person who decides leaves behind what git contradicts; what was `skipped` by hand since is left behind too.
"""

from collections.abc import Sequence

from mergeship.core.release.evidence import Evidence
from mergeship.core.release.ledger import Entry, Ledger
from mergeship.core.release.plausibility import OR_BY_HAND, above_versions, contradiction

NEAR = 10
"""Releases before one that are looked at: they follow each other along main."""
_REMEMBERED = "; the runner that wrote it remembers that commit in the file ledger-seen of its state"


def refuse_strays(strays: Sequence[Entry], evidence: Evidence) -> None:
    """Refuse an upload that has begun for a commit that is not on main, unless a person leaves it behind now."""
    for entry in strays:
        if entry.begun and not evidence.by_hand:
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which is not on main"
            raise contradiction("ledger-off-main", words, OR_BY_HAND)


def refuse_old_commits(entries: Sequence[Entry], kept: Sequence[Entry], evidence: Evidence) -> None:
    """Refuse a release of a commit that an earlier one contains, or that tag and index have under another version.

    `kept` are the releases that count, in their order; of those before one, the last few are looked at.
    """
    for entry in entries:
        place = kept.index(entry)
        earlier = kept[max(0, place - NEAR) : place][::-1]
        before = next((other for other in earlier if not evidence.outside(other.commit, [entry.commit])), None)
        if before and not evidence.by_hand:
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which {before.version} contains"
            raise contradiction("ledger-disorder", words, OR_BY_HAND)
    released = {evidence.tags.get(f"v{version}"): version for version in evidence.listing.versions}
    for entry in entries:
        version = released.get(entry.commit, entry.version)
        if version != entry.version and not evidence.by_hand:
            words = f"{entry.version} is {entry.state} for {entry.commit[:12]}, which is released as {version}"
            raise contradiction("ledger-disorder", words, OR_BY_HAND)


def refuse_lost_releases(
    published: Sequence[Entry], begun: Sequence[Entry], skipped: Sequence[str], evidence: Evidence
) -> None:
    """Refuse to ship what was given up once more, if the index has all of it, and nothing that it shows contains it.

    An upload of which it has nothing is anyone's word, and so is a tag.
    """
    ends = [*(entry.commit for entry in begun if evidence.lists_some_of(entry)), *skipped]
    for entry in published:
        open_ = entry.state == "given-up" and not evidence.by_hand
        if open_ and all(evidence.outside(end, [entry.commit]) for end in ends):
            words = f"{entry.version} is given up for {entry.commit[:12]}, and the index has all of it"
            raise contradiction("ledger-disagrees", words, OR_BY_HAND)


def refuse_what_is_behind(
    ledger: Ledger, counting: Sequence[Entry], published: Sequence[Entry], skipped: Sequence[str], evidence: Evidence
) -> None:
    """Refuse a ledger without what tag and index have: it was put back to an earlier state.

    What a person decided on since is left behind; a commit that is released cannot be decided on.
    """
    if not ledger.releases:
        return
    ends = [entry.commit for entry in published[-1:]] or [ledger.releases[0].since or ledger.releases[0].commit]
    newer = above_versions(evidence.listing.versions, published[-1].version if published else "")
    tagged_at = {version: evidence.tags[f"v{version}"] for version in newer if f"v{version}" in evidence.tags}
    beyond = set(tagged_at.values()) - set(evidence.outside(evidence.main, list(tagged_at.values())))
    for end in (*ends, *skipped):
        beyond &= set(evidence.outside(end, sorted(beyond))) if beyond else beyond
    states = {entry.version: entry.state for entry in ledger.releases}
    begun = {(entry.version, entry.commit) for entry in counting}
    for version, commit in tagged_at.items():
        if commit in beyond and (version, commit) not in begun and (not evidence.by_hand or commit == evidence.head):
            state = states.get(version, "not there")
            words = f"tag and index have {version} for {commit[:12]}, and in the ledger it is {state}"
            raise contradiction("ledger-behind", words, _REMEMBERED + OR_BY_HAND)
