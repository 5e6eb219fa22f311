import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.release import ledger
from mergeship.core.release.ledger import (
    REF,
    Entry,
    Ledger,
    Recorded,
    Skip,
    TransitionError,
    archived,
    continuity_error,
    decode,
    encode,
)
from mergeship.errors import Held

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B = "a" * 40, "b" * 40
FILE = Distribution("p-0.1.1-py3-none-any.whl", 9, "1" * 64)
FILE_AS_TEXT = msgspec.json.encode(FILE).decode()


def entry(version: str = "0.1.1", state: Any = "claimed", **more: Any) -> Entry:
    return Entry(**{"version": version, "commit": A, "state": state, "at": NOW, "files": (FILE,), **more})


def of(*entries: Entry, **more: Any) -> Ledger:
    return Ledger(project="p", releases=entries, **more)


def test_a_ledger_is_read_as_it_was_written() -> None:
    told = of(entry(run="7", because=("x",)), entry("0.1.2", "released", tag="created"), skips=(Skip(B, NOW, "why"),))
    text = encode(told)
    assert decode(text, "p") == told
    assert text.endswith("}\n")
    assert '"pull-requests"' not in text  # what is empty is left out


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t[:-5], "truncated"),
        (lambda t: t.replace(A, "HEAD"), "matching regex"),
        (lambda t: t.replace('"claimed"', '"done"'), "Invalid enum value"),
        (lambda t: t.replace('"0.1.1"', '"--evil"'), "is not a version"),
        (lambda t: t.replace("p-0.1.1-py3", "../../x"), "has the file '../../x-none-any.whl'"),
        (lambda t: t.replace("1" * 64, "zz"), "has the file"),
        (lambda t: t.replace('"files": [', '"files": [' + FILE_AS_TEXT + ","), "has two files of the same name"),
        (lambda t: t.replace("2026-11-20T12:00:00Z", "2026-11-20T12:00:00"), "no zone"),
        (lambda _: "{}", "schema"),
        (lambda _: "", "truncated"),
    ],
)  # fmt: skip
def test_what_mergeship_did_not_write_holds(spoil: Any, words: str) -> None:
    with pytest.raises(Held, match=re.escape(words)) as held:
        decode(spoil(encode(of(entry()))), "p")
    assert held.value.code == "ledger-unreadable"
    assert "git log -p" in held.value.hint


def test_twice_the_same_version_holds() -> None:
    with pytest.raises(Held, match="there twice"):
        decode(encode(of(entry(), entry())), "p")


def test_an_upload_without_files_holds() -> None:
    with pytest.raises(Held, match="uploading without a file"):
        decode(encode(of(entry(state="uploading", files=()))), "p")


def test_a_newer_schema_holds() -> None:
    with pytest.raises(Held, match="newer mergeship") as held:
        decode('{"schema": 2, "anything": "else"}', "p")
    assert held.value.code == "ledger-too-new"


def test_a_renamed_project_holds() -> None:
    with pytest.raises(Held, match="the ledger is of p, and this is q") as held:
        decode(encode(of()), "q")
    assert "renamed" in held.value.hint


def test_the_last_release_of_a_commit_that_stands() -> None:
    told = of(entry("0.1.1", "given-up"), entry("0.1.2"), entry("0.1.3", "given-up"))
    assert told.of(A) == told.entry("0.1.2")
    assert told.of(B) is None
    assert told.entry("9") is None


def test_every_version_counts_as_used() -> None:
    told = of(entry("0.1.1", "given-up"), entry("0.1.2"))
    assert [(used.version, used.reason) for used in told.used] == [
        ("0.1.1", "the ledger has 0.1.1, given-up 2026-11-20"), ("0.1.2", "the ledger has 0.1.2, claimed 2026-11-20"),
    ]  # fmt: skip


@pytest.mark.parametrize("run", ["666x", "-1", "0", "01", "6_6", " 6", "9" * 21, "\u0667"])
def test_a_run_is_a_number(run: str) -> None:
    """T1: what downloads an artifact reads 666x as 666."""
    for text in (
        ledger.encode(of(entry(run=run))),
        ledger.encode(msgspec.structs.replace(of(), skips=(Skip(A, NOW, "me", run),))),
    ):
        with pytest.raises(Held, match="is not the number of a run"):
            ledger.decode(text, "p")


@pytest.mark.parametrize("version", ["0.1.01", "v0.1.1", "0.1.1-1", "00.1.1"])
def test_a_version_is_in_normal_form(version: str) -> None:
    """T3: it would have another release's files."""
    with pytest.raises(Held, match=r"is not in normal form|is not a version"):
        ledger.decode(ledger.encode(of(entry(version))), "p")


def test_a_lease_ends() -> None:
    lease = timedelta(hours=2)
    assert entry().leased(NOW + lease, lease)
    assert not entry().leased(NOW + lease + timedelta(seconds=1), lease)
    assert entry().leased(NOW - timedelta(hours=1), lease)
    assert not entry().leased(NOW - timedelta(days=9), lease)
    assert not entry(state="uploading").leased(NOW, lease)
    assert entry(state="uploading").begun
    assert not entry(state="released").unfinished
    assert entry(state="proven").unfinished


STATES = ("claimed", "uploading", "uploaded", "proven", "released", "given-up")


ALLOWED = {
    ("claimed", "claimed"), ("claimed", "uploading"), ("claimed", "given-up"),
    ("uploading", "uploaded"), ("uploading", "given-up"),
    ("uploaded", "proven"), ("uploaded", "given-up"),
    ("proven", "released"), ("released", "released"),
}  # fmt: skip
"""Nothing that was given up or released begins again, and nothing that was sent is claimed again."""


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_only_forward(before: Any, after: Any) -> None:
    told = of(entry(state=before))
    if (before, after) in ALLOWED:
        moved = told.moved("0.1.1", after, NOW, "8", tag="created").releases[0]
        assert (moved.state, moved.run, moved.tag) == (after, "8", "created")
    else:
        with pytest.raises(TransitionError, match=f"0.1.1 is {before}, and cannot be {after}"):
            told.moved("0.1.1", after, NOW, "8")


def test_what_was_never_claimed_cannot_move() -> None:
    with pytest.raises(TransitionError, match=r"0\.9\.9 is not claimed"):
        of(entry()).moved("0.9.9", "uploading", NOW, "8")


def test_a_claim_is_of_a_new_version() -> None:
    told = of(entry()).claimed(entry("0.1.2"))
    assert [one.version for one in told.releases] == ["0.1.1", "0.1.2"]
    with pytest.raises(TransitionError, match=r"0\.1\.2 is claimed already"):
        told.claimed(entry("0.1.2"))


def test_each_transition_is_a_step_of_its_own() -> None:
    before = of(entry("0.1.1"), entry("0.1.2"))
    after = before.moved("0.1.1", "given-up", NOW, "8", given_up="late").claimed(entry("0.1.3", commit=B))
    steps = list(ledger.transitions(before, after))
    assert [words for words, _ in steps] == ["given-up 0.1.1 for aaaaaaaaaaaa", "claimed 0.1.3 for bbbbbbbbbbbb"]
    assert steps[-1][1] == after
    assert [one.version for one in steps[0][1].releases] == ["0.1.1", "0.1.2"]
    skipped = before.skipped(Skip(B, NOW, "why"))
    assert list(ledger.transitions(before, skipped)) == [("skip up to bbbbbbbbbbbb by hand", skipped)]
    tagged = msgspec.structs.replace(before, releases=(entry("0.1.1", "released", tag="refused"), entry("0.1.2")))
    assert next(ledger.transitions(before, tagged))[0] == "released 0.1.1 for aaaaaaaaaaaa, tag v0.1.1 refused"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ((entry(), entry("0.1.2"), entry("0.1.3")), ""),
        ((entry(state="released"), entry("0.1.2", "given-up")), ""),
        ((entry(),), "0.1.2 is not where it was"),
        ((entry("0.0.9"), entry(), entry("0.1.2")), "0.1.1 is not where it was"),
        ((entry(commit=B), entry("0.1.2")), "has another commit"),
        ((entry(), entry("0.1.2", files=())), "or other files"),
    ],
)
def test_a_ledger_continues_the_one_before(after: tuple[Entry, ...], words: str) -> None:
    assert words in ledger.continuity_error(of(entry(), entry("0.1.2")), of(*after))
    assert bool(words) == bool(ledger.continuity_error(of(entry(), entry("0.1.2")), of(*after)))


def test_nothing_in_a_ledger_goes_back() -> None:
    assert ledger.continuity_error(of(entry(state="released")), of(entry())) == "0.1.1 was released, and is claimed"
    skip = Skip(B, NOW, "why")
    assert ledger.continuity_error(of(skips=(skip,)), of()) == "a decision by hand is gone"
    assert ledger.continuity_error(of(skips=(skip,)), of(skips=(skip, skip))) == ""


def test_half_releases_are_reported_before_the_index_closes_them() -> None:
    begun = entry(state="uploading", began=NOW - timedelta(days=11))
    assert "11 days ago" in ledger.old_uploads(of(begun), NOW)[0]
    assert ledger.old_uploads(of(entry(state="uploading", began=NOW), entry("0.1.2")), NOW) == []


def test_the_clock_has_whole_seconds() -> None:
    assert ledger.now(1.9) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


KEPT = of(entry(state="uploading"))


@pytest.mark.parametrize(
    ("at", "text", "seen", "seen_text", "continues", "code"),
    [
        (A, encode(KEPT), "", "", False, ""),
        (A, encode(KEPT), A, encode(KEPT), True, ""),
        (A, encode(KEPT), B, encode(of(entry())), True, ""),
        ("", "", "", "", False, ""),
        ("", "", B, "", False, "ledger-deleted"),
        (A, encode(KEPT), B, "", False, "ledger-rewound"),
        (A, encode(KEPT), B, encode(of(entry(state="released"))), True, "ledger-edited"),
        (A, "{}", "", "", False, "ledger-unreadable"),
    ],
)
def test_a_ledger_is_read_as_the_runner_remembers_it(
    at: str, text: str, seen: str, seen_text: str, continues: bool, code: str
) -> None:
    recorded = Recorded(at, text, seen, seen_text, continues=continues, seen_path="/state/ledger-seen")
    if not code:
        assert ledger.read(recorded, "p") == (KEPT if at else Ledger(project="p"))
        return
    with pytest.raises(Held) as held:
        ledger.read(recorded, "p")
    assert held.value.code == code
    if seen:
        assert f"git push origin {seen}:{REF}" in held.value.hint
        assert "/state/ledger-seen" in held.value.hint


def many(count: int, **more: Any) -> list[Entry]:
    tagged: dict[str, Any] = {"state": "released", "tag": "created", **more}
    return [entry(f"0.{number}.0", **tagged) for number in range(1, count + 1)]


def test_what_came_to_its_end_goes_into_the_archive() -> None:
    """T25: every commit of the ledger holds the whole of it."""
    few = of(*many(2 * ledger.KEPT - 1))
    assert archived(few) == (few, of())
    tail, old = archived(of(*many(2 * ledger.KEPT)))
    assert [one.releases[0].version for one in (old, tail)] == ["0.1.0", f"0.{ledger.KEPT + 1}.0"]
    assert (len(old.releases), len(tail.releases)) == (ledger.KEPT, ledger.KEPT)
    pending = many(3 * ledger.KEPT)
    pending[50] = entry("0.51.0", state="uploading")
    tail, old = archived(of(*pending))
    assert (len(old.releases), len(tail.releases)) == (50, 3 * ledger.KEPT - 50)
    assert (
        continuity_error(of(*pending), tail)
        == continuity_error(of(*many(2 * ledger.KEPT)), of(*many(2 * ledger.KEPT)[90:]))
        == ""
    )


def test_a_runner_that_was_away_for_long_knows_the_ledger_again() -> None:
    """T25: all that it remembers went into the archive since, what was open then too."""
    for seen, now in ((150, 300), (190, 420), (150, 1000)):
        before = many(seen)
        before[-1] = entry(f"0.{seen}.0", state="uploading")
        assert continuity_error(of(*before), of(*many(now)[-ledger.KEPT :])) == ""
    assert continuity_error(of(*many(150)), of(*many(300)[250:])) == "0.1.0 is not where it was"  # too few are left
    lost = [msgspec.structs.replace(one, state="given-up") for one in many(300)[200:]]
    assert continuity_error(of(*many(150)), of(*lost)) == "0.1.0 is not where it was"  # none of them is borne out
    assert continuity_error(of(*many(300)), of(*many(150)[:100])) == "0.101.0 is not where it was"


def test_a_ledger_has_a_limit() -> None:
    """T22: a list takes many times its text in memory."""
    text = encode(of(entry(pull_requests=tuple(range(2_001)))))
    with pytest.raises(Held, match="cannot be read"):
        decode(text, "p")


def test_only_what_came_to_its_end_may_be_gone_and_never_the_newest() -> None:
    assert continuity_error(of(*many(150)), of(*many(150)[60:])) == "0.1.0 is not where it was"
    pending = many(250)
    pending[10] = entry("0.11.0", state="uploaded")
    assert continuity_error(of(*pending), of(*pending[20:])) == "0.1.0 is not where it was"
    assert continuity_error(of(*many(250)), of(*many(250)[20:120])) == "0.121.0 is not where it was"


def test_the_last_release_that_has_begun_is_never_archived() -> None:
    """T25: what comes next is counted from it; entries that were given up prove nothing."""
    padded = [*many(1), *(entry(f"0.{number}.0", "given-up") for number in range(2, 3 * ledger.KEPT))]
    assert archived(of(*padded))[1].releases == ()
    assert continuity_error(of(*padded), of(*padded[40:])) == "0.1.0 is not where it was"
