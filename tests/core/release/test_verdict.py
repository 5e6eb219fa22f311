"""The ledger against git, the index and the forge's runs: one verdict for each way to disagree (T1 to T4)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published
from mergeship.core.release.belief import Belief, believed, written
from mergeship.core.release.evidence import Evidence, LookUpCommits, LookUpRuns, ReadDeclared, Run
from mergeship.core.release.ledger import Entry, Ledger, Skip
from mergeship.core.release.runs import CLOCKS, has_skipped
from mergeship.core.release.verdict import COVERED, ENDED, GONE, MOST, NEWEST, NOTHING, SHIPPED, Step, next_step
from mergeship.errors import Held

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIN = [f"{number:040x}" for number in range(1, 200)]
"""Main's commits, the oldest first."""
STRAY = "f" * 40
PATH = ".github/workflows/ci-cd.yml"
BOTH = frozenset({"decide", "build", "deploy"})


def outside(commit: str, others: Sequence[str]) -> Collection[str]:
    inside = MAIN[: MAIN.index(commit) + 1] if commit in MAIN else [commit]
    return [other for other in others if other not in inside]


def files(version: str, sha256: str = "a" * 64) -> tuple[Distribution, ...]:
    return (Distribution(f"obk-{version}-py3-none-any.whl", 9, sha256),)


def entry(version: str, state: Any, commit: str = MAIN[1], run: str = "7", **more: Any) -> Entry:
    bound = {} if state == "claimed" else {"files": files(version)}
    return Entry(version=version, commit=commit, state=state, at=NOW, run=run, **{**bound, **more})


FIRST = entry("0.1.1", "released", MAIN[0], run="1", tag="created")


def ledger(*entries: Entry, skips: tuple[Skip, ...] = ()) -> Ledger:
    return Ledger(project="obk", releases=(FIRST, *entries), skips=skips)


def listing(*versions: str, sha256: str = "a" * 64) -> Listing:
    return Listing(
        tuple(Published(version) for version in versions),
        tuple(file for version in versions for file in files(version, sha256)),
    )


def run(**more: Any) -> Run:
    given = {
        "path": PATH,
        "event": "push",
        "branch": "main",
        "commit": MAIN[1],
        "repository": "Owner/Obk",
        "begun": BOTH,
    }
    return Run(**{**given, **more})


def evidence(**more: Any) -> Evidence:
    given = {
        "repository": "owner/obk", "workflow": PATH, "aged_out": "2025-10-16", "outside": outside,
        "main": MAIN[-1], "head": MAIN[-1],
        "tags": {"v0.1.1": MAIN[0]}, "listing": listing("0.1.1"), "run": "9",
        "now": NOW, "lease": timedelta(hours=2),
    }  # fmt: skip
    return Evidence(**{**given, **more})


def judged(of: Ledger, runs: Mapping[str, Run | None] | None = None, **more: Any) -> Step:
    """The verdict, once everything that is asked for is answered."""
    known = evidence(**more)
    for _ in range(20):
        step = next_step(of, known)
        if isinstance(step, LookUpRuns):
            found = {number: (runs or {}).get(number) for number in step.runs}
            known = msgspec.structs.replace(known, runs={**known.runs, **found})
        elif isinstance(step, LookUpCommits):
            found_of = {c: tuple(r for r in (runs or {}).values() if r and r.commit == c) for c in step.commits}
            known = msgspec.structs.replace(known, of_commit=found_of)
        elif isinstance(step, ReadDeclared):
            known = msgspec.structs.replace(known, declared={**known.declared, step.commit: None})
        else:
            return step
    raise AssertionError("it asks for ever")


def refused(of: Ledger, runs: Mapping[str, Run | None] | None = None, **more: Any) -> tuple[str, str]:
    with pytest.raises(Held) as error:
        judged(of, runs, **more)
    assert "git push --force origin COMMIT:refs/mergeship/ledger" in error.value.hint
    return error.value.code, error.value.message.removeprefix("the ledger is contradicted: ")


def test_what_tag_and_index_confirm_needs_no_run() -> None:
    assert next_step(ledger(), evidence()) == Belief()
    assert next_step(Ledger(project="obk"), evidence()) == Belief()


@pytest.mark.parametrize("state", ["claimed", "uploading", "uploaded", "proven", "released"])
def test_what_main_s_own_run_did_counts(state: Any) -> None:
    of, listed = (
        ledger(entry("0.1.2", state)),
        listing("0.1.1", *(["0.1.2"] if state in {"proven", "released"} else [])),
    )
    assert next_step(of, evidence(listing=listed)) == LookUpRuns(("7",))
    assert judged(of, {"7": run()}, listing=listed) == Belief()
    unclear = run(begun=None)  # a workflow that does not say which job does what
    assert judged(of, {"7": unclear}, listing=listed) == Belief()
    for begun in (BOTH, None):  # it had another name then, and maybe one job for everything
        renamed = run(path=".github/workflows/old.yml", is_pipeline=True, begun=begun)
        assert judged(of, {"7": renamed}, listing=listed) == Belief()


@pytest.mark.parametrize("state", ["proven", "released"])
def test_a_run_bears_no_release_out_that_the_index_never_had(state: Any) -> None:
    """T3: its deploy was cancelled; nor does a tag, which anyone may push."""
    of = ledger(entry("0.1.2", state, tag="created"))
    for tags in ({"v0.1.1": MAIN[0]}, {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}):
        code, words = refused(of, {"7": run()}, tags=tags)
        assert (code, words) == (
            "ledger-disagrees",
            f"0.1.2 is {state} for 000000000000, and the index has no file of it",
        )
        assert judged(of, {"7": run()}, tags=tags, by_hand=True) == Belief({"0.1.2": NOTHING})
    skip = Skip(MAIN[1], NOW, "by me: no", "8")
    left_behind = judged(ledger(*of.releases[1:], skips=(skip,)), {"7": run(), "8": run(**BY_HAND)})
    assert left_behind == Belief({"0.1.2": NOTHING})


def test_what_never_was_gets_no_tag() -> None:
    """T3: an old claim that someone wrote on: it decides nothing, and deploy would tag it."""
    for made in (entry("0.1.0", "proven", MAIN[0]), entry("0.1.0", "released", MAIN[0], tag="refused")):
        of = Ledger(project="obk", releases=(made, FIRST))
        assert judged(of) == Belief({"0.1.0": GONE})
        assert judged(of, listing=listing("0.1.0", "0.1.1")) == Belief()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"path": "x.yml", "begun": None}, f"ran x.yml of Owner/Obk, not {PATH}"),
        ({"repository": "stranger/obk"}, f"ran {PATH} of stranger/obk, not {PATH}"),
        ({"repository": ""}, f"ran {PATH} of , not {PATH}"),
        ({"branch": "mine"}, "was started by push on mine"),
        ({"event": "pull_request"}, "was started by pull_request on main"),
        ({"commit": STRAY}, "was on ffffffffffff, which is not on main"),
        ({"commit": MAIN[2]}, f"was on {MAIN[2][:12]}, not on {MAIN[1][:12]}"),
        ({"begun": frozenset({"decide"})}, "has not begun to deploy"),
    ],
)
def test_a_run_that_cannot_have_begun_an_upload(more: dict[str, Any], words: str) -> None:
    """T1."""
    of = ledger(entry("0.1.2", "uploading"))
    assert refused(of, {"7": run(**more)}) == (
        "ledger-foreign-run", f"0.1.2 is uploading by run 7, and that {words}",
    )  # fmt: skip


def test_a_claim_needs_a_run_that_decided() -> None:
    of = ledger(entry("0.1.2", "claimed"))
    assert judged(of, {"7": run(begun=frozenset({"decide"}))}) == Belief()
    assert refused(of, {"7": run(begun=frozenset())})[1].endswith("and that has not begun to decide")


def test_any_run_on_main_finishes_what_was_begun() -> None:
    """A later one; or an earlier one that is run again."""
    of = ledger(entry("0.1.2", "uploaded"))
    for commit in (MAIN[0], MAIN[3]):
        assert judged(of, {"7": run(commit=commit), "6": run()}) == Belief()
        assert judged(of, {"7": run(commit=commit), "6": run(begun=None)}) == Belief()
        for other in (run(begun=frozenset({"decide"})), run(branch="mine"), run(event="pull_request")):
            assert judged(of, {"7": run(commit=commit), "6": other}) == Belief({"0.1.2": NOTHING})


@pytest.mark.parametrize("state", ["uploaded", "proven", "released"])
def test_what_the_index_has_is_of_that_commit_only_if_something_says_so(state: Any) -> None:
    """T3: the real release, moved to a commit that nothing has decided on."""
    of = ledger(entry("0.1.2", state))
    code, words = refused(of, {"7": run(commit=MAIN[0])}, listing=listing("0.1.1", "0.1.2"))
    assert (code, words) == (
        "ledger-disagrees", f"0.1.2 is {state} for 000000000000, there is no tag of it, and no run says so",
    )  # fmt: skip
    by_hand = judged(of, {"7": run(commit=MAIN[0])}, listing=listing("0.1.1", "0.1.2"), by_hand=True)
    assert by_hand == Belief({"0.1.2": NOTHING} if state != "uploaded" else {})  # T13: it would confirm what it brings


def test_thousands_of_forgeries_take_no_time() -> None:
    """What cannot follow is looked for once, and not for each that was given up."""
    given_up = [entry(f"0.{number}.0", "given-up", files=()) for number in range(2, 1500)]
    assert judged(ledger(*given_up)) == Belief()
    code, _ = refused(ledger(*(entry(f"0.{number}.0", "claimed") for number in range(2, 1500))))
    assert code == "ledger-foreign-run"


@pytest.mark.parametrize("state", ["claimed", "uploading", "uploaded", "proven", "released"])
@pytest.mark.parametrize("number", ["", "7"])
def test_without_a_run_nothing_is_known(state: Any, number: str) -> None:
    """T1, T3: it decides nothing; what counts as finished stays as it is written."""
    of = ledger(entry("0.1.2", state, run=number))
    step = judged(of)
    assert step == Belief({"0.1.2": NOTHING})
    assert isinstance(step, Belief)
    counting = believed(of, step, NOW, "9")
    given_up = counting.releases[-1]
    assert (given_up.state, given_up.given_up, given_up.run) == ("given-up", NOTHING, "9")
    kept = written(counting, of, step).releases[-1]
    assert kept == (of.releases[-1] if state in {"proven", "released"} else given_up)


def test_without_a_run_the_index_bears_an_upload_out() -> None:
    """Whoever uploads holds the token; but nothing is downloaded for it from a run that nobody knows."""
    of = ledger(entry("0.1.2", "uploading"))
    assert judged(of, listing=listing("0.1.1", "0.1.2")) == Belief(unsourced=frozenset({"0.1.2"}))


@pytest.mark.parametrize("state", ["uploaded", "proven", "released"])
def test_without_a_run_a_tag_is_waited_for_by_the_index(state: Any) -> None:
    """Tags go with the ledger in one push; but anyone may push one that is missing."""
    tags, of = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, ledger(entry("0.1.2", state))
    code, words = refused(of, tags=tags)
    assert (code, words) == (
        "ledger-disagrees", f"0.1.2 is {state} for 000000000000, the index has no file of it, and no run says so",
    )  # fmt: skip
    belief = Belief(unsourced=frozenset({"0.1.2"}))
    assert judged(of, tags=tags, by_hand=True) == Belief({"0.1.2": NOTHING})  # T13: it would confirm what it brings
    skip = Skip(MAIN[1], NOW, "by me: no", "8")
    only = run(**BY_HAND)
    left_behind = judged(ledger(*of.releases[1:], skips=(skip,)), {"8": only}, tags=tags)
    assert left_behind == (Belief({"0.1.2": NOTHING}) if state == "uploaded" else belief)
    two = (*files("0.1.2"), Distribution("obk-0.1.2.tar.gz", 9, "b" * 64))
    half = ledger(entry("0.1.2", state, files=two))
    assert judged(half, tags=tags, listing=listing("0.1.1", "0.1.2")) == belief
    assert judged(ledger(entry("0.1.2", "uploading")), tags=tags) == Belief({"0.1.2": NOTHING})


def test_what_a_later_release_contains_is_not_sent_any_more() -> None:
    """T4: it was given up, and someone takes that back on a new runner."""
    later = entry("0.1.3", "released", MAIN[2], run="3", tag="created")
    tags = {"v0.1.1": MAIN[0], "v0.1.3": MAIN[2]}
    for state in ("uploading", "uploaded"):
        of = ledger(entry("0.1.2", state), later)
        assert judged(of, {"7": run()}, tags=tags, listing=listing("0.1.1", "0.1.3")) == Belief({"0.1.2": SHIPPED})
        assert judged(of, {"7": run()}, tags=tags, listing=listing("0.1.1", "0.1.2", "0.1.3")) == Belief()


def test_a_refused_tag_and_a_record_that_does_not_go_so_far_back() -> None:
    of = ledger(entry("0.1.2", "released", tag="refused"))
    for day, old in (("2025-10-01", True), ("2026-10-01", False), ("", False)):
        listed = msgspec.structs.replace(
            listing("0.1.1", "0.1.2"), published=(Published("0.1.1"), Published("0.1.2", day))
        )
        if old:
            assert judged(of, listing=listed) == Belief(unsourced=frozenset({"0.1.2"}))
        else:
            assert refused(of, listing=listed)[0] == "ledger-disagrees"


def test_what_contradicts_a_decision_by_hand_is_left_behind() -> None:
    foreign = {"7": run(path="old.yml", begun=None)}
    assert judged(ledger(entry("0.1.2", "claimed")), foreign, by_hand=True) == Belief({"0.1.2": NOTHING})
    skip = Skip(MAIN[1], NOW, "by me: no", "7")
    assert judged(ledger(skips=(skip,)), foreign, by_hand=True) == Belief(void=frozenset({skip}))


def test_a_person_s_own_machine_believes_its_own_claim() -> None:
    of = ledger(entry("0.1.2", "claimed", run=""))
    assert judged(of, run="") == Belief(unsourced=frozenset({"0.1.2"}))
    assert judged(ledger(entry("0.1.2", "uploading", run="")), run="") == Belief({"0.1.2": NOTHING})


OFF_MAIN = "ffffffffffff is not on main"


@pytest.mark.parametrize("state", ["uploading", "uploaded"])
def test_what_is_not_on_main_holds_or_is_left_behind_by_a_person(state: Any) -> None:
    """T2."""
    of = ledger(entry("0.1.2", state, STRAY))
    code, words = refused(of)
    assert (code, words) == ("ledger-off-main", f"0.1.2 is {state} for ffffffffffff, which is not on main")
    assert judged(of, by_hand=True) == Belief({"0.1.2": OFF_MAIN})


@pytest.mark.parametrize("state", ["claimed", "proven", "released"])
def test_what_main_lost_decides_nothing(state: Any) -> None:
    assert judged(ledger(entry("0.1.2", state, STRAY))) == Belief({"0.1.2": OFF_MAIN})


def test_what_main_lost_after_its_release_is_no_contradiction() -> None:
    of = ledger(entry("0.1.2", "released", STRAY))
    assert judged(of, tags={"v0.1.1": MAIN[0], "v0.1.2": STRAY}, listing=listing("0.1.1", "0.1.2")) == Belief()


@pytest.mark.parametrize(
    "name", ["obk-0.1.1-py3-none-any.whl", "obk-0.1.2.0.tar.gz", "other-0.1.2-py3-none-any.whl", "x.zip"]
)
def test_files_belong_to_their_version(name: str) -> None:
    """T3."""
    borrowed = (Distribution(name, 9, "a" * 64),)
    code, words = refused(ledger(entry("0.1.2", "released", files=borrowed)))
    assert (code, words) == ("ledger-foreign-files", f"0.1.2 has the file {name}, which is not of that version")


@pytest.mark.parametrize("state", ["claimed", "given-up"])
@pytest.mark.parametrize("version", ["5.0.0", "1.0.0", "1!0.1.2"])
def test_no_version_leaps(version: str, state: Any) -> None:
    """T3: what was given up counts, too: the next version would be above it."""
    of = ledger(entry(version, state, files=()))
    assert next_step(of, evidence()) == ReadDeclared(MAIN[1])
    assert refused(of, {"7": run()}) == (
        "ledger-leap", f"{version} is {state}, and the highest version that can follow is 0.2.0",
    )  # fmt: skip


def test_a_number_below_that_is_no_harm() -> None:
    """A tag that is gone may have led there."""
    assert judged(ledger(entry("0.9.1", "claimed")), {"7": run()}) == Belief()


def test_versions_rise() -> None:
    """T3: a release from before the ledger is no release of this merge, tag and index or not."""
    tags = {"v0.1.1": MAIN[0], "v0.0.5": MAIN[1]}
    of = ledger(entry("0.0.5", "released", tag="created"))
    assert refused(of, tags=tags, listing=listing("0.0.5", "0.1.1")) == ("ledger-disorder", "0.0.5 comes after 0.1.1")


@pytest.mark.parametrize("state", ["claimed", "uploading", "uploaded", "proven"])
@pytest.mark.parametrize("commit", [MAIN[0], MAIN[1]])
def test_no_commit_is_released_twice_nor_after_what_contains_it(state: Any, commit: str) -> None:
    """T3: the commit's own run has begun, but for what it has released already."""
    done = Entry(version="0.1.2", commit=MAIN[1], state="released", at=NOW, run="2", files=files("0.1.2"))
    of = ledger(done, entry("0.1.3", state, commit))
    tags = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}
    listed = listing("0.1.1", "0.1.2", *(["0.1.3"] if state == "proven" else []))
    assert refused(of, {"7": run(commit=commit)}, tags=tags, listing=listed) == (
        "ledger-disorder", f"0.1.3 is {state} for {commit[:12]}, which 0.1.2 contains",
    )  # fmt: skip


def test_what_is_released_is_not_released_again() -> None:
    """T4: on a new runner, with the real release taken out."""
    tags, listed = {"v0.1.1": MAIN[0]}, listing("0.1.1")
    of = Ledger(project="obk", releases=(entry("0.1.2", "uploading", MAIN[0]),))
    assert refused(of, {"7": run(commit=MAIN[0])}, tags=tags, listing=listed) == (
        "ledger-disorder", "0.1.2 is uploading for 000000000000, which is released as 0.1.1",
    )  # fmt: skip
    assert judged(of, {"7": run(commit=MAIN[0])}, tags=tags, listing=listed, by_hand=True) == Belief()


def test_a_forged_release_hides_behind_no_later_one() -> None:
    """T3: on a new runner, put in before the last release, for a commit that nothing has decided on."""
    of = Ledger(project="obk", releases=(entry("0.1.0", "released", MAIN[3], run=""), FIRST))
    assert judged(of) == Belief({"0.1.0": NOTHING})
    old = Ledger(project="obk", releases=(entry("0.1.0", "released", MAIN[0], run=""), FIRST))
    assert judged(old) == Belief()  # an owner deleted it


def test_major_versions_rise_by_two_at_most() -> None:
    """Whatever is given up raises the next version: a chain of them leads nowhere."""
    chain = [entry(f"{number}.0.0", "given-up", run="") for number in range(2, 5)]
    of = Ledger(project="obk", releases=tuple(chain))
    code, words = refused(of, tags={}, listing=listing("1.2.0"))
    assert (code, words) == (
        "ledger-leap", "4.0.0 is given-up, and 1.2.0 is the highest version that is published or declared",
    )  # fmt: skip
    assert judged(Ledger(project="obk", releases=tuple(chain[:2])), tags={}, listing=listing("1.2.0")) == Belief()


def test_a_branch_declares_nothing() -> None:
    """T3: anyone may push a commit that declares 9.0.0."""
    of = ledger(entry("9.0.0", "given-up", STRAY))
    assert next_step(of, evidence()) == ReadDeclared(MAIN[-1])
    assert refused(of)[0] == "ledger-leap"


def test_a_declared_version_is_no_leap() -> None:
    of = ledger(entry("1.0.0", "claimed"))
    known = evidence(declared={MAIN[1]: "1.0.0"}, runs={"7": run()})
    assert next_step(of, known) == Belief()


def test_a_tag_allows_for_the_version_above_it() -> None:
    of = Ledger(project="obk", releases=(entry("2.5.1", "claimed"),))
    tags = {"v2.5.0": MAIN[0]}
    assert judged(of, {"7": run()}, tags=tags, listing=Listing()) == Belief()
    assert refused(of, {"7": run()}, tags={"v2.5.1": MAIN[1]}, listing=Listing())[0] == "ledger-leap"


def test_a_tag_out_of_0x_allows_for_nothing() -> None:
    """T3: anyone may push a tag."""
    tags = {"v0.1.1": MAIN[0], "v4.9.9": MAIN[0]}
    assert refused(ledger(entry("5.0.0", "claimed")), {"7": run()}, tags=tags)[0] == "ledger-leap"
    assert judged(ledger(entry("0.1.2", "claimed")), {"7": run()}, tags=tags) == Belief()


def test_an_index_out_of_0x_decides_what_follows() -> None:
    of = Ledger(project="obk", releases=(entry("1.2.1", "claimed"),))
    known = evidence(listing=listing("1.2.0"), tags={}, runs={"7": run()})
    assert next_step(of, known) == Belief()
    of = Ledger(project="obk", releases=(entry("1.3.1", "claimed"),))
    both = evidence(listing=listing("0.1.0", "1.2.0"), tags={}, runs={"7": run()}, declared={MAIN[1]: "0.1.0"})
    with pytest.raises(Held, match="no version can follow what was published"):
        next_step(of, both)


def test_a_ledger_that_was_put_back_lacks_what_tag_and_index_have() -> None:
    """T4."""
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, listing("0.1.1", "0.1.2")
    code, words = refused(ledger(), tags=tags, listing=listed)
    assert (code, words) == (
        "ledger-behind", f"tag and index have 0.1.2 for {MAIN[1][:12]}, and in the ledger it is not there",
    )  # fmt: skip
    for state in ("claimed", "given-up"):
        for commit in (MAIN[1], MAIN[2]):  # also one that was changed
            words = refused(
                ledger(entry("0.1.2", state, commit)), {"7": run(commit=commit)}, tags=tags, listing=listed
            )[1]
            assert words.endswith(f"in the ledger it is {state}")
    assert judged(ledger(), tags=tags, listing=listed, by_hand=True) == Belief()
    assert refused(ledger(), tags=tags, listing=listed, by_hand=True, head=MAIN[1])[0] == "ledger-behind"
    skip = Skip(MAIN[1], NOW, "by me: no", "7")
    assert judged(ledger(skips=(skip,)), {"7": run(**BY_HAND)}, tags=tags, listing=listed) == Belief()
    older = {"v0.1.1": MAIN[0], "v0.0.5": MAIN[1]}
    assert judged(ledger(), tags=older, listing=listing("0.0.5", "0.1.1")) == Belief()  # published before the ledger


def test_a_ledger_of_claims_alone_is_put_back_too() -> None:
    """T4: before the first release."""
    of = Ledger(project="obk", releases=(entry("0.1.2", "claimed", MAIN[2], since=MAIN[0]),))
    tags = {"v0.1.0": MAIN[0], "v0.1.1": MAIN[1]}
    assert refused(of, {"7": run(commit=MAIN[2])}, tags=tags, listing=listing("0.1.0", "0.1.1"))[0] == "ledger-behind"
    assert judged(of, {"7": run(commit=MAIN[2])}, tags={"v0.1.0": MAIN[0]}, listing=listing("0.1.0")) == Belief()


def test_what_a_person_released_is_no_sign_once_a_person_has_decided() -> None:
    """A maintainer publishes and tags a claimed version by hand: deciding by hand ends that, for deploy too."""
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, listing("0.1.1", "0.1.2")
    of = ledger(entry("0.1.2", "given-up"), entry("0.1.3", "claimed", MAIN[2], run="9"))
    assert judged(of, {"9": run(commit=MAIN[2])}, tags=tags, listing=listed, by_hand=True) == Belief()


@pytest.mark.parametrize("commit", [STRAY, MAIN[0]])
def test_what_was_published_elsewhere_or_before_is_no_sign(commit: str) -> None:
    tags = {"v0.1.1": MAIN[0], "v0.1.2": commit}
    assert judged(ledger(), tags=tags, listing=listing("0.1.1", "0.1.2")) == Belief()


def test_a_claim_of_this_very_run_does_not_come_after_what_tag_and_index_have() -> None:
    """T4: its number is public while it runs. Only a person decides to go on after a release by hand."""
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, listing("0.1.1", "0.1.2")
    of = ledger(entry("0.1.3", "claimed", MAIN[2], run="9"))
    assert judged(of, {"9": run(commit=MAIN[2])}, tags=tags, listing=listed, by_hand=True) == Belief()
    for number in ("8", "9"):
        assert refused(of, {"9": run(commit=MAIN[2])}, tags=tags, listing=listed, run=number)[0] == "ledger-behind"


BY_HAND: dict[str, Any] = {
    "event": "workflow_dispatch", "commit": MAIN[1], "begun": frozenset({"decide"}), "declined": True,
}  # fmt: skip


def test_a_decision_by_hand_needs_its_run() -> None:
    """T3."""
    skip = Skip(MAIN[1], NOW, "by me: no", "7")
    of = ledger(skips=(skip,))
    assert judged(of, {"7": run(**BY_HAND)}) == Belief()
    gone = judged(of)
    assert gone == Belief(void=frozenset({skip}))
    assert isinstance(gone, Belief)
    assert believed(of, gone, NOW, "9").skips == ()
    _, words = refused(of, {"7": run()})
    assert words == f"{MAIN[1][:12]} is skipped by hand in run 7, and that was started by push on {MAIN[1][:12]}"
    assert refused(of, {"7": run(**{**BY_HAND, "commit": MAIN[2]})})[0] == "ledger-foreign-run"
    assert judged(of, {"7": run(**{**BY_HAND, "commit": STRAY})}) == gone  # main was rewritten
    stray = Skip(STRAY, NOW, "by me: no", "7")
    assert judged(ledger(skips=(stray,)), {"7": run(**BY_HAND)}) == Belief(void=frozenset({stray}))
    assert written(believed(of, gone, NOW, "9"), of, gone) == of
    new = Skip(MAIN[2], NOW, "by me: yes", "8")
    assert written(believed(of, gone, NOW, "9").skipped(new), of, gone).skips == (skip, new)
    assert refused(of, {"7": run(**{**BY_HAND, "branch": "mine"})})[1].endswith("workflow_dispatch on mine")


def test_a_decision_that_a_release_contains_needs_no_run_unless_it_is_newer() -> None:
    """T3: the last release need not be on the index any more once a person has decided, whatever the commit."""
    before = NOW - timedelta(days=1)
    assert judged(ledger(skips=(Skip(MAIN[0], before, "by me: no", "7"),))) == Belief()
    late = Skip(MAIN[0], NOW, "by me: no", "7")
    assert judged(ledger(skips=(late,))) == Belief(void=frozenset({late}))
    # Not on the index, and stamped anew.
    gone = msgspec.structs.replace(entry("0.1.2", "released", MAIN[2]), at=before - timedelta(days=1))
    old = Skip(MAIN[0], before, "by me: no", "8")
    assert judged(ledger(gone, skips=(old,)), listing=listing("0.1.1")) == Belief({"0.1.2": NOTHING}, frozenset({old}))


def test_a_dispatch_ships_only_what_it_began_to_deploy() -> None:
    by_hand = run(**BY_HAND | {"begun": BOTH, "declined": False})
    assert by_hand.ships_by_hand(MAIN[1])
    assert run(**BY_HAND | {"begun": None, "declined": False}).ships_by_hand(MAIN[1])
    assert not run(**BY_HAND | {"begun": BOTH}).ships_by_hand(MAIN[1])  # its workflow does not tell
    assert not by_hand.ships_by_hand(MAIN[2])
    for other in ({"event": "push"}, {"decided": False}, {"begun": frozenset({"decide"})}):
        assert not msgspec.structs.replace(by_hand, **other).ships_by_hand(MAIN[1])


def test_a_decision_by_hand_needs_a_run_that_decided() -> None:
    of = ledger(skips=(Skip(MAIN[1], NOW, "by me: no", "7"),))
    assert judged(of, {"7": run(**BY_HAND)}) == judged(of, {"7": run(**BY_HAND | {"begun": None})}) == Belief()
    void = judged(of)
    assert void != Belief()
    for ended in (NOW, None):  # it goes on: anyone who may write can start or run one again, which waits
        assert judged(of, {"7": run(**BY_HAND, ended_at=ended, decided=False)}) == void
    assert judged(of, {"7": run(**BY_HAND, actor="me")}) == void
    # It may have been to ship, also if it was cancelled before anything was built.
    for begun in (BOTH, frozenset({"decide"})):
        assert judged(of, {"7": run(**BY_HAND | {"begun": begun, "declined": False})}) == void


def test_only_the_last_claim_is_looked_up_as_long_as_it_counts() -> None:
    """A decide on the last of fifty merges asks for one run, and not for fifty."""
    claims = [entry(f"0.1.{number}", "claimed", MAIN[number], run=str(number)) for number in range(2, NEWEST + 3)]
    of, last = ledger(*claims), NEWEST + 2
    assert next_step(of, evidence()) == LookUpRuns((str(last),))
    covered = {f"0.1.{number}": COVERED for number in range(2, last)}
    assert judged(of, {str(last): run(commit=MAIN[last])}) == Belief(covered)  # whatever run they name
    step = judged(of, {str(last - 1): run(commit=MAIN[last - 1])})
    del covered[f"0.1.{last - 1}"]
    assert step == Belief({**covered, f"0.1.{last}": NOTHING})
    assert next_step(of, evidence(head=MAIN[2])) == LookUpRuns(("2", str(last)))
    assert judged(ledger(*claims, entry(f"0.1.{last + 1}", "claimed", MAIN[last + 1], run=""))) == Belief(
        {f"0.1.{number}": NOTHING for number in range(2, last + 2)}
    )
    few = next_step(ledger(*claims[:NEWEST]), evidence())
    assert isinstance(few, LookUpRuns)
    assert len(few.runs) == NEWEST  # a covered claim would count unasked, until its lease ends


def test_a_forge_that_refuses_every_tag_is_not_asked_for_every_run() -> None:
    done = [entry(f"0.1.{number}", "released", MAIN[number], run=str(number), tag="refused") for number in range(2, 30)]
    listed = listing("0.1.1", *(one.version for one in done))
    step = next_step(ledger(*done), evidence(listing=listed))
    assert isinstance(step, LookUpRuns)
    assert len(step.runs) == NEWEST
    step = next_step(ledger(*done), evidence())  # decoys, which the index does not have, hide nothing
    assert isinstance(step, LookUpRuns)
    assert len(step.runs) == len(done)


def test_what_is_given_up_is_not_hidden_by_what_does_not_count() -> None:
    """T3: one commit under two versions."""
    given_up = msgspec.structs.replace(entry("0.1.2", "uploaded"), state="given-up")
    bait = entry("0.1.3", "uploading", run="777")
    listed = listing("0.1.1", "0.1.2")
    for of in (ledger(given_up), ledger(given_up, bait)):
        assert refused(of, {"7": run(ended_at=NOW)}, listing=listed)[0] == "ledger-disagrees"


def test_a_ledger_full_of_forgeries_is_not_looked_up() -> None:
    skips = tuple(Skip(MAIN[1], NOW, "by me: no", str(number)) for number in range(1, MOST + 2))
    assert refused(ledger(skips=skips)) == (
        "ledger-foreign-run", f"{MOST + 1} decisions by hand would not be in any release yet",
    )  # fmt: skip
    many = [entry(f"0.1.{number}", "uploading", MAIN[number], run=str(number)) for number in range(2, MOST + 3)]
    assert refused(ledger(*many)) == (
        "ledger-foreign-run", f"{MOST + 1} releases would have begun, and none of them ended",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True), ({"event": "workflow_dispatch"}, True), ({"skipped": False}, False), ({"decided_at": None}, False),
        ({"commit": MAIN[2]}, False),
        ({"branch": "evil"}, False), ({"event": "schedule"}, False), ({"repository": "evil/obk"}, False),
    ],
)  # fmt: skip
def test_a_skip_is_one_of_main_s_own_run_on_that_commit(more: dict[str, Any], counts: bool) -> None:
    """T25"""
    of_commit = {MAIN[1]: (run(**{"skipped": True, "decided_at": NOW, **more}),)}
    assert has_skipped(MAIN[1], NOW, evidence(of_commit=of_commit)) is counts
    earlier = NOW - timedelta(seconds=1)
    assert not has_skipped(MAIN[1], earlier, evidence(of_commit=of_commit))  # a later commit may have claimed it
    assert not has_skipped(MAIN[1], NOW, evidence())


def test_a_claim_ends_with_its_run() -> None:
    """T3: whoever renews it later; and not while its run, or this one, goes on."""
    of = ledger(entry("0.1.2", "claimed"))
    assert judged(of, {"7": run(ended_at=NOW)}) == Belief({"0.1.2": ENDED})
    assert judged(of, {"7": run()}) == judged(of, {"7": run(ended_at=NOW)}, run="7") == Belief()


def test_a_claim_of_a_run_that_holds_is_over() -> None:
    """T3: it is run again, and waits behind others."""
    of = ledger(entry("0.1.2", "claimed"))
    assert judged(of, {"7": run(decided=False)}) == Belief({"0.1.2": ENDED})
    assert judged(of, {"7": run(decided=False, deciding=True)}) == Belief()
    assert judged(of, {"7": run(decided=False)}, run="7") == Belief()


def test_a_claim_that_is_stamped_anew_ends_a_while_after_its_run_decided() -> None:
    """T3: a run that is run again waits, and has not ended."""
    of = ledger(entry("0.1.2", "claimed"))
    waiting = {"7": run(decided_at=NOW - timedelta(hours=2))}
    assert judged(of, waiting) == Belief()
    later = {"now": NOW + timedelta(minutes=1)}
    assert judged(of, waiting, **later) == Belief({"0.1.2": ENDED})
    assert judged(of, waiting, **later, run="7") == Belief()  # it goes on itself


def test_an_upload_is_not_of_a_run_that_decided_nothing() -> None:
    """T2: a hold that finishes something else begins to deploy too."""
    of = ledger(entry("0.1.2", "uploading"))
    for ended in (NOW, None):  # it is run again
        code, words = refused(of, {"7": run(decided=False, ended_at=ended)})
        assert (code, words.rpartition(", and that ")[2]) == ("ledger-foreign-run", "has decided nothing")


@pytest.mark.parametrize("number", ["3", "4"])
def test_what_was_on_the_index_before_was_not_sent_by_that_run(number: str) -> None:
    """T3: a release that the forge gave no tag, moved onto a merge whose deploy began, and failed."""
    of = ledger(entry("0.1.2", "released", MAIN[2], run=number, tag="refused"))
    uploaded = Listing((Published("0.1.1"), Published("0.1.2", uploaded_at=NOW)), (*files("0.1.1"), *files("0.1.2")))
    late = {"4": run(commit=MAIN[2], deployed_at=NOW + CLOCKS + timedelta(seconds=1))}
    code, words = refused(of, late, listing=uploaded)
    assert code == "ledger-disagrees"
    assert words.startswith(f"0.1.2 is released for {MAIN[2][:12]}, there is no tag of it, and no run says so")
    assert words.endswith("as its deploy began after the index had it by their clocks")
    counts = Belief() if number == "4" else Belief(unsourced=frozenset({"0.1.2"}))
    assert judged(of, {"4": run(commit=MAIN[2], deployed_at=NOW + CLOCKS)}, listing=uploaded) == counts
    unknown = listing("0.1.1", "0.1.2")
    assert judged(of, late, listing=unknown) == counts  # the index does not say when


def test_a_release_is_where_its_tag_is() -> None:
    """T3: whatever the ledger says of its tag, unless a person decides."""
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, listing("0.1.1", "0.1.2")
    for tag in ("", "refused"):
        of = ledger(entry("0.1.2", "released", MAIN[2], run="7", tag=tag))
        runs = {"7": run(commit=MAIN[2])}
        assert refused(of, runs, tags=tags, listing=listed) == (
            "ledger-disagrees", f"0.1.2 is released for {MAIN[2][:12]}, and its tag is on {MAIN[1][:12]}",
        )  # fmt: skip
        assert isinstance(judged(of, runs, tags=tags, listing=listed, by_hand=True), Belief)


def test_what_was_finished_and_is_nowhere_is_not_borne_out_by_a_run() -> None:
    """T3: its run began to deploy, and failed."""
    of = ledger(entry("0.1.2", "released", MAIN[1], run="3"), entry("0.1.3", "uploading", MAIN[2], run="4"))
    runs = {"3": run(commit=MAIN[0]), "7": run(), "4": run(commit=MAIN[2])}
    assert judged(of, runs) == Belief({"0.1.2": NOTHING})


def test_many_refused_tags_hide_no_release_of_a_later_commit() -> None:
    """T3: what the newest of them does not contain is looked up."""
    refused_tags = [
        entry(f"0.1.{number}", "released", MAIN[number], run=str(number), tag="refused")
        for number in range(2, NEWEST + 4)
    ]
    forged = entry("0.1.2.post1", "released", MAIN[NEWEST + 9], run="666", tag="refused")
    of = ledger(refused_tags[0], forged, *refused_tags[1:])
    listed = listing("0.1.1", *(one.version for one in refused_tags))
    runs = {one.run: run(commit=one.commit) for one in refused_tags}
    assert judged(of, runs, listing=listed) == Belief({"0.1.2.post1": NOTHING})
    moved = msgspec.structs.replace(refused_tags[0], commit=MAIN[NEWEST + 9])
    assert refused(ledger(moved, *refused_tags[1:]), runs, listing=listed)[0] == "ledger-disagrees"


def test_what_is_given_up_and_on_the_index_is_not_shipped_once_more() -> None:
    """T4: one commit would have two releases, unless a person decides, or something later contains it."""
    listed = listing("0.1.1", "0.1.2")
    of = ledger(entry("0.1.2", "given-up"))
    assert refused(of, listing=listed) == (
        "ledger-disagrees", f"0.1.2 is given up for {MAIN[1][:12]}, and the index has all of it",
    )  # fmt: skip
    assert judged(of, listing=listed, by_hand=True) == Belief()
    assert judged(of, listing=listing("0.1.1")) == Belief()
    later = ledger(entry("0.1.2", "given-up"), entry("0.1.3", "uploading", MAIN[2], run="4"))
    assert refused(later, {"4": run(commit=MAIN[2])}, listing=listed)[0] == "ledger-disagrees"
    assert judged(later, {"4": run(commit=MAIN[2])}, listing=listing("0.1.1", "0.1.2", "0.1.3")) == Belief()
    # An upload in the name of its own run, of which the index has nothing, and a tag, which anyone may push.
    tags = {"v0.1.1": MAIN[0], "v0.1.3": MAIN[1]}
    bait = ledger(entry("0.1.2", "given-up"), entry("0.1.3", "uploading"))
    assert refused(bait, {"7": run()}, listing=listed)[0] == "ledger-disagrees"
    assert refused(bait, {"7": run()}, listing=listed, tags=tags)[0] == "ledger-disagrees"
    assert judged(bait, {"7": run()}, listing=listing("0.1.1", "0.1.2", "0.1.3")) == Belief()


def test_a_release_that_nobody_knows_the_run_of_is_settled_by_the_next_one() -> None:
    """Where a forge refuses tags, and someone tidies up the runs."""
    done = [entry(f"0.1.{number}", "released", MAIN[number], run=str(number), tag="refused") for number in (2, 3, 4)]
    listed = listing("0.1.1", "0.1.2", "0.1.3", "0.1.4")
    runs = {"4": run(commit=MAIN[4])}
    assert judged(ledger(*done), runs, listing=listed) == Belief(unsourced=frozenset({"0.1.2", "0.1.3"}))
    assert refused(ledger(*done[:2]), runs, listing=listing("0.1.1", "0.1.2", "0.1.3"))[0] == "ledger-disagrees"


def test_what_is_listed_whole_outlives_a_decision_to_skip() -> None:
    """Its red run was deleted; it is tagged by the next one."""
    skip = Skip(MAIN[1], NOW, "by me: no", "8")
    of, runs = ledger(entry("0.1.2", "uploaded"), skips=(skip,)), {"8": run(**BY_HAND)}
    assert judged(of, runs, listing=listing("0.1.1", "0.1.2")) == Belief(unsourced=frozenset({"0.1.2"}))
    assert judged(of, runs) == Belief({"0.1.2": NOTHING})


def test_a_person_settles_a_release_whose_files_its_owner_deleted() -> None:
    """Its version is listed, and its tag is there: deciding on its own commit is no way to lose it."""
    of, tags = ledger(entry("0.1.2", "released", tag="created")), {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}
    deleted = Listing((Published("0.1.1"), Published("0.1.2")), files("0.1.1"))
    assert refused(of, {"7": run()}, tags=tags, listing=deleted)[0] == "ledger-disagrees"
    by_hand = judged(of, {"7": run()}, tags=tags, listing=deleted, by_hand=True, head=MAIN[1], main=MAIN[1])
    assert by_hand == Belief({"0.1.2": NOTHING})


@pytest.mark.parametrize("state", ["uploading", "uploaded", "proven", "released"])
def test_what_is_tagged_elsewhere_is_not_of_that_commit(state: Any) -> None:
    """T3, T13: a release that tag and index confirm, moved to a merge that nobody has confirmed."""
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[1]}, listing("0.1.1", "0.1.2")
    for number in ("", "7"):
        of, runs = ledger(entry("0.1.2", state, MAIN[3], run=number)), {"7": run(commit=MAIN[3])}
        code, words = refused(of, runs, tags=tags, listing=listed)
        assert (code, words) == (
            "ledger-disagrees", f"0.1.2 is {state} for {MAIN[3][:12]}, and its tag is on {MAIN[1][:12]}",
        )  # fmt: skip
        assert judged(of, runs, tags=tags, listing=listed, by_hand=True) == Belief({"0.1.2": NOTHING})


def test_what_does_not_count_puts_nothing_out_of_order() -> None:
    """T3: a claim of ours for the commit of a release that somebody made up would hold for ever."""
    of = ledger(entry("0.1.2", "released", run="777"), entry("0.1.3", "claimed"))
    assert judged(of, {"7": run()}) == Belief({"0.1.2": NOTHING})
    filler = ledger(FIRST_OF_TWO, entry("0.1.2.1", "claimed", STRAY, run=""), entry("0.1.3", "claimed", MAIN[1]))
    tags, listed = {"v0.1.1": MAIN[0], "v0.1.2": MAIN[2]}, listing("0.1.1", "0.1.2")
    assert refused(filler, {"7": run()}, tags=tags, listing=listed)[0] == "ledger-disorder"


FIRST_OF_TWO = entry("0.1.2", "released", MAIN[2], run="2", tag="created")


def test_a_decision_is_recorded_behind_any_that_do_not_count() -> None:
    """T3: somebody has written the same one twice."""
    old, new = Skip(MAIN[0], NOW, "x", "777"), Skip(MAIN[1], NOW, "by me: no", "9")
    of = ledger(skips=(old, old))
    belief = Belief(void=frozenset({old}))
    assert written(believed(of, belief, NOW, "9").skipped(new), of, belief).skips == (old, old, new)


def test_many_old_decisions_are_looked_at_together() -> None:
    """T22: each look takes two processes of git."""
    asked: list[str] = []

    def counted(commit: str, others: Sequence[str]) -> Collection[str]:
        asked.append(commit)
        return outside(commit, others)

    old = tuple(Skip(MAIN[0], NOW - timedelta(days=1), "x", str(number)) for number in range(1, 2000))
    assert judged(ledger(entry("0.1.2", "claimed", run="9"), skips=old), {"9": run()}, outside=counted) == Belief()
    assert len(asked) < 40


def test_so_many_releases_above_the_index_are_nobody_s() -> None:
    """T22: each would take a look at git."""
    of = ledger(*(entry(f"0.1.{number}", "released", tag="created") for number in range(2, MOST + 4)))
    assert refused(of)[0] == "ledger-foreign-run"
