from datetime import UTC, datetime
from typing import Any

import pytest

from mergeship.core.release import decision
from mergeship.core.release.commit_range import Commit, Range
from mergeship.core.release.decision import ByHand, Merged, Pull, decide
from mergeship.core.release.ledger import Entry
from mergeship.errors import Held

YES, NO = "- [x] Deployment PR", "- [x] Non-deployment PR"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def pull(number: int, body: str = YES, **more: Any) -> Pull:
    given = {"title": "t", "labels": (), "branch": "feature/x", "own_branch": True, "author": "a", **more}
    return Pull(number=number, body=body, **given)


def merged(*pulls: Pull, message: str = "feat: x (#1)") -> Merged:
    return Merged(Commit(f"{len(pulls)}{'a' * 39}", message), pulls)


def outcome(*merges: Merged) -> str:
    return decide(merges, "checklist", "v1").decision


def test_one_that_deploys_ships_them_all() -> None:
    found = decide([merged(pull(1, NO)), merged(pull(2)), merged(pull(3, NO))], "checklist", "v1")
    assert found.decision == "ship"
    assert found.words == ('#2: its checklist ticks "Deployment PR"',)
    assert found.pulls == (1, 2, 3)


def test_one_that_is_unclear_holds_them_all_and_says_how_to_go_on() -> None:
    found = decide([merged(pull(1)), merged(pull(2, "no checklist"))], "checklist", "v1")
    assert (found.decision, found.words) == ("hold", ("#2: it has no checklist",))
    assert "decision=ship" in found.remedy


def test_a_direct_push_holds() -> None:
    found = decide([merged(pull(1)), merged(message="fix:\x1b[2J now\n\nbody")], "checklist", "v1")
    assert found.decision == "hold"
    assert found.words == ("0aaaaaaaaaaa: 'fix: now' has no merged pull request: it was pushed directly",)


def test_what_brought_the_pipeline_may_have_been_pushed() -> None:
    first = Merged(Commit("c" * 40, "ci: begin"), ())
    found = decide([first, merged(pull(1))], "checklist", "v1", introduced="c" * 40)
    assert found.decision == "ship"
    assert str(found.reasons[0]) == "cccccccccccc: it brought the pipeline: the record begins with it"
    for subject in ("feat: pipeline (#1)", "Merge pull request #1 from a/b"):  # GitHub does not know it yet
        late = Merged(Commit("c" * 40, subject))
        assert decide([late], "checklist", "v1", introduced="c" * 40).decision == "hold"


def test_without_any_that_deploys_nothing_ships() -> None:
    assert outcome(merged(pull(1, NO))) == "skip"
    nothing = decide([], "checklist", "0.1.1")
    assert (nothing.decision, nothing.words) == ("skip", ("nothing: was merged since 0.1.1",))


def test_a_pull_request_of_many_commits_counts_once() -> None:
    """As a rebase or a merge commit brings it."""
    found = decide([merged(pull(1)), merged(pull(1)), merged(pull(1))], "checklist", "v1")
    assert found.pulls == (1,)


def test_the_highest_part_is_raised() -> None:
    labelled = [merged(pull(n, labels=("deploy", label))) for n, label in enumerate(["bump:patch", "bump:minor", "x"])]
    assert decide(labelled, "label", "v1").bump == "minor"
    silent = merged(pull(9, labels=("no-deploy", "bump:major")))
    assert decide([*labelled, silent], "label", "v1").bump == "minor"


VERSION: dict[str, Any] = {"branch": "ci/update-version-20261120", "files": ("pyproject.toml",)}


def test_version_and_maintenance_pull_requests_are_neutral() -> None:
    version = pull(2, "whatever", **VERSION)
    maintenance = pull(3, YES, branch="codex-automation", files=("README.md",))
    assert outcome(merged(version), merged(maintenance)) == "skip"
    assert outcome(merged(pull(1)), merged(version)) == "ship"
    assert [str(reason) for reason in decide([merged(version)], "checklist", "v1").reasons] == [
        "#2: it is a version pull request"
    ]


def test_a_fork_s_branch_is_never_neutral() -> None:
    assert outcome(merged(pull(2, YES, **(VERSION | {"own_branch": False})))) == "ship"
    assert outcome(merged(pull(2, "", **(VERSION | {"own_branch": False})))) == "hold"


def test_a_neutral_one_that_changes_more_holds() -> None:
    found = decide([merged(pull(2, **VERSION, more_than_allowed=("src/evil.py",)))], "checklist", "v1")
    assert found.decision == "hold"
    assert "changes more than it may: src/evil.py" in found.words[0]


@pytest.mark.parametrize(
    ("branch", "files", "beyond"),
    [
        ("ci/update-version-1", ("pyproject.toml", "uv.lock"), ()),
        ("ci/update-version-1", ("pyproject.toml", "src/x.py"), ("src/x.py",)),
        ("ci/update-version-1", ("README.md",), ("README.md",)),
        ("codex-automation", ("README.md", "CHANGELOG.md"), ()),
        ("codex-automation", ("pyproject.toml",), ("pyproject.toml",)),
        ("codex-automation", None, ("(its files are not known)",)),
        ("codex-automation", (), ("(its files are not known)",)),
    ],
)
def test_what_a_neutral_one_may_touch(branch: str, files: tuple[str, ...] | None, beyond: tuple[str, ...]) -> None:
    assert decision.unexpected_files(pull(1, branch=branch, files=files), ["pyproject.toml", "uv.lock"]) == beyond


def test_every_commit_of_a_neutral_one_is_judged() -> None:
    """As a rebase brings them: the first one is what it should be."""
    fine, more = pull(2, **VERSION), pull(2, **VERSION, more_than_allowed=("pyproject.toml",))
    assert outcome(merged(fine), merged(more)) == outcome(merged(more), merged(fine)) == "hold"


def test_markers_of_all_commits_count() -> None:
    """As a rebase brings them."""
    commits = (merged(pull(1, title="x [minor]"), message="one"), merged(pull(1, title="x [minor]"), message="[minor]"))
    found = decide(commits, "marker", "v1")
    assert (found.decision, found.bump) == ("ship", "minor")
    more = merged(pull(1, title="x [minor]"), message="two [major]")
    assert decide([*commits, more], "marker", "v1").decision == "hold"
    assert decision.would(pull(1, title="feat: x [deploy]"), "marker").decision == "ship"


def test_what_auto_merge_has_fixed_is_read_before_the_merge() -> None:
    """G1: GitHub keeps the message of the moment when auto-merge was switched on, whatever the text says since."""
    for body, fixed in ((NO, YES), (YES, NO)):
        late = pull(1, body, auto_message=f"feat: x (#1)\n\n{fixed}")
        found = decision.would(late, "checklist")
        assert (found.decision, found.words) == ("hold", ("#1: its commits and its text do not tick the same",))
        assert decide([merged(late, message=late.auto_message)], "checklist", "v1").decision == "hold"
    same = pull(1, YES, auto_message=f"feat: x (#1)\n\n{YES}")
    assert decision.would(same, "checklist").decision == "ship"
    marked = pull(1, NO, title="x", auto_message="x [deploy] (#1)")
    assert decision.would(marked, "marker").decision == "hold"


@pytest.mark.parametrize("where", ["title", "body", "auto_message"])
def test_a_release_that_no_run_would_make_is_no_ship(where: str) -> None:
    """G4: what is merged so is decided on with the next merge."""
    texts = {"title": "feat: x", "body": YES, "auto_message": ""}
    texts[where] = f"feat: x [skip ci]\n\n{YES}"
    found = decision.would(pull(1, **texts), "checklist")
    assert (found.decision, found.words) == ("hold", ("#1: it says [skip ci], so GitHub starts no run for its merge",))
    assert found.remedy.startswith("take [skip ci] out of its title and text")
    assert ("auto-merge" in found.remedy) == (where == "auto_message")
    assert decision.would(pull(1, **texts, merged=NOW), "checklist").decision == "ship"
    quiet = decision.would(pull(1, **{name: text.replace(YES, NO) for name, text in texts.items()}), "checklist")
    assert quiet.decision == "skip"
    assert quiet.reasons[-1].says == "it says [skip ci], so GitHub starts no run for its merge"


def test_two_that_brought_the_same_commit_and_disagree_hold() -> None:
    """A second pull request with the same head is merged along with the first one, whoever opened it."""
    found = decide([merged(pull(1, NO), pull(2, YES))], "checklist", "v1")
    assert (found.decision, found.words[0].endswith("disagree")) == ("hold", True)
    assert outcome(merged(pull(1), pull(2))) == "ship"


def test_a_body_that_a_stranger_changed_after_the_merge_holds() -> None:
    edited = pull(1, YES, edited=True, edited_by="evil\x1b[2J")
    found = decide([merged(edited)], "checklist", "v1")
    assert found.decision == "hold"
    assert found.words == ("#1: its text was edited after the merge by evil, who has no write access",)
    assert outcome(merged(edited, message=f"feat: x (#1)\n\n{NO}")) == "hold"
    assert outcome(merged(edited, message=f"feat: x (#1)\n\n{YES}")) == "ship"  # the commit has it as it was merged
    assert decide([merged(edited)], "always", "v1").decision == "ship"


def test_a_commit_says_nothing_that_its_pull_request_does_not() -> None:
    """T14"""
    assert outcome(merged(pull(1, NO), message=f"docs: typo (#1)\n\n{YES}")) == "hold"
    assert outcome(merged(pull(1, NO), message=f"docs: typo (#2)\n\n{YES}")) == "hold"
    one, other = merged(pull(1, NO), message=f"feat: x (#1)\n\n{YES}"), merged(pull(1, NO), message="feat: y")
    assert outcome(one, other) == "hold"


def test_one_pull_request_alone() -> None:
    assert decision.would(pull(1), "checklist").decision == "ship"
    assert decision.would(pull(1, **VERSION), "checklist").decision == "skip"
    unclear = decision.would(pull(1, ""), "checklist")
    assert (unclear.decision, bool(unclear.remedy)) == ("hold", True)


def test_a_person_decides() -> None:
    found = decision.by_hand(ByHand("skip", "a\ntypo", "me"))
    assert (found.decision, found.words) == ("skip", ("by hand: by me: a typo",))


@pytest.mark.parametrize(
    ("roles", "wanted", "role"),
    [
        (("write", "write"), "write", "write"), (("maintain", "write"), "maintain", "maintain"),
        (("admin",), "maintain", "admin"), (("our-own", "write"), "write", "write"),
        (("our-own", "write"), "maintain", ""),
        (("triage", "read"), "write", ""), ((), "write", ""), (("maintain", "write"), "admin", ""),
    ],
)  # fmt: skip
def test_who_decides_has_a_role(roles: tuple[str, ...], wanted: Any, role: str) -> None:
    person = ByHand("ship", "why", "me")
    if role:
        found = decision.require_role(person, roles, wanted)
        assert decision.by_hand(found).words == (f"by hand: by me ({role}): why",)
        return
    with pytest.raises(Held, match=f"decide.by is {wanted}") as held:
        decision.require_role(person, roles, wanted)
    assert held.value.code == "may-not-decide"


def entry(state: Any) -> Entry:
    return Entry(version="0.1.2", commit="b" * 40, state=state, at=NOW)


def test_a_commit_with_a_release_is_settled() -> None:
    head = "a" * 40
    assert decision.already_decided(Range(head)) is None
    newer = decision.already_decided(Range(head, newer=entry("claimed")))
    assert newer is not None
    assert (newer.decision, newer.words[0].endswith("superseded")) == ("skip", True)
    released = decision.already_decided(Range(head, own=entry("released")))
    assert released is not None
    assert released.decision == "skip"
    begun = decision.already_decided(Range(head, own=entry("uploading")))
    assert begun is not None
    assert (begun.decision, begun.own) == ("ship", entry("uploading"))
    assert begun.words == ("aaaaaaaaaaaa: it has 0.1.2, uploading",)


def test_a_person_may_skip_what_was_claimed_and_not_what_was_sent() -> None:
    skip = ByHand("skip", "why", "me")
    assert decision.already_decided(Range("a" * 40, own=entry("claimed")), skip) is None
    assert decision.already_decided(Range("a" * 40, own=entry("uploading")), skip) is not None
    assert decision.already_decided(Range("a" * 40, own=entry("claimed")), ByHand("ship", "why", "me")) is not None
