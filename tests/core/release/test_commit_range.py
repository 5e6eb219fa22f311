from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mergeship.core.release.commit_range import (
    MOST,
    Commit,
    Range,
    RangeStart,
    by_hand,
    range_start,
    since_last_release,
    since_skip,
)
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.errors import Held

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(hours=2)


def sha(number: int) -> str:
    return f"{number:040x}"


def line(newest: int) -> list[Commit]:
    """Commits newest, …, 2, 1."""
    return [Commit(sha(number), f"feat: {number}\n\nbody") for number in range(newest, 0, -1)]


def entry(version: str, commit: int, state: Any = "released", hours: float = 0, **more: Any) -> Entry:
    return Entry(version=version, commit=sha(commit), state=state, at=NOW - timedelta(hours=hours), **more)


def span(newest: int, head: int, *entries: Entry, begins: RangeStart | None = None, skips: Any = ()) -> Range:
    ledger = Ledger(project="p", releases=entries, skips=tuple(skips))
    return since_last_release(line(newest), sha(head), ledger, begins or RangeStart(whole=True), NOW, LEASE)


def numbers(found: Range) -> list[int]:
    return [int(commit.sha, 16) for commit in found.commits]


def test_everything_since_the_newest_release_counts() -> None:
    found = span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6))
    assert numbers(found) == [7, 8, 9]
    assert (found.since, found.base) == (f"0.1.2, released at {sha(6)[:12]}", sha(6))
    assert found.commits[0].subject == "feat: 7"


@pytest.mark.parametrize("state", ["uploading", "uploaded", "proven", "released"])
def test_an_upload_that_has_begun_counts_as_released(state: str) -> None:
    assert numbers(span(9, 9, entry("0.1.1", 6, state, hours=99))) == [7, 8, 9]


def test_a_claim_counts_as_long_as_its_lease_lasts() -> None:
    assert numbers(span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6, "claimed", hours=1.9))) == [7, 8, 9]
    late = span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6, "claimed", hours=2.1))
    assert numbers(late) == [3, 4, 5, 6, 7, 8, 9]
    assert [stale.version for stale in late.stale] == ["0.1.2"]
    assert numbers(span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6, "claimed", hours=-1))) == [7, 8, 9]
    assert numbers(span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6, "claimed", hours=-50))) == list(range(3, 10))


def test_what_was_given_up_returns() -> None:
    assert numbers(span(9, 9, entry("0.1.1", 2), entry("0.1.2", 6, "given-up"))) == list(range(3, 10))
    only = entry("0.1.1", 6, "given-up", since=sha(4))
    assert numbers(span(9, 9, only, begins=RangeStart({sha(8): "this push"}))) == [5, 6, 7, 8, 9]
    assert numbers(span(3, 3, entry("0.1.1", 2, "given-up"), begins=RangeStart({sha(2): "this push"}))) == [1, 2, 3]


def test_the_commit_s_own_release_settles_it() -> None:
    own = entry("0.1.2", 6, "claimed", hours=1)
    found = span(9, 6, own)
    assert (found.own, found.commits) == (own, ())


def test_a_part_of_a_newer_release_gets_none() -> None:
    newer = entry("0.1.2", 8)
    assert span(9, 6, entry("0.1.1", 2), newer).newer == newer
    assert span(9, 6, entry("0.1.1", 2), entry("0.1.2", 8, "given-up")).newer is None
    older = entry("0.1.1", 6, "claimed", hours=1)
    assert span(9, 6, older, newer).newer == newer  # it would be a lower content under a higher version
    assert span(9, 6, older, entry("0.1.2", 8, "claimed", hours=1)).own == older
    assert span(9, 6, entry("0.1.1", 6, "uploading"), newer).own is not None


def test_a_decision_by_hand_to_skip_moves_the_range_start() -> None:
    skip = Skip(sha(7), NOW, "a typo")
    assert numbers(span(9, 9, entry("0.1.1", 2), skips=[skip])) == [8, 9]
    assert numbers(span(9, 9, entry("0.1.1", 8), skips=[skip])) == [9]
    again = span(9, 7, entry("0.1.1", 2), skips=[skip])
    assert (numbers(again), "a decision by hand" in again.since) == ([], True)
    assert "which comes later" in span(9, 5, entry("0.1.1", 2), skips=[skip]).since
    after_all = Skip(sha(7), NOW, "main was rewritten")
    assert numbers(span(9, 9, entry("0.1.1", 77, hours=1), skips=[after_all])) == [8, 9]
    assert numbers(span(9, 5, entry("0.1.1", 2), skips=[skip])) == []


def test_without_a_ledger_a_tag_or_the_push_is_the_beginning() -> None:
    assert numbers(span(9, 9, begins=RangeStart({sha(5): "the tag"}))) == [6, 7, 8, 9]
    assert numbers(span(3, 3)) == [1, 2, 3]
    assert span(3, 3).since == "the first commit"
    shas = [sha(number) for number in range(9, 0, -1)]
    tagged = range_start(sha(5), sha(2), (sha(7), sha(9)), sha(9), shas)
    assert tagged.ends == {sha(5): "the tag of the highest published version"}
    assert range_start("", "", (sha(7), sha(9)), sha(9), shas).ends == {sha(7): "this push's beginning"}
    assert range_start("", "", (sha(7), sha(9)), sha(6), shas).ends == {sha(5): "the commit before"}
    assert range_start("", "", None, sha(6), shas).ends == {sha(5): "the commit before"}
    assert range_start("", "", None, sha(1), shas).whole
    assert range_start("", "", None, "elsewhere", shas).whole
    assert range_start("", "", ("0" * 40, sha(9)), sha(9), shas).whole


def test_before_the_first_release_everything_since_the_pipeline_counts() -> None:
    """T5, T6: also what a push event, or an entry of the ledger that anyone may write, leaves out."""
    shas = [sha(number) for number in range(9, 0, -1)]
    start = range_start("", sha(4), (sha(7), sha(9)), sha(9), shas)
    assert (start.ends, start.whole) == ({sha(3): "the commit before the pipeline"}, False)
    forged = entry("0.1.1", 9, "given-up", since=sha(8))
    assert numbers(span(9, 9, forged, begins=start)) == [4, 5, 6, 7, 8, 9]
    assert range_start("", sha(1), (sha(7), sha(9)), sha(9), shas).whole


def test_what_is_not_on_main_holds() -> None:
    with pytest.raises(Held, match="is not on main") as held:
        span(9, 10)
    assert held.value.code == "not-on-main"


def test_a_rewritten_main_holds() -> None:
    with pytest.raises(Held, match="main was rewritten") as held:
        span(9, 9, entry("0.1.1", 77))
    assert held.value.code == "main-rewritten"
    with pytest.raises(Held, match=r"0\.1\.2, released at .* is not in the history"):
        span(9, 9, entry("0.1.1", 2), entry("0.1.2", 77))
    with pytest.raises(Held, match="main was rewritten"):
        span(9, 9, begins=RangeStart({sha(77): "the tag"}))


def test_too_many_commits_hold() -> None:
    assert len(since_skip(span(MOST + 1, MOST + 1, entry("0.1.1", 1)), "").commits) == MOST
    with pytest.raises(Held, match="more than 250 commits") as held:
        since_skip(span(MOST + 2, MOST + 2, begins=RangeStart({sha(1): "the tag"})), "")
    assert (held.value.code, "decision=ship" in held.value.hint) == ("too-many-commits", True)


def test_where_nothing_has_begun_the_last_tag_counts_and_not_what_a_ledger_says() -> None:
    """T4: whoever may write can put a ledger there that begins at any commit."""
    start = range_start(sha(3), "", None, sha(9), [commit.sha for commit in line(9)])
    assert start.firm
    assert numbers(span(9, 9, entry("0.1.2", 8, "given-up", since=sha(8)), begins=start)) == [4, 5, 6, 7, 8, 9]


def test_a_skip_moves_the_beginning_of_a_long_range() -> None:
    """T25: hundreds of merges that ship nothing are no limit."""
    found = since_skip(span(9 * MOST, 9 * MOST, entry("0.1.1", 1)), sha(9 * MOST - 2))
    assert numbers(found) == [9 * MOST - 1, 9 * MOST]
    assert (found.base, found.since) == (sha(9 * MOST - 2), f"the run at {found.base[:12]}, which had nothing to ship")
    assert numbers(since_skip(span(9, 9, entry("0.1.1", 5)), sha(2))) == [6, 7, 8, 9]


def test_a_person_decides_without_limits() -> None:
    stale, fresh, later = (
        entry("0.1.1", 2, "claimed", hours=9),
        entry("0.1.2", 5, "claimed"),
        entry("0.1.3", 8, "claimed"),
    )
    told = Ledger(project="p", releases=(entry("0.1.0", 7777), stale, fresh, later))
    found = by_hand(line(9), sha(6), told, NOW, LEASE)
    assert (found.base, found.commits, found.newer) == (sha(5), (), later)
    assert ([one.version for one in found.stale], [one.version for one in found.claims]) == (
        ["0.1.1"], ["0.1.1", "0.1.2"],
    )  # fmt: skip
    assert by_hand(line(1), sha(1), Ledger(project="p"), NOW, LEASE).base == ""
