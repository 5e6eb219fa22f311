"""Where the ledger, the index and the tags contradict each other."""

from collections.abc import Mapping

from mergeship.core.listing import Listing
from mergeship.core.release.belief import FINISHED
from mergeship.core.release.evidence import Outside
from mergeship.core.release.ledger import Entry, Ledger


def last_finished(ledger: Ledger, outside: Outside) -> Entry | None:
    """The last release that the index is known to have shown; None if a person has decided on its commit since."""
    last = next((entry for entry in reversed(ledger.releases) if entry.state in FINISHED), None)
    if last is None:
        return None
    since = {last.commit, *outside(last.commit, [skip.commit for skip in ledger.skips])}
    decided = since.intersection(skip.commit for skip in ledger.skips)
    return None if any(not outside(commit, [last.commit]) for commit in decided) else last


def conflicts(
    ledger: Ledger, listed: Listing, tags: Mapping[str, str], outside: Outside, *, by_hand: bool = False
) -> list[str]:
    """Where the ledger says something else than the index and the tags (name to commit); empty if they agree.

    If a person decides (`by_hand`), what is merely gone from the index or from the tags is no obstacle: an owner
    may have deleted it. `outside` says which of some commits a commit does not contain.
    """
    wrong = []
    hashes = {file.name: file.sha256 for file in listed.files}
    for entry in ledger.releases:
        if entry.state not in FINISHED:
            continue
        wrong += [
            f"the ledger says that {file.name} has sha256 {file.sha256[:12]}…, and the index {hashes[file.name][:12]}…"
            for file in entry.files
            if hashes.get(file.name) not in {None, "", file.sha256}
        ]
        tagged = tags.get(entry.tag_name, entry.commit)
        if tagged != entry.commit and entry.tag == "created":
            wrong.append(f"{entry.tag_name} is a tag on {tagged[:12]}, and the ledger has it at {entry.commit[:12]}")
    last = None if by_hand else last_finished(ledger, outside)
    if last and any(listed.lacks(file) for file in last.files):
        wrong.append(f"the ledger says that {last.version} is {last.state}, and the index does not list it like that")
    if last and last.tag == "created" and last.tag_name not in tags:
        wrong.append(f"the ledger says that there is a tag {last.tag_name}, and there is none")
    return wrong
