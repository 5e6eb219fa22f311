"""The plan of a repository's settings."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.environ import INDEX_TOKEN
from mergeship.core.forge import plan as plans
from mergeship.core.forge.actions import Actions
from mergeship.core.forge.environment import Environment
from mergeship.core.forge.fork_approval import ForkApproval
from mergeship.core.forge.label import LABELS, Label
from mergeship.core.forge.merging import Merging
from mergeship.core.forge.plan import Plan, PlanOrigin, planned
from mergeship.core.forge.protection import ADMINISTRATORS, Check, Protection
from mergeship.core.forge.registry import KINDS, AnySetting
from mergeship.core.forge.secret import Secret
from mergeship.core.forge.setting import Actual, PlanRequest, Setting
from mergeship.core.forge.tag_protection import TagProtection
from mergeship.core.forge.workflow_permissions import WorkflowPermissions
from mergeship.core.settings import Forge, Settings
from mergeship.errors import Misconfigured

ORIGIN = PlanOrigin("1", "https://api.github.com", "o/r", allow_remove=False, replace_token=False)
STRIPPING = msgspec.structs.replace(ORIGIN, allow_remove=True)
CONTEXTS = ("Test the pull request", "Gate")
FRESH: tuple[Setting, ...] = (
    Merging(squash=True, title="COMMIT_OR_PR_TITLE", message="COMMIT_MESSAGES", delete_branch=False),
    WorkflowPermissions("write", pull_requests=False),
    Actions(enabled=True, allowed="all", pinned=False),
    ForkApproval("first_time_contributors"),
)


def actual(*settings: Setting, **more: Any) -> Actual:
    given: dict[str, Any] = {"private": False, "writers": ("a", "b"), "actions_app": 7, **more}
    return Actual("o/r", settings=settings, **given)


def plan(found: Actual, *, origin: PlanOrigin = ORIGIN, replace: bool = False, **settings: Any) -> Plan:
    given = Settings(**settings)
    asked = PlanRequest(
        contexts=CONTEXTS, environment=given.environment, trusted=given.auth == "trusted", attests=given.attests,
        reviews=given.forge.reviews, leave=given.forge.leave, replace_token=replace,
    )  # fmt: skip
    return planned(found, asked, origin)


def applied(found: Actual, made: Plan) -> Actual:
    """The settings after every change of a plan."""
    settings = [one for one in found.settings if one not in {change.before for change in made.changes}]
    settings += [change.after for change in made.changes if change.after]
    return msgspec.structs.replace(found, settings=tuple(settings))


def words(made: Plan) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}" for change in made.changes]


def test_a_fresh_repository_gets_everything() -> None:
    made = plan(actual(*FRESH))
    assert words(made)[:8] == [
        "update merging pull requests", "create protection main", "create tag-protection v*",
        "update workflow-permissions GITHUB_TOKEN", "update actions actions", "update fork-approval workflows of forks",
        "create environment pypi", f"create secret {INDEX_TOKEN}",
    ]  # fmt: skip
    assert words(made)[8:] == [f"create label {label.name}" for label in LABELS]
    protection = made.changes[1].after
    assert isinstance(protection, Protection)
    assert protection.checks == (Check("Gate", 7), Check("Test the pull request", 7))
    assert (protection.by, protection.reviews, protection.bypass, protection.strict) == ("ruleset", 1, (), True)
    assert all(change.why for change in made.changes)
    assert made.notes == made.kept == ()


@pytest.mark.parametrize("origin", [ORIGIN, STRIPPING])
def test_a_second_plan_is_empty(origin: PlanOrigin) -> None:
    found = actual(*FRESH, Label("Deploy", "000000", "another one"))
    made = plan(found, origin=origin)
    assert "create label deploy" not in words(made)
    assert plan(applied(found, made), origin=origin).changes == ()


NAMES = st.sampled_from(["main", "release/*", "(protected branches)", "tag: v*"])
PROTECTIONS = st.builds(
    Protection,
    by=st.sampled_from(["ruleset", "classic"]), ruleset=st.just("x"), active=st.booleans(),
    covers=st.booleans(), squash=st.booleans(), pull_requests=st.booleans(),
    reviews=st.integers(0, 3), checks=st.lists(st.builds(Check, st.sampled_from(["Gate", "old"]), st.integers(0, 1)))
    .map(tuple), strict=st.booleans(), linear=st.booleans(), force_pushes=st.booleans(), deletions=st.booleans(),
    bypass=st.sampled_from([(), (ADMINISTRATORS,), ("RepositoryRole 5 always",)]),
)  # fmt: skip
SETTINGS = st.tuples(
    st.builds(Merging, st.booleans(), st.sampled_from(["PR_TITLE", "x"]), st.just("PR_BODY"), st.booleans()),
    st.none() | PROTECTIONS,
    st.none() | st.builds(
        TagProtection, st.just("t"), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
        st.sampled_from([(), ("User 1 x",)])
    ),
    st.builds(WorkflowPermissions, st.sampled_from(["read", "write"]), st.booleans()),
    st.none() | st.builds(Actions, st.booleans(), st.just("all"), st.booleans()),
    st.none() | st.builds(Environment, st.just("pypi"), st.lists(NAMES, unique=True).map(lambda b: tuple(sorted(b)))),
    st.none() | st.just(Secret(INDEX_TOKEN, "", "yesterday")),
    st.none() | st.just(Secret(INDEX_TOKEN, "pypi", "today")),
)  # fmt: skip


@given(
    SETTINGS, st.sampled_from([("a",), ("a", "b")]), st.booleans(), st.sampled_from(["token", "trusted"]), st.booleans()
)
def test_laws(
    settings: tuple[Setting | None, ...], writers: tuple[str, ...], private: bool, auth: str, strip: bool
) -> None:
    """A plan's changes lead where no change is left; and nothing that others made goes unless that is allowed."""
    found = actual(*(one for one in settings if one), writers=writers, private=private)
    origin = STRIPPING if strip else ORIGIN
    made = plan(found, origin=origin, auth=auth)
    after = applied(found, made)
    assert plan(after, origin=origin, auth=auth).changes == ()
    assert plans.decode(plans.encode(made), "x") == made
    if strip:
        assert made.kept == ()
    else:
        assert not [change for change in made.changes if change.action == "remove"]
        have, has = found.setting(Protection), after.setting(Protection)
        if isinstance(have, Protection) and isinstance(has, Protection):
            assert {check.context for check in have.checks} <= {check.context for check in has.checks}
            assert set(have.bypass) - {ADMINISTRATORS} <= set(has.bypass)
    main = after.setting(Protection)
    assert isinstance(main, Protection)
    assert (main.active, main.pull_requests, main.force_pushes, main.deletions) == (True, True, False, False)
    assert ADMINISTRATORS not in main.bypass


def test_what_others_made_stays_until_it_may_go() -> None:
    found = actual(
        *FRESH,
        Protection("ruleset", "theirs", True, True, True, 2, True, (Check("old", 0), Check("Gate", 0)), True, True,
                   False, False, ("Team 1 always",)),
        Environment("pypi", ("main", "release/*")),
        Secret(INDEX_TOKEN, "", "yesterday"), Secret(INDEX_TOKEN, "pypi", "today"),
    )  # fmt: skip
    kept = plan(found)
    assert kept.kept == (
        "the check 'old', the bypass of Team 1 always", "release/* as a place to deploy from",
        f"the secret {INDEX_TOKEN} of the whole repository, which nothing needs",
    )  # fmt: skip
    assert "remove" not in {change.action for change in kept.changes}
    gone = plan(found, origin=STRIPPING)
    assert f"remove secret {INDEX_TOKEN}" in words(gone)
    protection = next(change for change in gone.changes if change.kind == "protection")
    assert isinstance(protection.after, Protection)
    assert (protection.after.ruleset, protection.after.reviews) == ("theirs", 2)
    assert [check.context for check in protection.after.checks] == sorted(CONTEXTS)
    assert "removes the check 'old', the bypass of Team 1 always" in protection.why


def test_who_is_alone_needs_no_review_and_is_reported() -> None:
    made = plan(actual(*FRESH, writers=("a",)))
    assert isinstance(made.changes[1].after, Protection)
    assert made.changes[1].after.reviews == 0
    assert "a is the only writer" in made.notes[0]
    asked = plan(actual(*FRESH, writers=("a",)), forge=Forge(reviews=2))
    assert isinstance(asked.changes[1].after, Protection)
    assert (asked.changes[1].after.reviews, asked.notes) == (2, ())


def test_what_a_plan_does_not_include_is_reported() -> None:
    lacking = {
        "protection": "Upgrade to GitHub Pro", "tag-protection": "Upgrade to GitHub Pro", "environment": "Not Found",
        "fork-approval": "Not Found", "actions": "not known",
    }  # fmt: skip
    made = plan(actual(FRESH[0], FRESH[1], lacking=lacking))
    assert f"create secret {INDEX_TOKEN}" in words(made)
    secret = next(change.after for change in made.changes if change.kind == "secret")
    assert isinstance(secret, Secret)
    assert secret.environment == ""
    told = "\n".join(made.notes)
    assert "main cannot be protected here: Upgrade to GitHub Pro" in told
    assert "every writer can read the token" in told
    assert "not checked whether forks' workflows need approval" in told
    assert "not checked which actions may run" in told
    silent = plan(actual(*FRESH[:3], private=True, lacking={"fork-approval": "not asked for"}))
    assert silent.notes == ()
    assert "every writer can read the token" in plan(actual(*FRESH), environment="").notes[0]


def test_a_rule_that_forbids_new_tags_is_reported_until_it_may_go() -> None:
    tags = TagProtection("t", True, True, False, False, False, ())
    found = actual(*FRESH[:2], Actions(True, "selected", None), tags)
    made = plan(found)
    assert made.kept == ("the rule that nobody makes a tag v*, which deploy has to make",)
    assert "not checked whether actions must be pinned: this server does not say" in made.notes
    assert "the allowed actions are selected: the workflows' actions have to be among them" in made.notes
    assert "update tag-protection v*" not in words(made)
    assert "update tag-protection v*" in words(plan(found, origin=STRIPPING))


def test_the_token() -> None:
    here = actual(*FRESH, Secret(INDEX_TOKEN, "pypi", "today"), Environment("pypi", ("main",)))
    assert f"create secret {INDEX_TOKEN}" not in words(plan(here))
    assert f"update secret {INDEX_TOKEN}" in words(plan(here, replace=True))
    assert not [one for one in words(plan(here, auth="trusted")) if "secret" in one]
    assert f"remove secret {INDEX_TOKEN}" in words(plan(here, auth="trusted", origin=STRIPPING))
    moving = plan(actual(*FRESH, Secret(INDEX_TOKEN, "", "yesterday")))
    assert "cannot be read, so it cannot be moved" in moving.notes[0]


def test_private_repositories_are_warned_what_attestations_reveal() -> None:
    here = msgspec.structs.replace(actual(*FRESH), private=True)
    said = "this repository is private, and attestations name it in Sigstore's public log"
    assert any(note.startswith(said) for note in plan(here, auth="trusted").notes)
    for other in (plan(here), plan(here, auth="trusted", attestations=False), plan(actual(*FRESH), auth="trusted")):
        assert not any(note.startswith(said) for note in other.notes)


def test_what_others_decide_on_is_left_to_them() -> None:
    whole, rest = plan(actual(*FRESH)), plan(actual(*FRESH), forge=Forge(leave=("actions", "label")))
    assert [one for one in words(whole) if " actions " not in one and " label " not in one] == words(rest)
    assert "left to someone else: actions, label" in rest.notes


def test_every_kind_of_setting_can_be_left() -> None:
    assert {kind.kind() for kind in get_args(AnySetting)} == set(KINDS)


def edited(made: Plan, **more: Any) -> Plan:
    return msgspec.structs.replace(made, **more)


def test_a_plan_file_is_what_would_be_planned_now() -> None:
    now = plan(actual(*FRESH))
    plans.refuse_another(now, now, "x")
    for field in ("version", "api", "repository"):
        other = edited(now, origin=msgspec.structs.replace(ORIGIN, **{field: "other"}))
        with pytest.raises(Misconfigured, match="other, and this is") as refused:
            plans.refuse_another(other, now, "x")
        assert refused.value.code == "other-plan"
    with pytest.raises(Misconfigured, match="the file or the project's settings were edited"):
        plans.refuse_another(edited(now, changes=now.changes[1:]), now, "x")
    with pytest.raises(Misconfigured, match="changed since x was made: merging pull requests"):
        plans.refuse_another(now, plan(actual(*FRESH[1:], Merging(True, "PR_TITLE", "PR_BODY", True))), "x")
    with pytest.raises(Misconfigured, match=r"changed since x was made$"):
        plans.refuse_another(edited(now, state="0"), now, "x")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"schema": "x"}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"plan\.json is not a plan"):
        plans.decode(text, "plan.json")


def test_a_plan_of_another_schema_is_refused() -> None:
    with pytest.raises(Misconfigured, match="of schema 2, and this is 1"):
        plans.decode(plans.encode(edited(plan(actual(*FRESH)), schema=2)), "plan.json")
