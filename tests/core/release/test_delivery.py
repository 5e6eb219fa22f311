"""One test for each guard of the delivery: what is done next, from what is known."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release import delivery
from mergeship.core.release.delivery import SECOND_LOOK, next_step
from mergeship.core.release.steps import (
    Await,
    DeliveryFacts,
    Done,
    GiveUp,
    Keep,
    Look,
    Move,
    PutTag,
    Reread,
    Send,
    Step,
    Stop,
    Superseded,
)
from mergeship.core.release.upload import UploadOutcome
from tests.core.release.test_ledger import FILE, NOW, A, B, entry

SDIST = Distribution("p-0.1.1.tar.gz", 9, "3" * 64)
BOTH = (FILE, SDIST)
OTHER = Distribution(FILE.name, 9, "2" * 64)
LEASE = timedelta(hours=2)


def facts(**known: Any) -> DeliveryFacts:
    given: dict[str, Any] = {
        "now": NOW, "lease": LEASE, "run": "7", "deadline": 60.0, "page": "http://i/p/", "built": BOTH,
        "here": frozenset(BOTH), "listing": Listing(), **known,
    }  # fmt: skip
    return DeliveryFacts(**given)


def claimed(**known: Any) -> Step:
    return next_step(entry(files=()), facts(**known))


def uploading(*, of: Any = None, **known: Any) -> Step:
    return next_step(entry(state="uploading", files=BOTH, run="7", began=NOW, **(of or {})), facts(**known))


def stop(step: Step) -> Stop:
    assert isinstance(step, Stop)
    return step


def test_a_claim_is_bound_before_anything_is_sent() -> None:
    assert claimed(listing=None) == Look()
    assert claimed() == Keep(BOTH)
    bound = claimed(kept=True)
    assert bound == Move("uploading", files=BOTH, began=NOW)
    assert isinstance(bound, Move)
    assert bound.changes == {"files": BOTH, "began": NOW}


def test_a_claim_without_distributions_is_not_bound() -> None:
    assert stop(claimed(built=())).error.code == "no-manifest"


def test_a_commit_that_is_not_on_main_is_not_sent() -> None:
    assert stop(claimed(on_main=False)).error.code == "main-rewritten"


def test_a_tag_elsewhere_ends_the_version() -> None:
    assert claimed(tag=B) == GiveUp(f"there is a tag v0.1.1 on another commit, {B[:12]}", "", "claimed")
    assert claimed(tag=A) == Keep(BOTH)


@pytest.mark.parametrize("version", ["0.1.1", "0.1.1.0", "v0.1.1"])
def test_a_version_that_someone_published_ends_once_it_is_not_ours(version: str) -> None:
    listing = Listing((Published("not a version"), Published(version)), ())
    assert claimed(listing=listing) == Reread()
    assert claimed(listing=listing, reread=True) == GiveUp(
        "someone else published that version after it was claimed", "", "claimed"
    )


def test_what_is_said_to_be_sent_while_its_build_is_here_was_not() -> None:
    """T3: someone else wrote that it was uploaded, with files of theirs."""
    mine = facts(built=(Distribution(FILE.name, 9, "9" * 64),))
    step = next_step(entry(state="uploaded"), mine)
    assert isinstance(step, Stop)
    assert step.error.code == "uploading-elsewhere"


def test_what_another_run_bound_to_other_bytes_is_left_to_it() -> None:
    ended = stop(uploading(unbound=True, built=(OTHER, SDIST)))
    assert (ended.error.code, ended.given_up, ended.elsewhere) == ("uploading-elsewhere", False, False)
    assert uploading(unbound=True) == Send(BOTH)
    assert uploading(built=(OTHER, SDIST)) == Send(BOTH)  # an earlier run of ours bound it: its bytes are found by hash


def test_bytes_under_the_right_name_are_not_enough() -> None:
    assert uploading(here=frozenset({OTHER, SDIST})) == Await(BOTH, 60.0)


def test_only_what_is_missing_is_sent() -> None:
    assert uploading(listing=None) == Look()
    assert uploading() == Send(BOTH)
    assert uploading(listing=Listing(files=(FILE,))) == Send((SDIST,))
    assert uploading(listing=Listing(files=BOTH)) == Move("uploaded")


def test_other_bytes_on_the_index_end_the_version() -> None:
    step = uploading(listing=Listing(files=(OTHER,)))
    assert step == GiveUp(f"the index has other bytes under {FILE.name}", "", "uploading")


TAKEN = UploadOutcome(FILE, "sent")


@pytest.mark.parametrize("ended", ["late", "stop"])
def test_an_upload_that_stops_keeps_the_version(ended: Any) -> None:
    step = stop(uploading(sent=(TAKEN, UploadOutcome(SDIST, ended, "503 busy", "index-error", "later"))))
    assert (step.error.code, step.error.message, step.error.hint) == ("index-error", "503 busy", "later")
    assert not step.given_up


def test_an_upload_that_is_settled_moves() -> None:
    assert uploading(sent=(TAKEN, UploadOutcome(SDIST, "sent"))) == Move("uploaded")
    lost = UploadOutcome(FILE, "give-up", "400 burned", "filename-burned", "the next version is used")
    assert uploading(sent=(lost,)) == GiveUp("400 burned", "the next version is used", "uploading")


def test_a_file_that_is_never_shown_ends_with_the_lease() -> None:
    hidden = UploadOutcome(FILE, "late", "409 Conflict", "file-exists", "the next version is used", looking=True)
    assert "nothing was lost" in stop(uploading(sent=(hidden,))).error.hint
    over = uploading(sent=(hidden,), now=NOW + LEASE + timedelta(seconds=1))
    assert over == GiveUp("409 Conflict, and the index never showed it", "the next version is used", "uploading")


def test_bytes_that_are_not_here_are_waited_for_then_someone_else_s_or_lost() -> None:
    nowhere: dict[str, Any] = {"here": frozenset({FILE.name})}
    assert uploading(**nowhere) == Await(BOTH, 60.0)
    assert uploading(**nowhere, unlisted="") == Move("uploaded")
    late: dict[str, Any] = {**nowhere, "unlisted": "it is not listed"}
    assert stop(uploading(**late)).elsewhere
    assert stop(uploading(**late, lost="others", run="8")).elsewhere  # run 7 may still be at it
    assert stop(uploading(**late, lost="others", run="", of={})).elsewhere
    assert uploading(**late, lost="others") == GiveUp("others", "", "uploading")
    over = NOW + LEASE + timedelta(seconds=1)
    assert uploading(**late, lost="others", run="8", now=over) == GiveUp("others", "", "uploading")
    assert stop(uploading(**late, now=over)).elsewhere


def test_nobody_s_run_is_not_taken_for_our_own() -> None:
    unnamed = entry(state="uploading", files=BOTH, run="", began=NOW)
    step = next_step(unnamed, facts(here=frozenset(), unlisted="no", lost="others", run=""))
    assert stop(step).elsewhere


def uploaded(*, tag: Any = "", **known: Any) -> Step:
    return next_step(entry(state="uploaded", files=BOTH, tag=tag), facts(**known))


def test_a_release_is_proven_by_the_index_alone() -> None:
    """T9: it is red, and not tagged, as long as the index does not list it."""
    assert uploaded() == Await(BOTH, 60.0)
    later = NOW + timedelta(seconds=61)
    assert uploaded(now=later) == Await(BOTH, SECOND_LOOK)
    assert uploaded(now=later, deadline=1.0) == Await(BOTH, 1.0)
    assert uploaded(unlisted="") == Move("proven")
    lags = stop(uploaded(unlisted="not yet"))
    assert (lags.error.code, "not yet" in lags.error.message, lags.elsewhere) == ("not-listed", True, True)
    assert "index.simple" in lags.error.hint


def test_only_what_the_index_lists_was_uploaded() -> None:
    """T11, T12: other bytes are no lag; and what it does not list once the lease is over is sent again."""
    assert uploaded(unlisted="not yet", listing=None) == Look()
    theirs = Listing(files=(Distribution(BOTH[0].name, 9, "9" * 64),))
    step = uploaded(unlisted="other", listing=theirs)
    assert isinstance(step, GiveUp)
    assert step.why == f"the index has other bytes under {BOTH[0].name}"
    late = NOW + timedelta(hours=3)
    assert uploaded(unlisted="not yet", now=late) == Send(BOTH)
    assert uploaded(unlisted="not yet", now=late, listing=Listing(files=(FILE,))) == Send((SDIST,))
    assert stop(uploaded(unlisted="not yet", now=late, here=frozenset({FILE}))).error.code == "not-listed"
    gone: dict[str, Any] = {"unlisted": "not yet", "here": frozenset(), "lost": "its bytes are gone"}
    assert uploaded(**gone, now=late) == GiveUp("its bytes are gone", "", "uploaded")
    assert stop(uploaded(**gone)).error.code == "not-listed"  # it may lag
    renewed = {"quiet_since": NOW - LEASE * 2}  # the ledger says that it was just sent, and its run ended long ago
    assert uploaded(**gone, **renewed) == GiveUp("its bytes are gone", "", "uploaded")
    assert uploaded(unlisted="not yet", **renewed) == Send(BOTH)
    ahead = {"now": NOW + LEASE * 2, "quiet_since": NOW + LEASE * 1.5}  # who stamps it back wins nothing
    assert stop(uploaded(**{**gone, **ahead})).error.code == "not-listed"
    again: dict[str, Any] = {"now": late, "sent": (TAKEN, UploadOutcome(SDIST, "sent"))}
    assert uploaded(**again) == Await(BOTH, 60.0)
    assert stop(uploaded(**again, unlisted="not yet")).error.code == "not-listed"
    busy = UploadOutcome(FILE, "late", "503 busy", "index-error", "later")
    assert stop(uploaded(now=late, sent=(busy,), unlisted="not yet")).error.code == "index-error"
    exists = UploadOutcome(FILE, "late", "409 Conflict", "file-exists", "the next version is used", looking=True)
    assert stop(uploaded(now=late, sent=(exists,), unlisted="not yet")).error.code == "not-listed"


def test_a_proven_release_is_released_with_its_tag() -> None:
    created = Move("released", tag="created", tag_says="")
    proven = entry(state="proven", files=BOTH)
    assert next_step(proven, facts()) == PutTag(created)
    assert next_step(proven, facts(tag=A)) == created  # it is there already
    assert next_step(proven, facts(tag=B)) == PutTag(created)  # and elsewhere, so the forge says no
    assert next_step(entry(state="proven", tag="created"), facts()) == PutTag(created)
    assert next_step(entry(state="released", tag="created"), facts()) == Done()


def test_a_refused_tag_is_written_down_once_and_tried_again_by_the_next_run() -> None:
    proven = entry(state="proven", files=BOTH)
    assert next_step(proven, facts(tag_refused="no")) == Move("released", tag="refused", tag_says="no")
    refused = entry(state="released", tag="refused", tag_says="no")
    (warning,) = end(next_step(refused, facts(tag_refused="no"))).warnings
    assert f"git push origin {A}:refs/tags/v0.1.1" in warning
    assert next_step(refused, facts()) == PutTag(Move("released", tag="created", tag_says=""))
    assert next_step(refused, facts(tag_refused="nope")) == Move("released", tag="refused", tag_says="nope")
    assert next_step(proven, facts(tag_refused="")) == Move("released", tag="refused", tag_says="")  # without a word


def end(step: Step) -> Done:
    assert isinstance(step, Done)
    return step


def test_what_someone_gave_up_is_superseded() -> None:
    assert next_step(entry(state="given-up"), facts()) == Superseded()
    assert next_step(None, facts()) == Superseded()


GIVEN_UP = GiveUp("the sdist is refused", "", "uploading")


def giving_up(state: Any, **known: Any) -> Step:
    return next_step(entry(state=state, files=BOTH, run="8"), facts(giving_up=GIVEN_UP, **known))


def test_giving_up_is_reported_once_the_ledger_has_it() -> None:
    assert giving_up("uploading") == GIVEN_UP  # someone moved another release in the meantime
    assert giving_up("given-up", listing=None) == Look()
    ended = stop(giving_up("given-up"))
    assert ended.given_up
    assert (ended.error.code, ended.error.message) == (
        "version-given-up", "0.1.1 is given up: the sdist is refused",
    )  # fmt: skip
    assert ended.error.hint == "re-run all jobs: they use the next version"
    assert GIVEN_UP.move == Move("given-up", given_up="the sdist is refused")


def test_files_that_are_left_are_to_be_yanked() -> None:
    told = stop(giving_up("given-up", listing=Listing(files=(FILE,)))).error.hint
    assert told.endswith(f"; yank 0.1.1 on http://i/p/, which has {FILE.name} of it and will never have the rest")


def test_a_hint_is_not_given_twice() -> None:
    hint = "taken; re-run all jobs: they use the next version"
    known = msgspec.structs.replace(facts(), giving_up=GiveUp("why", hint, "claimed"))
    assert stop(next_step(entry(state="given-up"), known)).error.hint == hint


def test_what_another_run_goes_on_with_is_not_given_up() -> None:
    ended = stop(giving_up("uploaded"))
    assert (ended.error.code, ended.given_up) == ("uploading-elsewhere", True)
    assert "run 8 goes on with it" in ended.error.message


def test_a_release_that_is_gone_from_the_ledger_is_reported_too() -> None:
    assert "it is given up" in stop(next_step(None, facts(giving_up=GIVEN_UP))).error.message


def test_what_the_index_said_is_forgotten_when_the_release_moves() -> None:
    known = facts(sent=(TAKEN,), unlisted="no", kept=True, reread=True, tag_refused="no")
    moved = known.moved()
    assert (moved.listing, moved.sent, moved.unlisted) == (None, (), None)
    assert (moved.kept, moved.reread, moved.tag_refused) == (True, True, "no")
    assert delivery.next_step(entry(state="uploading", files=BOTH), moved) == Look()


def test_only_files_of_ours_are_to_be_yanked() -> None:
    assert delivery.yank(entry(files=BOTH), Listing(files=(OTHER,)), "p") == ""
    assert "has p-0.1.1.tar.gz of it" in delivery.yank(entry(files=BOTH), Listing(files=(OTHER, SDIST)), "p")


def test_an_upload_is_as_old_as_its_binding() -> None:
    hidden = UploadOutcome(FILE, "late", "409 Conflict", "file-exists", "next", looking=True)
    fresh = {"of": {"at": NOW - 2 * LEASE}, "sent": (hidden,)}
    assert not stop(uploading(**fresh)).given_up
