"""The embedded forge, asked over HTTP and by git."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.drills.env import DrillEnv
from mergeship.world.fault import Fault
from mergeship.world.forge.accounts import Grant
from mergeship.world.forge.merging import Method
from tests.testbeds import drill_env


@pytest.fixture
def drill(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        yield made


def ask(drill: DrillEnv, path: str, token: str | None = "", **data: Any) -> tuple[int, Any]:
    """In a process of its own: a connection that a broken server leaves is a warning, and an error here."""
    url = f"{drill.testbed.forge}/api/{path}"
    given = drill.testbed.token if token == "" else token
    headers = {"Authorization": f"token {given}"} if given else {}
    body = json.dumps(data).encode() if data else None
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - of our own server
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def api(path: str) -> str:
    return f"v3/repos/rehearsal/obk/{path}"


def test_a_commit_leads_to_its_pull_request(drill: DrillEnv) -> None:
    commit = drill.merged("the body", "feat: x", labels=("deploy",))
    status, (found,) = ask(drill, api(f"commits/{commit}/pulls"))
    assert status == 200
    assert (found["number"], found["title"], found["body"], found["state"]) == (1, "feat: x", "the body", "closed")
    assert (found["merge_commit_sha"], found["base"]["ref"]) == (commit, "main")
    assert found["head"]["repo"]["full_name"] == "rehearsal/obk"
    assert [label["name"] for label in found["labels"]] == ["deploy"]
    assert found["merged_at"].endswith("Z")
    assert ask(drill, api("commits/" + "1" * 40 + "/pulls"))[0] == 422
    whole = ask(drill, api("pulls/1"))[1]
    assert (whole["merged"], whole["changed_files"]) == (True, 0)
    assert ask(drill, api("pulls/9")) == (404, {
        "message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404",
    })  # fmt: skip


def test_files_are_those_that_changed(drill: DrillEnv) -> None:
    drill.merged(changes={"README.md": "new", "docs/x.md": "x"})
    found = ask(drill, api("pulls/1/files"))[1]
    assert [(file["filename"], file["status"]) for file in found] == [("README.md", "modified"), ("docs/x.md", "added")]
    assert [file["filename"] for file in ask(drill, api("pulls/1/files?per_page=1&page=2"))[1]] == ["docs/x.md"]


@pytest.mark.parametrize(("method", "commits", "parents"), [("squash", 1, 1), ("rebase", 1, 1), ("merge", 1, 2)])
def test_the_three_ways_to_merge(drill: DrillEnv, method: Any, commits: int, parents: int) -> None:
    before = drill.main
    commit = drill.merged(title="feat: x", method=method, changes={"x": "x"})
    assert len(drill.bare.git("rev-list", "--first-parent", f"{before}..{commit}").split()) == commits
    assert len(drill.bare.git("log", "-1", "--format=%P", commit).split()) == parents
    assert drill.bare.git("show", f"{commit}:x") == "x"
    assert ask(drill, api(f"commits/{commit}/pulls"))[1][0]["number"] == 1


def test_stacked_pull_requests_each_bring_their_own(drill: DrillEnv) -> None:
    repo, start = drill.testbed.repo, drill.main
    low = drill.commit(start, {"low": "1"}, "feat: low")
    high = drill.commit(low, {"high": "1"}, "feat: high")
    drill.bare.git("update-ref", "refs/heads/low", low)
    drill.bare.git("update-ref", "refs/heads/high", high)
    first, second = repo.propose("low", "feat: low", ""), repo.propose("high", "feat: high", "")
    one, other = repo.merge(first.number, "rebase"), repo.merge(second.number, "squash")
    assert [found["number"] for found in ask(drill, api(f"commits/{one}/pulls"))[1]] == [1]
    assert [found["number"] for found in ask(drill, api(f"commits/{other}/pulls"))[1]] == [2]
    assert drill.bare.git("show", f"{other}:high") == "1"


def test_a_conflict_is_not_merged(drill: DrillEnv) -> None:
    from mergeship.errors import Failed

    repo, start = drill.testbed.repo, drill.main
    for name in ("one", "two"):
        commit = drill.commit(start, {"README.md": name}, f"feat: {name}")
        drill.bare.git("update-ref", f"refs/heads/{name}", commit)
        repo.propose(name, f"feat: {name}", "")
    repo.merge(1)
    methods: tuple[Method, ...] = ("squash", "rebase", "merge")
    for method in methods:
        with pytest.raises(Failed, match="conflicts"):
            repo.merge(2, method)


def test_rights_are_asked_for(drill: DrillEnv) -> None:
    drill.merged()
    assert ask(drill, api("pulls/1"), "wrong")[1]["message"] == "Bad credentials"
    assert ask(drill, api("pulls/1"), None)[0] == 200  # the repository is public
    drill.testbed.repo.tokens["poor"] = Grant("x", {"contents": "read"})
    status, said = ask(drill, api("pulls/1"), "poor")
    assert (status, said["message"]) == (403, "Resource not accessible by personal access token")
    assert ask(drill, api("collaborators/maintainer/permission"))[1]["permission"] == "admin"
    assert ask(drill, api("collaborators/nobody/permission"))[0] == 404
    assert ask(drill, api("collaborators/maintainer/permission"), None)[0] == 401
    assert ask(drill, api("nothing/like/this"))[0] == 404


def test_edits_are_read_by_graphql(drill: DrillEnv) -> None:
    drill.merged()
    asked: Any = {"query": "lastEditedAt editor", "variables": {"number": 1}}
    told = {"lastEditedAt": None, "editor": None}
    assert ask(drill, "graphql", **asked)[1] == {"data": {"repository": {"pullRequest": told}}}
    drill.testbed.repo.edit(1, "other", "evil")
    found = ask(drill, "graphql", **asked)[1]["data"]["repository"]["pullRequest"]
    assert found["editor"] == {"login": "evil"}
    assert "errors" in ask(drill, "graphql", query="lastEditedAt", variables={"number": 9})[1]
    assert ask(drill, "graphql", None, **asked)[0] == 401


def test_it_lags_and_fails_on_purpose(drill: DrillEnv) -> None:
    commit = drill.merged()
    drill.testbed.repo.lag = 1
    path = api(f"commits/{commit}/pulls")
    assert [len(ask(drill, path)[1]) for _ in range(2)] == [0, 1]
    drill.testbed.repo.faults.append(Fault(502, "Server Error", path="/pulls"))
    assert [ask(drill, path)[0] for _ in range(2)] == [502, 200]
    assert drill.testbed.repo.asked[-1] == f"GET /api/{path}"


def test_a_run_s_artifacts_are_listed_and_downloaded(drill: DrillEnv, tmp_path: Path) -> None:
    folder = drill.testbed.repo.artifacts / "7" / "dist"
    folder.mkdir(parents=True)
    (folder / "x.whl").write_bytes(b"bytes")
    (found,) = ask(drill, api("actions/runs/7/artifacts"))[1]["artifacts"]
    assert (found["name"], found["size_in_bytes"], found["workflow_run"]["id"]) == ("dist", 5, 7)
    assert ask(drill, api("actions/runs/8/artifacts"))[1]["total_count"] == 0
    url = found["archive_download_url"]
    target = tmp_path / "x.zip"
    curl = ["curl", "-sf", "-H", f"Authorization: Bearer {drill.testbed.token}", "-o", str(target), url]
    subprocess.run(curl, check=True)
    listed = subprocess.run(
        ["python3", "-m", "zipfile", "-l", str(target)], capture_output=True, text=True, check=True
    ).stdout
    assert "x.whl" in listed
    assert ask(drill, api("actions/artifacts/9/zip"))[0] == 404
    assert ask(drill, api("actions/artifacts/1/zip"), None)[0] == 401


def ruled(drill: DrillEnv, include: str, *rules: dict[str, Any], exclude: tuple[str, ...] = ()) -> None:
    """One ruleset, and no other one."""
    about = {"ref_name": {"include": [include], "exclude": list(exclude)}}
    repo = drill.testbed.repo
    repo.rules.rulesets.clear()
    repo.rules.add({
        "name": "x", "target": "branch", "enforcement": "active", "conditions": about, "rules": list(rules)
    })  # fmt: skip
    repo.enforce()


def pushed(drill: DrillEnv, words: str) -> str:
    folder, env = drill.runner.folder, {**drill.testbed.box.env, **drill.testbed.login(drill.testbed.person)}
    command = ["git", "push", "origin", words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stderr


def test_a_ruleset_may_leave_branches_out(drill: DrillEnv) -> None:
    ruled(drill, "~ALL", {"type": "creation"}, exclude=("refs/heads/feature/*", "refs/heads/fix/*"))
    assert "GH013" in pushed(drill, "HEAD:refs/heads/other")
    for branch in ("feature/x", "fix/y"):
        assert "new branch" in pushed(drill, f"HEAD:refs/heads/{branch}")


def test_linear_history_takes_no_merge_commit(drill: DrillEnv) -> None:
    from mergeship.world.forge.merging import PERSON

    ruled(drill, "refs/heads/main", {"type": "required_linear_history"})
    git = drill.runner.repository.git
    one, two = (git(*PERSON, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", name).strip() for name in "ab")
    merge = git(*PERSON, "commit-tree", "HEAD^{tree}", "-p", one, "-p", two, "-m", "merge").strip()
    assert "must not contain merge commits" in pushed(drill, f"{merge}:refs/heads/main")
    assert "GH013" not in pushed(drill, f"{one}:refs/heads/main")


def test_a_rule_says_how_pull_requests_are_merged(drill: DrillEnv) -> None:
    ruled(drill, "refs/heads/main", {"type": "pull_request", "parameters": {"allowed_merge_methods": ["rebase"]}})
    drill.bare.git("update-ref", "refs/heads/x", drill.commit(drill.main, {}, "x"))
    drill.testbed.repo.propose("x", "x", "")
    url = f"{drill.testbed.forge}/api/{api('pulls/1/merge')}"
    body = json.dumps({"merge_method": "squash"}).encode()
    login = {"Authorization": f"token {drill.testbed.person}"}
    request = urllib.request.Request(url, body, login, method="PUT")  # noqa: S310 - of our own server
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):  # noqa: S310
        pass
    with refused.value as answer:
        assert (answer.code, "Squash merges are not allowed" in answer.read().decode()) == (405, True)


def test_what_is_known_already_costs_nothing(drill: DrillEnv) -> None:
    url = f"{drill.testbed.forge}/api/{api('labels')}"
    login = {"Authorization": f"token {drill.testbed.person}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=login)) as answer:  # noqa: S310
        left, etag = answer.headers["x-ratelimit-remaining"], answer.headers["etag"]
    request = urllib.request.Request(url, headers={**login, "If-None-Match": etag})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as same, urllib.request.urlopen(request):  # noqa: S310
        pass
    with same.value as answer:
        assert (answer.code, answer.headers["x-ratelimit-remaining"]) == (304, left)


def test_git_pushes_with_a_token_that_may_write(drill: DrillEnv, tmp_path: Path) -> None:
    url = f"{drill.testbed.forge}/rehearsal/obk.git"
    drill.testbed.repo.tokens["reader"] = Grant("x", {"contents": "read"})

    def git(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert git("clone", "--quiet", url, "clone").returncode == 0
    clone = str(tmp_path / "clone")
    assert git("-C", clone, "checkout", "--quiet", "-b", "x").returncode == 0
    assert git("-C", clone, "commit", "--quiet", "--allow-empty", "-m", "x").returncode == 0
    refused = git("-C", clone, "-c", "credential.helper=", "push", url.replace("//", "//x:reader@"), "x")
    assert "403" in refused.stderr
    pushed = git("-C", clone, "push", url.replace("//", f"//x:{drill.testbed.token}@"), "x")
    assert pushed.returncode == 0, pushed.stderr
    protected = git("-C", clone, "push", url.replace("//", f"//x:{drill.testbed.token}@"), "x:main")
    assert "GH013: Repository rule violations found for refs/heads/main." in protected.stderr
