import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Presence
from mergeship.core.release.upload import Answer, Next, Verdict, after, classify


@pytest.mark.parametrize(
    ("status", "words", "outcome", "code"),
    [
        (200, "OK", "accepted", ""),
        (201, "Created", "accepted", ""),
        (308, "Permanent Redirect", "refused", "redirected"),
        (403, "Invalid or non-existent authentication information.", "refused", "token-rejected"),
        (403, "Invalid API Token: expired", "refused", "token-rejected"),
        (401, "Unauthorized", "refused", "token-rejected"),
        (403, "The user 'x' isn't allowed to upload to project 'obk'.", "refused", "not-an-owner"),
        (403, "Forbidden", "refused", "forbidden"),
        (403, "Read-only mode: Uploads are temporarily disabled.", "unavailable", "index-closed"),
        (403, "New uploads are temporarily disabled.", "unavailable", "index-closed"),
        (400, "User 'x' does not have a verified primary email address.", "refused", "account-incomplete"),
        (400, "User 'x' does not have two-factor authentication enabled.", "refused", "account-incomplete"),
        (400, "File already exists ('obk.whl', with blake2_256 hash '0')", "refused", "file-exists"),
        (400, "This filename was previously used by a file that has since been deleted.", "refused", "filename-burned"),
        (400, "Uploading new files to releases older than 14 days is not allowed.", "refused", "release-closed"),
        (400, "Only one sdist may be uploaded per release.", "refused", "second-sdist"),
        (400, "File too large. Limit for project 'obk' is 100 MB.", "refused", "file-too-large"),
        (400, "Project size too large.", "refused", "project-too-large"),
        (400, "The description failed to render for 'text/x-rst'.", "refused", "bad-description"),
        (400, "'x' is not a valid classifier.", "refused", "bad-classifier"),
        (400, "The use of local versions in <Version('1+a')> is not allowed.", "refused", "local-version"),
        (400, "Binary wheel 'x' has an unsupported platform tag 'linux_x86_64'.", "refused", "platform-tag"),
        (400, "The name 'obk' is too similar to an existing project.", "refused", "name-taken"),
        (409, "The name 'obk' conflicts with an existing project.", "refused", "name-taken"),
        (400, "The name 'os' isn't allowed (conflict with the Python Standard Library).", "refused", "name-refused"),
        (400, "Invalid distribution file. File is not a zipfile", "refused", "bad-distribution"),
        (408, "", "unavailable", "index-error"),
        (451, "", "refused", "not-taken"),
        (400, "The digest supplied does not match a digest calculated", "unavailable", "bad-digest"),
        (400, "'2.9' is not a valid metadata version. See …/core-metadata …", "refused", "bad-metadata"),
        (400, "Something new.", "refused", "upload-refused"),
        (404, "Not Found", "refused", "no-upload-api"),
        (405, "Method Not Allowed", "refused", "no-upload-api"),
        (409, "Conflict", "refused", "file-exists"),
        (413, "Payload Too Large", "refused", "file-too-large"),
        (429, "Too Many Requests", "unavailable", "rate-limited"),
        (429, "Too many new projects created", "unavailable", "rate-limited"),
        (503, "Service Unavailable", "unavailable", "index-error"),
    ],
)
def test_each_answer_has_a_meaning_and_a_next_step(status: int, words: str, outcome: str, code: str) -> None:
    verdict = classify(Answer(status, words))
    assert (verdict.outcome, verdict.code) == (outcome, code)
    assert bool(verdict.hint) == (outcome != "accepted")


FILE = Distribution("p-0.1.1-py3-none-any.whl", 9, "1" * 64)
OTHER = Distribution(FILE.name, 9, "2" * 64)
TAKEN, BUSY = classify(Answer(200, "OK")), classify(Answer(503, "busy"))
EXISTS, BURNED = classify(Answer(400, "File already exists")), classify(Answer(400, "previously used by a file that"))
DENIED, BROKEN = classify(Answer(403, "Invalid API Token: x")), classify(Answer(400, "core-metadata: x"))


@pytest.mark.parametrize(
    ("verdict", "has", "expected"),
    [
        (TAKEN, "absent", "sent"),
        (None, "same", "sent"),  # the answer was lost
        (BUSY, "same", "sent"),
        (None, "absent", "again"),
        (BUSY, "absent", "again"),
        (None, "other", "give-up"),
        (EXISTS, "same", "sent"),
        (EXISTS, "other", "give-up"),
        (EXISTS, "absent", "look"),
        (BURNED, "absent", "give-up"),
        (BROKEN, "absent", "give-up"),
        (DENIED, "absent", "stop"),
    ],
)
def test_what_follows_an_attempt(verdict: Verdict | None, has: Presence, expected: Next) -> None:
    assert after(verdict, has) == expected


def test_what_the_index_has() -> None:
    assert Listing().presence(FILE) == "absent"
    assert Listing(files=(FILE,)).presence(FILE) == "same"
    assert Listing(files=(OTHER,)).presence(FILE) == "other"
    assert Listing(files=(Distribution(FILE.name, 9, ""),)).presence(FILE) == "absent"
