import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing
from mergeship.core.release import delivery
from mergeship.core.release.delivery import after
from mergeship.core.release.upload import Answer, Verdict, judge
from tests.core.release.test_ledger import entry

FILE = Distribution("p-0.1.1-py3-none-any.whl", 9, "1" * 64)
OTHER = Distribution(FILE.name, 9, "2" * 64)
TAKEN, BUSY = judge(Answer(200, "OK")), judge(Answer(503, "busy"))
EXISTS, BURNED = judge(Answer(400, "File already exists")), judge(Answer(400, "previously used by a file that"))
DENIED, BROKEN = judge(Answer(403, "Invalid API Token: x")), judge(Answer(400, "core-metadata: x"))


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
def test_what_follows_an_attempt(verdict: Verdict | None, has: delivery.There, expected: delivery.Next) -> None:
    assert after(verdict, has) == expected


def test_what_the_index_has() -> None:
    assert delivery.there(FILE, Listing()) == "absent"
    assert delivery.there(FILE, Listing(files=(FILE,))) == "same"
    assert delivery.there(FILE, Listing(files=(OTHER,))) == "other"
    assert delivery.there(FILE, Listing(files=(Distribution(FILE.name, 9, ""),))) == "absent"


def test_files_that_are_left_are_to_be_yanked() -> None:
    told = delivery.yank(entry(state="uploading"), Listing(files=(FILE,)), "http://i/p/")
    assert told == f"yank 0.1.1 on http://i/p/, which has {FILE.name} of it and will never have the rest"
    assert delivery.yank(entry(state="uploading"), Listing(), "http://i/p/") == ""
