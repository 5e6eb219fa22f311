from collections.abc import Sequence
from datetime import timedelta

import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release.conflicts import conflicts, last_finished
from mergeship.core.release.ledger import Entry, Skip
from tests.core.release.test_ledger import FILE, NOW, A, B, entry, of

LINE = [BEFORE := "0" * 40, A, B]
LISTED = Listing((Published("0.1.1"),), (FILE,))


def outside(commit: str, others: Sequence[str]) -> list[str]:
    inside = LINE[: LINE.index(commit) + 1] if commit in LINE else [commit]
    return [other for other in others if other not in inside]


@pytest.mark.parametrize(
    ("told", "listed", "tags", "words"),
    [
        (entry(state="released", tag="created"), LISTED, {"v0.1.1": A}, ""),
        (entry(state="released", tag="refused"), LISTED, {}, ""),
        (entry(state="released", tag="refused"), LISTED, {"v0.1.1": B}, ""),
        (entry(state="uploaded"), Listing(), {}, ""),
        (entry(state="claimed"), LISTED, {}, ""),
        (entry(state="released"), Listing(), {}, "the index does not list it like that"),
        (entry(state="proven"), Listing(files=(Distribution(FILE.name, 9, "2" * 64),)), {}, "has sha256 1111"),
        (entry(state="released", tag="created"), LISTED, {"v0.1.1": B}, "is a tag on bbbbbbbbbbbb"),
        (entry(state="released", tag="created"), LISTED, {}, "and there is none"),
    ],
)
def test_ledger_index_and_tags_agree(told: Entry, listed: Listing, tags: dict[str, str], words: str) -> None:
    wrong = conflicts(of(told), listed, tags, outside)
    assert words in "; ".join(wrong)
    assert bool(words) == bool(wrong)


def test_what_is_gone_is_no_obstacle_where_a_person_decides() -> None:
    told = of(entry(state="released", tag="created"))
    assert conflicts(told, Listing(), {}, outside, by_hand=True) == []
    assert conflicts(told, LISTED, {"v0.1.1": B}, outside, by_hand=True)


def test_an_older_release_that_its_owner_deleted_is_nobody_s_business() -> None:
    older = entry("0.1.0", "released", files=(Distribution("p-0.1.0.tar.gz", 9, "3" * 64),))
    assert conflicts(of(older, entry(state="released")), LISTED, {}, outside) == []
    assert last_finished(of(older, entry()), outside) == older
    assert last_finished(of(entry()), outside) is None


def test_only_a_decision_on_its_commit_lets_a_release_be_gone() -> None:
    """T3: whatever time the ledger says, which anyone may write."""
    released = entry(state="released")  # of A
    for commit, settled in ((A, True), (B, True), (BEFORE, False), ("9" * 40, False)):
        for at in (NOW, NOW - timedelta(days=9), NOW + timedelta(days=9)):
            found = last_finished(of(released, skips=(Skip(commit, at, "it is gone"),)), outside)
            assert (found is None) == settled
