"""One test for each guard of a decision: what is asked for next, and what is written into the ledger."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from mergeship.core.listing import Listing, Published
from mergeship.core.release.claim import (
    ClaimDecision,
    ClaimFacts,
    LookUp,
    LookUpSkips,
    ProjectFacts,
    ReadPolicies,
    Step,
    Write,
    next_step,
)
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.decision import ByHand, Merged, Pull
from mergeship.core.release.ledger import Entry, Skip
from mergeship.core.trigger import Trigger
from mergeship.errors import Held
from tests.core.release.test_delivery import BOTH
from tests.core.release.test_ledger import NOW, A, B, entry, of

BEFORE = "1" * 40
LEASE = timedelta(hours=2)
YES, NO = "- [x] Deployment PR", "- [x] Non-deployment PR"
LINE = (Commit(B, "feat: later (#2)"), Commit(A, "feat: change (#1)"), Commit(BEFORE, "chore: begin"))
CHECKLIST, ALWAYS = {"intent": "checklist"}, {"intent": "always"}
SAME = (CHECKLIST, CHECKLIST)


def pull(number: int, body: str) -> Pull:
    return Pull(number, "t", body, (), f"feature/{number}", own_branch=True, author="a")


def facts(commit: str = A, body: str = YES, **known: Any) -> ClaimFacts:
    given: dict[str, Any] = {
        "project": ProjectFacts("p", "0.1.0", "", "checklist", LEASE), "commit": commit, "run": "7", "now": NOW,
        "trigger": Trigger(pushed=(BEFORE, commit)), "first_parents": LINE, "ledger": of(), "tags": {},
        "listing": Listing(), "policies": SAME,
        "merges": tuple(
            Merged(one, (pull(number, body),)) for number, one in ((2, LINE[0]), (1, LINE[1])) if one.sha <= commit
        ), **known,
    }  # fmt: skip
    return ClaimFacts(**given)


def written(step: Step) -> dict[str, tuple[str, Entry]]:
    assert isinstance(step, Write)
    return {one.version: (one.state, one) for one in step.ledger.releases}


def test_policies_are_read_before_pull_requests_are_looked_up() -> None:
    assert next_step(facts(policies=None, merges=None)) == ReadPolicies(BEFORE, A)
    assert next_step(facts(merges=None)) == LookUp((LINE[1],), f"this push's beginning at {BEFORE[:12]}")


def test_what_deploys_is_claimed() -> None:
    ((state, claim),) = written(next_step(facts())).values()
    assert (claim.version, state, claim.commit, claim.run, claim.at) == ("0.1.1", "claimed", A, "7", NOW)
    assert (claim.since, claim.pull_requests) == (BEFORE, (1,))


@pytest.mark.parametrize(
    "used",
    [{"tags": {"v0.1.1": B}}, {"listing": Listing((Published("0.1.1"),))},
     {"ledger": of(entry(commit="c" * 40, state="given-up"))}],
)  # fmt: skip
def test_no_version_is_claimed_that_was_used(used: dict[str, Any]) -> None:
    assert "0.1.2" in written(next_step(facts(**used)))


def test_what_does_not_deploy_is_not_claimed() -> None:
    step = next_step(facts(body=NO))
    assert isinstance(step, ClaimDecision)
    assert step.decision.decision == "skip"


def test_a_claim_of_our_own_begins_its_lease_again() -> None:
    own = entry(files=(), at=NOW - timedelta(hours=1))
    ((state, claim),) = written(next_step(facts(ledger=of(own)))).values()
    assert (state, claim.at, claim.run) == ("claimed", NOW, "7")


@pytest.mark.parametrize(("body", "outcome"), [(NO, "skip"), ("no checklist", "hold")])
def test_a_claim_keeps_a_number_and_decides_nothing(body: str, outcome: str) -> None:
    """T3: in the name of the merge's own run, which is run again."""
    own = entry(files=(), at=NOW)
    assert isinstance(next_step(facts(ledger=of(own), merges=None)), LookUp)
    step = next_step(facts(body=body, ledger=of(own)))
    assert isinstance(step, ClaimDecision)
    assert (step.decision.decision, step.entry) == (outcome, None)


def test_a_claim_that_someone_else_published_is_replaced_and_keeps_its_reasons() -> None:
    own = entry(files=(), because=("#1 deploys",), pull_requests=(1,), since="c" * 40)
    found = written(next_step(facts(ledger=of(own), listing=Listing((Published("0.1.1"),)))))
    assert {version: state for version, (state, _) in found.items()} == {"0.1.1": "given-up", "0.1.2": "claimed"}
    claim = found["0.1.2"][1]
    assert (claim.because, claim.pull_requests, claim.since) == (("#1 deploys",), (1,), "c" * 40)


def test_what_is_begun_stays_as_it_is() -> None:
    own = entry(state="uploading")
    step = next_step(facts(ledger=of(own), listing=Listing((Published("0.1.1"),))))
    assert isinstance(step, ClaimDecision)
    assert (step.decision.decision, step.entry) == ("ship", own)


def test_a_claim_that_expired_is_given_up_with_the_next_one() -> None:
    stale = entry(files=(), at=NOW - timedelta(hours=3))
    found = written(next_step(facts(B, ledger=of(stale))))
    assert {version: state for version, (state, _) in found.items()} == {"0.1.1": "given-up", "0.1.2": "claimed"}


def test_a_person_skips_what_is_claimed_too() -> None:
    claimed = entry(files=(), at=NOW)
    step = next_step(facts(trigger=Trigger(by_hand=ByHand("skip", "a typo", "me")), ledger=of(claimed)))
    assert {version: state for version, (state, _) in written(step).items()} == {"0.1.1": "given-up"}
    assert isinstance(step, Write)
    assert [(skip.commit, skip.run) for skip in step.ledger.skips] == [(A, "7")]


def test_a_person_skips_nothing_that_a_later_commit_has_shipped() -> None:
    later = entry("0.1.2", "released", commit=B)
    step = next_step(facts(trigger=Trigger(by_hand=ByHand("skip", "a typo", "me")), ledger=of(later)))
    assert isinstance(step, ClaimDecision)


def test_what_is_merged_does_not_choose_its_policy() -> None:
    with pytest.raises(Held) as held:
        next_step(facts(policies=(CHECKLIST, ALWAYS)))
    assert (held.value.code, "intent: checklist → always" in held.value.message) == ("policy-changed", True)
    assert f"-f commit={A[:12]}" in held.value.hint
    assert isinstance(next_step(facts(policies=(None, CHECKLIST))), Write)  # there was no project before


@pytest.mark.parametrize("what", ["ship", "skip"])
def test_a_person_confirms_a_policy_by_naming_the_commit(what: Any) -> None:
    """T13: who decides without a look at it confirms nothing, be it by a skip."""
    for commit in ("", B[:12]):
        blind = Trigger(by_hand=ByHand(what, "a new policy", "me", commit))
        assert next_step(facts(policies=None, trigger=blind)) == ReadPolicies(BEFORE, A)
        with pytest.raises(Held) as held:
            next_step(facts(policies=(CHECKLIST, ALWAYS), trigger=blind))
        assert held.value.code == "policy-changed"
    named = Trigger(by_hand=ByHand(what, "a new policy", "me", A[:7]))
    assert isinstance(next_step(facts(policies=None, trigger=named)), Write)


def test_where_nothing_can_be_compared_a_person_names_the_commit() -> None:
    """T13: main was rewritten, so what these merges change is not known."""
    gone: dict[str, Any] = {"ledger": of(entry(state="released", commit="9" * 40)), "policies": SAME}
    with pytest.raises(Held) as held:
        next_step(facts(**gone, trigger=Trigger(by_hand=ByHand("ship", "why", "me"))))
    assert (held.value.code, "was rewritten" in held.value.message) == ("policy-changed", True)
    named = Trigger(by_hand=ByHand("ship", "why", "me", A[:12]))
    assert isinstance(next_step(facts(**gone, trigger=named)), Write)


def test_before_the_first_release_policies_begin_with_the_pipeline() -> None:
    """T13: what came with it was there to be reviewed, what came since is compared with that."""
    known: dict[str, Any] = {"policies": None, "introduced": A, "trigger": Trigger()}
    assert next_step(facts(B, **known)) == ReadPolicies(A, B)


def test_a_project_without_a_ledger_begins_at_its_last_tag() -> None:
    known: dict[str, Any] = {
        "listing": Listing((Published("0.1.0"), Published("0.0.9"))),
        "tags": {"v0.1.0": A, "v0.0.9": BEFORE},
    }
    assert next_step(facts(B, merges=None, **known)) == LookUp(
        (LINE[0],), f"the tag of the highest published version at {A[:12]}"
    )


def test_where_much_was_merged_it_is_looked_for_a_run_that_skipped() -> None:
    """T25"""
    line = tuple(Commit(f"{number:040x}", f"feat: {number} (#{number})") for number in range(400, 0, -1))
    known: dict[str, Any] = {"first_parents": line, "commit": line[0].sha, "trigger": Trigger(), "merges": None}
    known |= {"ledger": of(entry(state="released", commit=line[-1].sha))}
    step = next_step(facts(**known))
    assert isinstance(step, LookUpSkips)
    assert step.commits == tuple(commit.sha for commit in line[1:-1])
    assert next_step(facts(**known, skipped=line[1].sha)) == LookUp(
        (line[0],), f"the run at {line[1].sha[:12]}, which had nothing to ship"
    )
    with pytest.raises(Held, match="more than 250"):
        next_step(facts(**known, skipped=""))
    for state in ("claimed", "given-up"):  # it was left to that claim, and nobody has judged it since
        ledger = of(
            entry(state="released", commit=line[-1].sha),
            entry("0.1.2", state, commit=line[300].sha, at=NOW - timedelta(hours=9)),
        )
        with pytest.raises(Held, match="more than 250"):
            next_step(facts(**{**known, "ledger": ledger}))
    ledger = of(entry(state="released", commit=line[-1].sha), entry("0.1.2", commit=line[300].sha, **UNSENT))
    with pytest.raises(Held, match="more than 250"):
        next_step(facts(**{**known, "ledger": ledger}))


UNSENT: dict[str, Any] = {"state": "uploading", "files": BOTH, "began": NOW}
THREE = (Commit("d" * 40, "docs: x (#3)"), *LINE)
"""The newest first: a third merge, B, A, and where it begins."""


def merges(*bodies: str) -> tuple[Merged, ...]:
    """The merges of A, B and the third one."""
    return tuple(
        Merged(commit, (pull(number, body),))
        for number, (commit, body) in enumerate(zip(THREE[-2::-1], bodies, strict=False), 1)
    )


def later(upload: dict[str, Any], *bodies: str, **more: Any) -> ClaimFacts:
    """A run on the third merge, after an upload for B."""
    ledger = of(entry(**{"commit": B, "since": A, **UNSENT, **upload}))
    given = {"first_parents": THREE, "ledger": ledger, "merges": merges(*bodies), "introduced": A, **more}
    return facts("d" * 40, **given)


def decided(step: Step) -> ClaimDecision:
    judged = step.decided if isinstance(step, Write) else step
    assert isinstance(judged, ClaimDecision)
    return judged


@pytest.mark.parametrize("state", ["uploading", "uploaded"])
def test_an_upload_of_which_the_index_has_nothing_is_judged_by_its_merges(state: str) -> None:
    """T1: anyone may write that it has begun; what its merges ask for counts."""
    of_b = {"state": state}
    skipped = decided(next_step(later(of_b, NO, YES, NO)))
    assert (skipped.decision.decision, skipped.refuted, skipped.range.base) == ("skip", frozenset[str](), B)
    refuted = decided(next_step(later(of_b, NO, NO, NO)))
    assert (refuted.decision.decision, refuted.refuted) == ("skip", frozenset({"0.1.1"}))
    unclear = decided(next_step(later(of_b, NO, "", NO)))
    assert (unclear.decision.decision, unclear.refuted) == ("hold", frozenset({"0.1.1"}))
    theirs = Listing((Published("0.1.1"),), tuple(msgspec.structs.replace(file, sha256="9" * 64) for file in BOTH))
    assert decided(next_step(later(of_b, NO, NO, NO, listing=theirs))).refuted == {"0.1.1"}
    listed = Listing((Published("0.1.1"),), BOTH[:1])
    assert next_step(later(of_b, merges=None, listing=listed)) == LookUp((THREE[0],), f"0.1.1, {state} at {B[:12]}")


def test_what_a_person_began_to_send_needs_no_merge_that_asks() -> None:
    step = decided(next_step(later({}, NO, "", NO, by_person=frozenset({"0.1.1"}))))
    assert (step.decision.decision, step.refuted) == ("skip", frozenset())


def test_what_nothing_asks_for_is_given_up_with_the_next_claim() -> None:
    step = next_step(later({}, NO, NO, YES))
    assert {version: state for version, (state, _) in written(step).items()} == {
        "0.1.1": "given-up", "0.1.2": "claimed",
    }  # fmt: skip


def test_of_two_uploads_of_one_commit_one_counts() -> None:
    """T3: nobody's bug, whoever wrote the second one."""
    two = of(*(entry(version, commit=B, since=A, **UNSENT) for version in ("0.1.1", "0.1.2")))
    step = decided(next_step(later({}, NO, YES, NO, ledger=two)))
    assert (step.decision.decision, step.refuted) == ("skip", frozenset({"0.1.2"}))


def test_an_upload_of_another_line_holds() -> None:
    with pytest.raises(Held, match="main was rewritten"):
        next_step(later({"commit": "e" * 40}, YES, YES, NO))


@pytest.mark.parametrize(("body", "outcome"), [(YES, "ship"), (NO, "skip"), ("", "hold")])
def test_the_commit_s_own_upload_is_judged_too(body: str, outcome: str) -> None:
    ledger = of(entry(commit=A, **UNSENT))
    step = decided(next_step(facts(body=body, ledger=ledger)))
    assert step.decision.decision == outcome
    assert (step.entry is not None, step.refuted) == (
        outcome == "ship", frozenset() if outcome == "ship" else frozenset({"0.1.1"}),
    )  # fmt: skip


def test_a_person_may_skip_an_upload_of_which_the_index_has_nothing() -> None:
    by_me = Trigger(by_hand=ByHand("skip", "no", "me"))
    step = next_step(facts(ledger=of(entry(commit=A, **UNSENT)), trigger=by_me))
    assert {version: state for version, (state, _) in written(step).items()} == {"0.1.1": "given-up"}
    listed = Listing((Published("0.1.1"),), BOTH)
    step = next_step(facts(ledger=of(entry(commit=A, **UNSENT)), trigger=by_me, listing=listed))
    assert decided(step).decision.decision == "ship"


@pytest.mark.parametrize("state", ["uploading", "uploaded"])
def test_what_was_sent_and_is_not_listed_yet_outlives_a_later_decision_to_skip(state: str) -> None:
    """Its page may lag; only what was not sent whole is given up, and named."""
    by_me = Trigger(by_hand=ByHand("skip", "no", "me"))
    step = next_step(later({}, NO, NO, NO, trigger=by_me, ledger=of(entry(**{**UNSENT, "state": state}))))
    assert isinstance(step, Write)
    assert step.ledger.releases[0].state == ("given-up" if state == "uploading" else "uploaded")
    reasons = [str(reason) for reason in step.decided.decision.reasons[1:]]
    assert reasons == ([f"0.1.1: uploading for {A[:12]}, is given up"] if state == "uploading" else [])


def test_a_person_waits_for_a_later_claim() -> None:
    """It may come to nothing, and the decision would be lost with it."""
    for by_me in (Trigger(by_hand=ByHand("ship", "no", "me")), Trigger(by_hand=ByHand("skip", "no", "me"))):
        claimed = entry("0.1.2", files=(), commit=B, at=NOW)
        step = decided(next_step(facts(trigger=by_me, ledger=of(claimed))))
        assert (step.decision.decision, step.decision.reasons[0].says) == (
            "hold", f"0.1.2 is claimed for {B[:12]}, which contains it",
        )  # fmt: skip
        assert step.decision.remedy.startswith("wait for run (none); then decide by hand")


def test_a_person_s_decision_finishes_no_upload_that_nobody_judged() -> None:
    by_me = Trigger(by_hand=ByHand("ship", "now", "me"))
    step = decided(next_step(later({}, NO, NO, NO, trigger=by_me)))
    assert (step.decision.decision, step.refuted) == ("ship", frozenset({"0.1.1"}))


def test_an_upload_that_anyone_may_have_written_confirms_no_policy() -> None:
    """T13: it would stand for a commit that nobody has confirmed."""
    wanted = next_step(later({}, policies=None, merges=None))
    assert wanted == ReadPolicies(A, "d" * 40)
    by_person = next_step(later({}, policies=None, merges=None, by_person=frozenset({"0.1.1"})))
    assert by_person == ReadPolicies(B, "d" * 40)
    listed = Listing((Published("0.1.1"),), BOTH)
    assert next_step(later({}, policies=None, merges=None, listing=listed)) == ReadPolicies(B, "d" * 40)


def test_a_release_that_the_ledger_lacks_is_where_a_range_begins() -> None:
    """T4: an older decision, which the ledger still has, would have it counted once more."""
    ledger = of(skips=(Skip(BEFORE, NOW, "no"),))
    published: dict[str, Any] = {"tags": {"v0.1.1": A}, "listing": Listing((Published("0.1.1"),))}
    given: dict[str, Any] = {"ledger": ledger, "merges": None}
    assert next_step(facts(B, **given, **published)) == LookUp(
        (LINE[0],), f"the tag of the highest published version at {A[:12]}"
    )
    assert next_step(facts(B, **given)) == LookUp(LINE[1::-1], f"a decision by hand to skip at {BEFORE[:12]}")


def test_what_is_decided_already_finishes_no_upload_that_nobody_judged() -> None:
    """T1: an older run that is run again would build it, and send it."""
    ledger = of(entry(commit=A, state="released", tag="created", files=()), entry("0.1.2", commit=B, **UNSENT))
    again = decided(next_step(facts(A, ledger=ledger)))
    assert (again.decision.decision, again.refuted) == ("skip", frozenset({"0.1.2"}))


def test_an_upload_does_not_take_a_decision_away_whose_run_is_gone() -> None:
    """T3"""
    void = (Skip(B, NOW, "by me: no", "5"),)
    step = decided(next_step(later({}, NO, YES, NO, void=void)))
    assert (step.decision.decision, step.refuted) == ("hold", frozenset({"0.1.1"}))


def test_of_two_uploads_of_one_commit_that_a_person_began_one_counts() -> None:
    one = entry("0.1.1", commit=B, **UNSENT)
    two = entry("0.1.2", commit=B, **UNSENT)
    given = {"ledger": of(one, two), "by_person": frozenset({"0.1.1", "0.1.2"})}
    assert decided(next_step(later({}, NO, "", NO, **given))).refuted == {"0.1.2"}


def test_an_upload_is_not_gone_on_with_before_a_decision_that_nobody_proves() -> None:
    """T3: a person skipped a later merge, and with it this one; the run of that is gone."""
    void = Skip("d" * 40, NOW, "no", "8", "boss")
    step = decided(next_step(later({}, YES, NO, NO, void=(void,))))
    assert step.decision.decision == "hold"
    assert step.refuted == {"0.1.1"}
    assert step.decision.reasons[-1].says.endswith("and no run proves it")
    assert decided(next_step(later({}, YES, NO, NO))).refuted == frozenset()


def test_what_nothing_asks_for_is_given_up_without_a_next_claim_too() -> None:
    step = next_step(later({}, NO, NO, NO))
    assert isinstance(step, Write)
    assert (step.decided.decision.decision, step.ledger.releases[0].state) == ("skip", "given-up")


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_person_does_not_ship_a_commit_twice(doubtful: bool) -> None:
    """T3: its release was given up, or is gone from the index; the next merge can be shipped, or this one skipped."""
    known: dict[str, Any] = {"ledger": of(entry(state="given-up", given_up="x"))}
    known |= {"doubtful": frozenset({"0.1.1"})} if doubtful else {"listing": Listing((Published("0.1.1"),), BOTH)}
    ships = decided(next_step(facts(trigger=Trigger(by_hand=ByHand("ship", "now", "me")), **known)))
    words = "nothing bears that out any more" if doubtful else "though it was given up"
    assert (ships.decision.decision, words in ships.decision.reasons[0].says) == ("hold", True)
    skips = decided(next_step(facts(trigger=Trigger(by_hand=ByHand("skip", "now", "me")), **known)))
    assert skips.decision.decision == "skip"
    later_one = decided(next_step(facts(B, trigger=Trigger(by_hand=ByHand("ship", "now", "me")), **known)))
    assert later_one.decision.decision == "ship"
    tagged = dict(
        known, ledger=of(), doubtful=frozenset(), tags={"v0.1.1": A}, listing=Listing((Published("0.1.1"),), BOTH)
    )
    at_tag = decided(next_step(facts(trigger=Trigger(by_hand=ByHand("ship", "now", "me")), **tagged)))
    assert (at_tag.decision.decision, at_tag.decision.reasons[0].says) == ("hold", "its tag and the index have 0.1.1")


def test_what_a_person_began_does_not_outrank_a_decision_that_nobody_proves() -> None:
    """T3: the same person has skipped it since, in a run that is gone."""
    void = (Skip(B, NOW, "no", "8", "boss"),)
    step = decided(next_step(later({}, NO, "", NO, void=void, by_person=frozenset({"0.1.1"}))))
    assert (step.decision.decision, "0.1.1" in step.refuted) == ("hold", True)


def test_an_upload_without_its_run_confirms_no_policy() -> None:
    """T13: it may have been moved there."""
    listed = Listing((Published("0.1.1"),), BOTH)
    given: dict[str, Any] = {"policies": None, "merges": None, "listing": listed}
    assert next_step(later({}, **given)) == ReadPolicies(B, "d" * 40)
    assert next_step(later({}, **given, unsourced=frozenset({"0.1.1"}))) == ReadPolicies(A, "d" * 40)
