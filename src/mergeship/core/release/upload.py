"""What an index's answer to an upload means, and what to do next."""

from typing import Literal

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Presence

TRY_AGAIN = "nothing was lost; run the job again later: it sends the same bytes"
NEXT_VERSION = "re-run all jobs: they use the next version"


class Answer(msgspec.Struct, frozen=True):
    """An index's answer to one upload."""

    status: int
    """HTTP status."""
    words: str
    """The index's own words: the reason phrase, or the body's message."""
    retry_after: float | None = None
    """Seconds until the index wants to be asked again, if it says so."""


class Verdict(msgspec.Struct, frozen=True):
    """What an answer means."""

    outcome: Literal["accepted", "refused", "unavailable"]
    code: str = ""
    hint: str = ""

    @property
    def ends_version(self) -> bool:
        """Whether these bytes can never become this version: others have its name, or the index takes no such file."""
        return self.code in _LOST


# (status or 0 for any, words that it contains, code, hint), the first match counts. The words are those of
# warehouse/forklift/legacy.py.
_REFUSALS = (
    (0, "Invalid attestations", "attestation-refused", "run the job again with new ones, or set attestations to false"),
    (0, "authentication information", "token-rejected", "check that PYPI_API_TOKEN is complete and of this index"),
    (0, "Invalid API Token", "token-rejected", "make a new API token on the index and store it as PYPI_API_TOKEN"),
    (0, "isn't allowed to upload to project", "not-an-owner", "the token's owner must own or maintain this project"),
    (0, "verified primary email", "account-incomplete", "verify the e-mail address of the token's owner"),
    (0, "two-factor authentication", "account-incomplete", "turn on two-factor authentication for the token's owner"),
    (0, "Read-only mode", "index-closed", TRY_AGAIN),
    (0, "temporarily disabled", "index-closed", TRY_AGAIN),
    (0, "Too many new projects", "rate-limited", TRY_AGAIN),
    (0, "File already exists", "file-exists", f"this file name is taken by other bytes; {NEXT_VERSION}"),
    (0, "previously used by a file", "filename-burned", f"a deleted file's name is never free again; {NEXT_VERSION}"),
    (0, "older than 14 days", "release-closed", f"the release takes no more files; {NEXT_VERSION}"),
    (0, "Only one sdist", "second-sdist", f"the release has another sdist; {NEXT_VERSION}"),
    (0, "File too large", "file-too-large", "make the file smaller, or ask the index for a higher limit"),
    (0, "Project size too large", "project-too-large", "delete old releases, or ask the index for a higher limit"),
    (0, "description failed to render", "bad-description", "fix the README; twine check shows where"),
    (0, "classifier", "bad-classifier", "correct the classifiers in pyproject.toml"),
    (0, "local versions", "local-version", "declare a version without '+'"),
    (0, "unsupported platform tag", "platform-tag", "repair the wheel with auditwheel, or ship only the sdist"),
    (0, "too similar", "name-taken", "choose another project name"),
    (0, "conflicts with", "name-taken", "choose another project name"),
    (0, "isn't allowed", "name-refused", "choose another project name"),
    (0, "Invalid distribution file", "bad-distribution", "the build made a file that is no distribution: build again"),
    (0, "digest", "bad-digest", "the file changed on its way: run the job again"),
    (0, "core-metadata", "bad-metadata", "correct the named field in pyproject.toml"),
    (401, "", "token-rejected", "check the secret PYPI_API_TOKEN"),
    (403, "", "forbidden", "check that the token may upload to this project"),
    (404, "", "no-upload-api", "check the setting index.upload: there is no upload API at that address"),
    (405, "", "no-upload-api", "check the setting index.upload: that address takes no uploads"),
    (409, "", "file-exists", f"the index has other bytes under this name; {NEXT_VERSION}"),
    (413, "", "file-too-large", "make the file smaller, or ask the index for a higher limit"),
    (429, "", "rate-limited", TRY_AGAIN),
)  # fmt: skip
_LOST = {
    "bad-classifier", "bad-description", "bad-distribution", "bad-metadata", "file-exists", "file-too-large",
    "filename-burned", "local-version", "platform-tag", "release-closed", "second-sdist", "upload-refused",
}  # fmt: skip
_UNAVAILABLE = {"bad-digest", "index-closed", "rate-limited"}
_PASSING = {408, 425}
_OF_THE_FILE = {400, 422}
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


def classify(answer: Answer) -> Verdict:
    """What the answer means: accepted, refused for good, or not available now."""
    if answer.status in range(200, 300):
        return Verdict("accepted")
    if answer.status in _REDIRECTS:
        return Verdict("refused", "redirected", "check the setting index.upload: end it with '/legacy/'")
    if answer.status in _SERVER_ERRORS:
        return Verdict("unavailable", "index-error", TRY_AGAIN)
    for status, words, code, hint in _REFUSALS:
        if status in {0, answer.status} and words in answer.words:
            return Verdict("unavailable" if code in _UNAVAILABLE else "refused", code, hint)
    if answer.status in _PASSING:
        return Verdict("unavailable", "index-error", TRY_AGAIN)
    code = "upload-refused" if answer.status in _OF_THE_FILE else "not-taken"
    return Verdict("refused", code, "fix what the index names, then run the job again")


Next = Literal["sent", "again", "look", "stop", "give-up"]
"""`look`: what the index has decides, and it has to be asked until it shows the file."""


def after(verdict: Verdict | None, has: Presence) -> Next:
    """What follows an attempt to send a file. `verdict` is None if no answer came; `has` is what is listed now."""
    if has == "same" or (verdict and verdict.outcome == "accepted"):
        return "sent"
    if has == "other":
        return "give-up"
    if verdict is None or verdict.outcome == "unavailable":
        return "again"
    if verdict.code == "file-exists":
        return "look"
    return "give-up" if verdict.ends_version else "stop"


class UploadOutcome(msgspec.Struct, frozen=True):
    """How the attempts to send one file ended."""

    file: Distribution
    ended: Next | Literal["late"]
    """`late`: the deadline passed before an answer that settles it."""
    message: str = ""
    """The last answer, in words for people."""
    code: str = ""
    """That of the failure; empty for a file that the index took."""
    hint: str = ""
    looking: bool = False
    """Whether the index said that it has such a file, and was asked until it would show it."""
