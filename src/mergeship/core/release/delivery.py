"""What becomes of one file that is sent, and of the release when it cannot be."""

from typing import Literal

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.release.ledger import Entry
from mergeship.core.release.upload import Verdict

There = Literal["same", "other", "absent"]
Next = Literal["sent", "again", "look", "stop", "give-up"]
"""`look`: what the index has decides, and it has to be asked until it shows the file."""


def there(file: Distribution, listed: Listing) -> There:
    """What an index lists under a file's name. Absent never proves that it was not uploaded: an index may lag."""
    found = next((other for other in listed.files if other.name == file.name), None)
    if found is None or not found.sha256:  # without a hash, it may be anybody's
        return "absent"
    return "same" if found.sha256 == file.sha256 else "other"


def after(verdict: Verdict | None, has: There) -> Next:
    """What follows an attempt to send a file. `verdict` is None where no answer came; `has` is what is listed now."""
    if has == "same" or (verdict and verdict.outcome == "accepted"):
        return "sent"
    if has == "other":
        return "give-up"
    if verdict is None or verdict.outcome == "unavailable":
        return "again"
    if verdict.code == "file-exists":
        return "look"
    return "give-up" if verdict.ends_version else "stop"


def yank(entry: Entry, listed: Listing, page: str) -> str:
    """What to do about files of a version that was given up; empty where the index shows none of them."""
    stray = [file.name for file in entry.files if there(file, listed) == "same"]
    if not stray:
        return ""
    return f"yank {entry.version} on {page}, which has {', '.join(stray)} of it and will never have the rest"
