import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release.conflicts import conflicts, last_finished
from mergeship.core.release.ledger import Entry, Skip
from tests.core.release.test_ledger import FILE, NOW, A, B, entry, of

LISTED = Listing((Published("0.1.1"),), (FILE,))


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
    wrong = conflicts(of(told), listed, tags)
    assert words in "; ".join(wrong)
    assert bool(words) == bool(wrong)


def test_what_is_gone_is_no_obstacle_where_a_person_decides() -> None:
    told = of(entry(state="released", tag="created"))
    assert conflicts(told, Listing(), {}, by_hand=True) == []
    assert conflicts(told, LISTED, {"v0.1.1": B}, by_hand=True)


def test_an_older_release_that_its_owner_deleted_is_nobody_s_business() -> None:
    older = entry("0.1.0", "released", files=(Distribution("p-0.1.0.tar.gz", 9, "3" * 64),))
    assert conflicts(of(older, entry(state="released")), LISTED, {}) == []
    assert last_finished(of(older, entry())) == older
    assert last_finished(of(entry())) is None
    assert last_finished(of(entry(state="released"), skips=(Skip(B, NOW, "it is gone"),))) is None
