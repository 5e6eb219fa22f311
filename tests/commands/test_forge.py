"""`mergeship forge plan` and `forge apply`, against the embedded forge."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters.github import settings as hosted
from mergeship.drills.env import DrillEnv
from mergeship.world.fault import Fault
from mergeship.world.forge.accounts import EVERYTHING, Grant
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.rules import Rules
from tests.conftest import git
from tests.testbeds import drill_env

Cli = Callable[..., tuple[int, str, str]]
SECRET = "pypi-AgEIcHlwaS5vcmcC"


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        made.testbed.repo.rules = Rules()
        made.testbed.repo.enforce()
        yield made


@pytest.fixture
def repo(play: DrillEnv) -> FakeRepository:
    return play.testbed.repo


@pytest.fixture
def forge(play: DrillEnv, cli: Cli) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """The verb with --json, as the maintainer: exit status, document, everything that was written."""

    def call(*words: object, **more: str) -> tuple[int, dict[str, Any], str]:
        environ = {**play.testbed.by_person, "PYPI_API_TOKEN": SECRET, **more}
        status, out, err = cli("forge", *words, str(play.runner.folder), "--json", environ=environ)
        return status, json.loads(out), out + err

    return call


def called(document: dict[str, Any]) -> list[str]:
    return [f"{change['action']} {change['kind']} {change['name']}" for change in document["changes"]]


def test_a_plan_is_shown_kept_and_applied(forge: Any, repo: FakeRepository, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    status, document, _ = forge("plan", "--out", path, "--exit-code")
    assert (status, document["ok"]) == (1, True)
    assert {"action", "kind", "name", "before", "after", "why"} == set(document["changes"][0])
    assert repo.stored == {}
    assert SECRET not in path.read_text()
    status, applied, said = forge("apply", path)
    assert (status, applied["failed"], applied["not_tried"]) == (0, None, [])
    assert [f"{one['action']} {one['kind']} {one['name']}" for one in applied["done"]] == called(document)
    assert SECRET not in said
    assert repo.stored == {"PYPI_API_TOKEN": SECRET}
    assert repo.settings.environments["pypi"].branches[0][1:] == ("main", "branch")
    assert repo.settings.workflow["can_approve_pull_request_reviews"]
    assert repo.settings.fork_approval == "all_external_contributors"
    rules = {rule.kind: rule for rule in repo.rules.about("refs/heads/main")}
    checks = rules["required_status_checks"].parameters["required_status_checks"]
    assert [(check["context"], check["integration_id"]) for check in checks] == [
        ("Gate", 15368), ("Test the pull request", 15368),
    ]  # fmt: skip
    assert {rule.kind for rule in repo.rules.about("refs/tags/v1.0")} == {"update", "deletion"}
    assert repo.rules.about("refs/tags/other") == []
    status, again, _ = forge("plan", "--exit-code")
    assert (status, again["changes"]) == (0, [])
    status, nothing, _ = forge("apply", "--yes")
    assert (status, nothing["done"]) == (0, [])


def test_text_for_people(play: DrillEnv, cli: Cli) -> None:
    environ = {**play.testbed.by_person, "NO_COLOR": "1"}
    status, out, err = cli("forge", "plan", play.runner.folder, environ=environ)
    assert status == 0
    assert "~ merging pull requests\n    title: COMMIT_OR_PR_TITLE → PR_TITLE\n" in out
    assert "    checks: Gate (App 15368), Test the pull request (App 15368)\n" in out
    assert "    because only what is on main can reach the token\n" in out
    assert "note: maintainer is the only writer" in out
    assert out.endswith("rehearsal/obk: 15 changes\n")
    assert "reading the settings of rehearsal/obk" in err
    status, out, _ = cli("forge", "apply", "--yes", play.runner.folder, environ={**environ, "PYPI_API_TOKEN": "x"})
    assert (status, "done create secret PYPI_API_TOKEN\n" in out) == (0, True)
    play.testbed.repo.settings.environments["pypi"].branches.append((99, "release/*", "branch"))
    status, out, _ = cli("forge", "plan", play.runner.folder, environ=environ)
    assert "stays without --allow-remove: release/* as a place to deploy from" in out
    assert out.endswith("rehearsal/obk: nothing to change\n")
    status, out, _ = cli("forge", "plan", "--allow-remove", play.runner.folder, environ=environ)
    assert "branches: main, release/* → main" in out


def test_nothing_is_applied_unseen(
    play: DrillEnv, repo: FakeRepository, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {**play.testbed.by_person, "PYPI_API_TOKEN": SECRET}
    status, _, err = cli("forge", "apply", play.runner.folder, environ=environ)
    assert status == 2
    assert "cannot ask for confirmation" in err
    terminal = io.StringIO("no\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    status, _, err = cli("forge", "apply", play.runner.folder, environ=environ)
    assert status == 2
    assert "15 changes" in err
    assert "nothing was changed [not-agreed]" in err
    assert repo.rules.rulesets == {}
    yes = io.StringIO("yes\n")
    monkeypatch.setattr(yes, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", yes)
    assert cli("forge", "apply", play.runner.folder, environ=environ)[0] == 0
    assert len(repo.rules.rulesets) == 2


def test_the_token_comes_from_standard_input_or_from_a_person(
    play: DrillEnv, repo: FakeRepository, forge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    status, document, _ = forge("apply", "--yes", PYPI_API_TOKEN="")
    assert (status, document["error"]["code"]) == (2, "no-token")
    assert repo.rules.rulesets == {}  # nothing before everything is there
    for words, code in (("two\nlines\n", "bad-token"), ("", "no-token")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(words))
        assert forge("apply", "--yes", "--token-stdin")[1]["error"]["code"] == code
    monkeypatch.setattr(sys, "stdin", io.StringIO("pypi-piped\n"))
    assert forge("apply", "--yes", "--token-stdin")[0] == 0
    assert repo.stored == {"PYPI_API_TOKEN": "pypi-piped"}
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr("getpass.getpass", lambda _: "pypi-typed")
    assert forge("apply", "--yes", "--replace-token", PYPI_API_TOKEN="")[0] == 0
    assert repo.stored == {"PYPI_API_TOKEN": "pypi-typed"}
    assert play.testbed.token not in repo.stored.values()


def test_a_failure_in_the_middle_is_reported(repo: FakeRepository, forge: Any) -> None:
    repo.faults.append(Fault(500, method="PUT", path="/environments/pypi"))
    repo.faults += [Fault(422, "Validation Failed", method="POST", path="/rulesets")]
    status, document, _ = forge("apply", "--yes")
    assert status == 1
    assert [one["name"] for one in document["done"]] == ["pull requests"]
    assert document["failed"] == {"action": "create", "kind": "protection", "name": "main"}
    assert len(document["not_tried"]) == 13
    assert "create protection main: POST" in document["error"]["message"]
    assert document["error"]["hint"].endswith("what is left: mergeship forge plan")
    assert forge("apply", "--yes")[0] == 0  # the 500 passed by itself
    assert forge("plan", "--exit-code")[0] == 0


def test_a_setting_that_someone_changes_in_between_is_not_touched(
    repo: FakeRepository, forge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hosted.again

    async def again(ask: Any, setting: Any) -> Any:
        repo.settings.fork_approval = "first_time_contributors_new_to_github"
        return await real(ask, setting)

    monkeypatch.setattr(hosted, "again", again)
    status, document, _ = forge("apply", "--yes")
    assert (status, document["error"]["code"]) == (1, "state-moved")
    assert document["failed"]["kind"] == "fork-approval"
    assert repo.settings.fork_approval == "first_time_contributors_new_to_github"


def test_a_plan_file_is_refused_when_it_is_not_the_plan(repo: FakeRepository, forge: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    forge("plan", "--out", path)
    text = path.read_text()
    for words, other, code in (
        ('"PR_BODY"', '"BLANK"', "edited-plan"),
        ('"version": "', '"version": "9', "other-plan"),
        ('"repository": "rehearsal/obk"', '"repository": "evil/obk"', "other-plan"),
        ('"schema": 1', '"schema": 2', "other-version"),
        ('"changes"', '"change"', "bad-plan"),
    ):
        assert words in text
        path.write_text(text.replace(words, other, 1))
        status, document, _ = forge("apply", path)
        assert (status, document["error"]["code"]) == (2, code)
    path.write_text(text)
    repo.settings.label("fix", "123456", None)
    status, document, _ = forge("apply", path)
    assert (status, document["error"]["code"]) == (2, "stale-plan")
    assert "label fix" in document["error"]["message"]
    assert forge("apply", tmp_path / "none.json")[1]["error"]["code"] == "no-such-file"
    assert repo.rules.rulesets == {}


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ("expired", 1, "forge-token", "GH_TOKEN is wrong or has expired"),
        ("poor", 1, "forge-permission", "needs the permission"),
        ("stranger", 2, "forge-permission", "an administrator has to do this"),
        ("writer", 1, "forge-permission", "an administrator of rehearsal/obk has to"),
        ("empty", 2, "no-main", "git push origin HEAD:main"),
        ("archived", 2, "repository-archived", "unarchive it"),
        ("renamed", 1, "repository-renamed", "it is rehearsal/obk now: git remote set-url origin URL"),
        ("gone", 1, "forge-permission", "it does not exist, or the token in GH_TOKEN may not see it: check the remote"),
        ("no token", 2, "forge-permission", "gh auth login, or GH_TOKEN"),
    ],
)
def test_what_the_forge_does_not_show(
    play: DrillEnv, repo: FakeRepository, forge: Any, change: str, status: int, code: str, words: str
) -> None:
    more = {"GITHUB_REPOSITORY": ""}
    if change in {"expired", "poor", "stranger"}:
        repo.tokens["poor"] = Grant("maintainer", {"metadata": "read"})
        repo.access["stranger"] = "read"
        repo.tokens["stranger"] = Grant("stranger", {"metadata": "read"})
        more["GH_TOKEN"] = change
    elif change == "writer":
        repo.access["writer"] = "write"
        more["GH_TOKEN"] = repo.new_token(Grant("writer", {EVERYTHING: "write"}))
    elif change == "empty":
        play.bare.git("update-ref", "-d", "refs/heads/main")
    elif change == "archived":
        repo.archived = True
    elif change == "renamed":
        repo.former_names.add("rehearsal/old")
        more["GITHUB_REPOSITORY"] = "rehearsal/old"
    elif change == "gone":
        more["GITHUB_REPOSITORY"] = "rehearsal/other"
    else:
        more |= {"GH_TOKEN": "", "GITHUB_TOKEN": "", "PATH": "/usr/bin:/bin"}
    found, document, said = forge("plan", **more)
    assert (found, document["error"]["code"]) == (status, code), said
    assert words in document["error"]["hint"]
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("bad name", "bad-repository", "write OWNER/NAME"),
        ("no owner", "bad-remote", "git remote set-url origin URL"),
        ("elsewhere", "remote-elsewhere", "GITHUB_API_URL names another server"),
        ("no remote", "no-origin", "git remote add origin URL"),
        ("several", "several-remotes", "git remote rename NAME origin"),
        ("no repository", "not-a-repository", "git init"),
    ],
)
def test_a_remote_that_is_none(play: DrillEnv, forge: Any, change: str, code: str, words: str) -> None:
    folder, more = play.runner.folder, {"GITHUB_REPOSITORY": "garbage" if change == "bad name" else ""}
    if change == "no owner":
        git(folder, "remote", "set-url", "origin", f"{play.testbed.forge}/onlyname.git")
    elif change == "elsewhere":
        git(folder, "remote", "set-url", "origin", "git@gitlab.com:o/r.git")
    elif change == "no remote":
        git(folder, "remote", "remove", "origin")
    elif change == "several":
        git(folder, "remote", "rename", "origin", "one")
        git(folder, "remote", "add", "two", "https://example.org/x/y")
    elif change == "no repository":
        subprocess.run(["rm", "-rf", str(folder / ".git")], check=True)
    status, document, said = forge("plan", **more)
    assert (status, document["error"]["code"]) == (2, code), said
    assert words in document["error"]["hint"]
    assert "Traceback" not in said


def test_main_has_to_be_called_main(play: DrillEnv, forge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mergeship.world.forge import serializers

    real = serializers.repository
    monkeypatch.setattr(serializers, "repository", lambda *a, **k: {**real(*a, **k), "default_branch": "master"})
    assert play.main
    _, document, _ = forge("plan")
    assert document["error"]["code"] == "other-default-branch"
    assert "branches/master/rename" in document["error"]["hint"]


def test_a_private_repository_of_a_free_plan(repo: FakeRepository, forge: Any) -> None:
    repo.private = repo.free = True
    status, document, _ = forge("plan")
    assert status == 0
    told = " ".join(document["notes"])
    assert "main cannot be protected here: Upgrade to GitHub Pro" in told
    assert "environments are not available here" in told
    assert "every writer can read the token" in told
    assert not {"protection", "environment", "tag-protection", "fork-approval"} & {
        change["kind"] for change in document["changes"]
    }
    assert forge("apply", "--yes")[0] == 0
    assert repo.settings.secrets["PYPI_API_TOKEN"].value == SECRET
    assert forge("plan", "--exit-code")[0] == 0


def test_what_others_set_stays(repo: FakeRepository, forge: Any) -> None:
    """An environment's reviewers, a ruleset's other rules and its bypass, until they may go."""
    repo.settings.environments.clear()
    rules = [
        {"type": "required_signatures"},
        {
            "type": "pull_request",
            "parameters": {"required_approving_review_count": 3, "require_code_owner_review": True},
        },
    ]
    repo.rules.add({
        "name": "theirs", "target": "branch", "enforcement": "active", "rules": rules,
        "bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}],
        "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
    })  # fmt: skip
    everywhere = {"ref_name": {"include": ["~ALL"], "exclude": []}}
    repo.rules.add({"name": "x", "target": "branch", "enforcement": "active", "rules": [], "conditions": everywhere})
    repo.access["second"] = "write"
    assert forge("apply", "--yes")[0] == 0
    theirs = repo.rules.rulesets[1]
    kinds = {rule["type"]: rule.get("parameters", {}) for rule in theirs["rules"]}
    assert "required_signatures" in kinds
    assert kinds["pull_request"]["required_approving_review_count"] == 3
    assert kinds["pull_request"]["require_code_owner_review"] is True
    assert len(theirs["bypass_actors"]) == 1
    assert repo.rules.rulesets[2]["rules"] == []
    _, document, _ = forge("plan")
    assert (document["changes"], document["kept"]) == ([], ["the bypass of RepositoryRole 5 always"])
    assert forge("apply", "--yes", "--allow-remove")[0] == 0
    assert repo.rules.rulesets[1]["bypass_actors"] == []


def test_an_environment_keeps_its_reviewers(repo: FakeRepository, forge: Any) -> None:
    from mergeship.world.forge.settings import StoredEnvironment

    rules = {"wait_timer": 5, "reviewers": [{"type": "User", "id": 1}], "prevent_self_review": True}
    policy = {"protected_branches": True, "custom_branch_policies": False}
    repo.settings.environments["pypi"] = StoredEnvironment("pypi", repo.clock(), policy, rules=rules)
    _, document, _ = forge("plan")
    change = next(one for one in document["changes"] if one["kind"] == "environment")
    assert (change["before"]["branches"], change["after"]["branches"]) == (["(protected branches)"], ["main"])
    assert forge("apply", "--yes")[0] == 0
    assert repo.settings.environments["pypi"].rules == rules
    assert forge("plan", "--exit-code")[0] == 0


def test_classic_protection_is_written_where_it_is_in_use(repo: FakeRepository, forge: Any) -> None:
    repo.rules.classic["main"] = {
        "required_status_checks": {"strict": False, "contexts": ["other"]}, "enforce_admins": False,
        "required_pull_request_reviews": {
            "dismissal_restrictions": {"users": ["maintainer"]}, "require_code_owner_reviews": True,
            "bypass_pull_request_allowances": {"users": ["maintainer"]},
        },
        "restrictions": {"users": ["maintainer"], "teams": []}, "required_conversation_resolution": True,
        "allow_force_pushes": True,
    }  # fmt: skip
    _, document, _ = forge("plan")
    change = next(one for one in document["changes"] if one["kind"] == "protection")
    assert (change["action"], change["after"]["by"]) == ("update", "classic")
    assert "administrators" in change["before"]["bypass"]
    assert forge("apply", "--yes")[0] == 0
    assert [one["name"] for one in repo.rules.rulesets.values()] == ["mergeship: tags"]
    written = repo.rules.classic["main"]
    assert [one["context"] for one in written["required_status_checks"]["checks"]] == [
        "Gate", "Test the pull request", "other",
    ]  # fmt: skip
    reviews = written["required_pull_request_reviews"]
    assert (
        reviews["dismissal_restrictions"]["users"]
        == reviews["bypass_pull_request_allowances"]["users"]
        == ["maintainer"]
    )
    assert written["restrictions"]["users"] == ["maintainer"]
    assert written["required_conversation_resolution"] is True
    assert (written["enforce_admins"], written["allow_force_pushes"]) == (True, False)
    assert forge("plan", "--exit-code")[0] == 0


def test_trusted_publishing_stores_no_token_and_says_what_to_enter(repo: FakeRepository, forge: Any) -> None:
    status, document, _ = forge("apply", "--yes", "--set", "auth=trusted", PYPI_API_TOKEN="")
    assert status == 0
    assert repo.stored == {}
    assert any("PyPI project name obk, owner rehearsal, repository name obk" in note for note in document["notes"])


def test_a_pipeline_without_ci_requires_no_check(play: DrillEnv, forge: Any) -> None:
    path = play.runner.folder / ".github" / "workflows" / "ci-cd.yml"
    path.parent.mkdir(parents=True)
    path.write_text("on: push\njobs: {a: {}}\n")
    _, document, _ = forge("plan")
    change = next(one for one in document["changes"] if one["kind"] == "protection")
    assert change["after"]["checks"] == []
    assert any("no check is required" in note for note in document["notes"])
    assert forge("apply", "--yes")[0] == 0
    assert forge("plan", "--exit-code")[0] == 0


def test_what_an_organization_forbids_can_be_left_to_it(repo: FakeRepository, forge: Any) -> None:
    repo.faults += [Fault(409, "Conflict: the organization decides", method="PUT", path="/actions/permissions")] * 2
    status, document, _ = forge("apply", "--yes")
    assert (status, document["failed"]["kind"]) == (1, "actions")
    assert 'forge.leave = ["actions"]' in document["error"]["hint"]
    assert document["not_tried"]
    repo.faults.clear()
    left = ("--set", "forge.leave=actions merging")
    repo.asked.clear()
    status, document, _ = forge("apply", "--yes", *left)
    assert status == 0
    assert not {"actions", "merging"} & {one["kind"] for one in document["done"]}
    assert not [asked for asked in repo.asked if asked.endswith("/actions/permissions")], "what is left is not read"
    assert repo.settings.actions["sha_pinning_required"] is False
    assert "left to someone else: actions, merging" in " ".join(document["notes"])
    assert forge("plan", "--exit-code", *left)[0] == 0
    assert forge("plan", "--exit-code")[0] == 1
    status, document, _ = forge("plan", "--set", "forge.leave=nothing")
    assert (status, document["error"]["code"]) == (2, "bad-setting")


def test_actions_that_are_not_pinned_are_reported_and_go_on(play: DrillEnv, forge: Any) -> None:
    play.testbed.repo.settings.actions["sha_pinning_required"] = False
    folder = play.runner.folder / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text("on: push\njobs:\n  x:\n    runs-on: x\n    steps:\n      - uses: a/b@v4\n")
    (folder / "broken.yml").write_text("{")
    (folder / "notes.txt").write_text("no workflow")
    assert forge("apply", "--yes")[0] == 0
    assert play.testbed.repo.settings.actions["sha_pinning_required"] is False
    _, document, _ = forge("plan")
    assert any("not required yet because of a/b@v4 in .github/workflows/x.yml" in note for note in document["notes"])
    play.testbed.repo.settings.actions["sha_pinning_required"] = True
    _, document, _ = forge("plan")
    assert any("GitHub does not run a/b@v4 in .github" in note for note in document["notes"])
    play.testbed.repo.settings.actions["sha_pinning_required"] = False
    (folder / "x.yml").unlink()
    assert forge("apply", "--yes")[0] == 0
    assert play.testbed.repo.settings.actions["sha_pinning_required"] is True


def test_what_others_demand_besides_is_reported(repo: FakeRepository, forge: Any) -> None:
    assert forge("apply", "--yes")[0] == 0
    repo.rules.add({
        "name": "theirs", "target": "branch", "enforcement": "active", "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
        "rules": [
            {"type": "pull_request", "parameters": {
                "required_approving_review_count": 2, "allowed_merge_methods": ["merge"],
                "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
                "require_last_push_approval": False, "required_review_thread_resolution": False,
            }},
            {"type": "required_status_checks", "parameters": {
                "strict_required_status_checks_policy": False, "required_status_checks": [{"context": "theirs"}],
            }},
            {"type": "required_signatures"}, {"type": "deletion"},
        ],
    })  # fmt: skip
    repo.rules.classic["main"] = {
        "required_status_checks": {"strict": False, "checks": [{"context": "old"}]}, "enforce_admins": False,
        "restrictions": None, "required_pull_request_reviews": {"required_approving_review_count": 1},
    }  # fmt: skip
    notes = " | ".join(forge("plan")[1]["notes"])
    assert "besides, the ruleset 'theirs' of rehearsal/obk demands 2 reviews, no squash merges" in notes
    assert "the check 'theirs', required signatures" in notes
    assert "besides, classic branch protection demands 1 review, the check 'old'" in notes


def test_left_settings_are_not_read(repo: FakeRepository, forge: Any) -> None:
    repo.faults += [Fault(403, "Forbidden by the organization", method="GET", path="/actions/permissions")] * 9
    left = "forge.leave=actions workflow-permissions fork-approval label protection"
    assert forge("plan", "--set", left)[0] == 0
    assert forge("plan")[1]["error"]["code"] == "forge-permission"
    repo.faults.clear()
    repo.settings.environments.clear()
    _, document, _ = forge("plan", "--set", "forge.leave=environment")
    assert any("waits for the environment pypi" in note for note in document["notes"])
    assert not [one for one in document["changes"] if one["kind"] == "secret"]


def test_reviews_that_others_ask_for_stay_until_they_may_go(repo: FakeRepository, forge: Any) -> None:
    repo.rules.rulesets.clear()
    repo.rules.classic["main"] = {
        "required_status_checks": None, "enforce_admins": True, "restrictions": None,
        "required_pull_request_reviews": {"required_approving_review_count": 2},
    }  # fmt: skip
    _, document, _ = forge("apply", "--yes")
    assert document["kept"] == ["2 of 2 reviews"]
    written = repo.rules.classic["main"]["required_pull_request_reviews"]
    assert written["required_approving_review_count"] == 2
    forge("apply", "--yes", "--allow-remove")
    written = repo.rules.classic["main"]["required_pull_request_reviews"]
    assert written["required_approving_review_count"] == 0


def test_what_is_done_without_asking_is_shown_too(repo: FakeRepository, forge: Any) -> None:
    repo.rules.rulesets.clear()
    _, _, said = forge("apply", "--yes")
    for words in ("+ protection main", "force pushes: no", "deletions: no", "bypass actors: none", "reviews: 0"):
        assert words in said


def test_an_app_or_gh_may_be_the_one_who_asks(play: DrillEnv, repo: FakeRepository, forge: Any, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = tmp_path / "app.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    repo.apps[7] = public.decode()
    repo.app_permissions = {EVERYTHING: "write"}
    repo.access["app-7[bot]"] = "admin"
    app = {"GH_TOKEN": "", "GITHUB_TOKEN": "", "MERGESHIP_APP_ID": "7"}
    assert forge("plan", **app, MERGESHIP_APP_KEY_FILE=str(pem))[0] == 0
    status, document, _ = forge("plan", **app, MERGESHIP_APP_KEY_FILE=str(tmp_path / "none"))
    assert (status, document["error"]["code"]) == (2, "app-key")
    (tmp_path / "bad.pem").write_text("not a key")
    status, document, _ = forge("plan", **app, MERGESHIP_APP_KEY_FILE=str(tmp_path / "bad.pem"))
    assert (status, "no private key in PEM" in document["error"]["message"]) == (2, True)
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n[ \"$*\" = 'auth token --hostname 127.0.0.1' ] && echo {play.testbed.person}\n")
    program.chmod(0o755)
    path = f"{program.parent}:{play.testbed.box.env['PATH']}"
    assert forge("plan", GH_TOKEN="", GITHUB_TOKEN="", PATH=path)[0] == 0
    assert forge("plan", GH_TOKEN="of another server", GH_ENTERPRISE_TOKEN=play.testbed.person)[0] == 0
    program.write_text("#!/bin/sh\nexit 1\n")
    status, document, _ = forge("plan", GH_TOKEN="", GITHUB_TOKEN="", PATH=path)
    assert (status, document["error"]["code"]) == (2, "forge-permission")
