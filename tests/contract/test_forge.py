"""The embedded forge answers as GitHub's own description of its API has it, and the product asks so."""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters.github.connection import RequestRefused
from mergeship.commands.decide import decide
from mergeship.commands.forge_apply import forge_apply
from mergeship.commands.forge_plan import forge_plan
from mergeship.commands.gate import gate
from mergeship.commands.sync import sync
from mergeship.core.progress import Event
from mergeship.core.result import Applied
from mergeship.drills.env import NO_SHIP, SHIP, DrillEnv
from mergeship.pipeline.forging import Wanted
from mergeship.rehearsal import events
from mergeship.world.forge import app
from mergeship.world.forge.records import Run, SelfHostedRunner
from tests.contract.github import FOLDER, Exchange, Recorder, invalid, problems
from tests.testbeds import drill_env

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="GitHub's description of its API is not here: npm fetches it (make contract)"
)


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    """Everything that is said to any forge of the test."""
    found: list[Exchange] = []
    real = app.application
    monkeypatch.setattr(app, "application", lambda repo: Recorder(real(repo), found))
    return found


@pytest.fixture
def play(wheel_cache: Path, exchanges: list[Exchange]) -> Iterator[DrillEnv]:
    assert exchanges == []
    with drill_env(wheel_cache) as made:
        yield made


def apply(folder: Path, environ: dict[str, str], *, allow_remove: bool = False) -> Applied:
    wanted = Wanted(allow_remove)
    return forge_apply(folder, environ, quiet, plan=None, wanted=wanted, agreed=lambda _: None, token=lambda: "pypi-x")


def quiet(_: Event) -> None:
    """Tell nobody."""


def held_against_github(exchanges: list[Exchange]) -> Counter[str]:
    """All exchanges of the API but GraphQL's, by method; none of them with a problem."""
    asked = [one for one in exchanges if one.url.startswith("/api/") and "graphql" not in one.url]
    wrong = {repr(one): found for one in asked if (found := list(problems(one)))}
    assert not wrong, json.dumps(wrong, indent=2)
    return Counter(one.method for one in asked)


def test_requests_and_answers_fit_the_description(play: DrillEnv, exchanges: list[Exchange]) -> None:
    testbed, repo = play.testbed, play.testbed.repo
    repo.rules.rulesets.clear()
    repo.enforce()
    repo.settings.secrets.clear()
    person = {**testbed.by_person, "XDG_STATE_HOME": str(play.runner.state)}
    folder = play.runner.folder
    for _ in range(2):
        plan = forge_plan(folder, person, quiet)
        applied = apply(folder, person)
        assert applied.error is None
        assert len(applied.done) == len(plan.changes)
    assert plan.changes == ()
    play.merged(SHIP)
    repo.edit(1, SHIP, "maintainer")
    play.shipped()
    job = play.runner.env()
    settings = job["MERGESHIP_SET"].splitlines()
    play.runner.at(play.main)
    assert sync(folder, job, quiet, settings).action == "opened"
    assert sync(folder, job, quiet, settings).action == "unchanged"
    play.merged(NO_SHIP)
    assert decide(folder, job, quiet, settings, dry_run=True).decision == "skip"
    assert gate(folder, job, quiet, settings, pull=2).decision == "skip"
    repo.bare.git("update-ref", "refs/heads/main", play.commit(play.main, {
        "pyproject.toml": play.bare.git("show", "main:pyproject.toml").replace('"0.1.0"', '"0.2.0"'),
    }, "feat: by hand"))  # fmt: skip
    play.runner.at(play.main)
    assert sync(folder, job, quiet, settings).action == "closed"
    repo.former_names.add("rehearsal/old")
    with pytest.raises(RequestRefused, match="Moved Permanently"):
        forge_plan(folder, {**person, "GITHUB_REPOSITORY": "rehearsal/old"}, quiet)
    found = held_against_github(exchanges)
    assert {"GET", "POST", "PUT", "PATCH"} <= set(found)
    assert sum(found.values()) > 100


def test_classic_protection_and_removals(play: DrillEnv, exchanges: list[Exchange]) -> None:
    testbed, repo = play.testbed, play.testbed.repo
    repo.rules.rulesets.clear()
    repo.rules.classic["main"] = {
        "required_status_checks": {"strict": False, "contexts": ["old"]}, "enforce_admins": False, "restrictions": None,
        "required_pull_request_reviews": {"bypass_pull_request_allowances": {"users": ["maintainer"]}},
    }  # fmt: skip
    repo.access["second"] = "write"
    for _ in range(2):
        assert apply(play.runner.folder, testbed.by_person, allow_remove=True).error is None
    written = repo.rules.classic["main"]
    assert written["enforce_admins"] is True
    assert [one["context"] for one in written["required_status_checks"]["checks"]] == ["Gate", "Test the pull request"]
    assert not any(written["required_pull_request_reviews"]["bypass_pull_request_allowances"].values())
    assert held_against_github(exchanges)["PUT"] >= 1


REQUESTS: tuple[tuple[str, str, dict[str, Any] | None, int], ...] = (
    ("GET", "", None, 200),
    ("GET", "/collaborators", None, 200),
    ("GET", "/collaborators/maintainer/permission", None, 200),
    ("GET", "/rules/branches/main", None, 200),
    ("GET", "/rulesets/1", None, 200),
    ("DELETE", "/rulesets/1", None, 204),
    ("GET", "/rulesets/1", None, 404),
    ("GET", "/branches/main/protection", None, 404),
    ("GET", "/environments", None, 200),
    ("GET", "/environments/pypi", None, 200),
    ("GET", "/environments/pypi/deployment-branch-policies", None, 200),
    ("GET", "/environments/pypi/secrets", None, 200),
    ("GET", "/environments/pypi/secrets/PYPI_API_TOKEN", None, 404),
    ("GET", "/actions/secrets", None, 200),
    ("GET", "/actions/secrets/public-key", None, 200),
    ("DELETE", "/environments/pypi", None, 204),
    ("GET", "/labels", None, 200),
    ("POST", "/labels", {"name": "bug", "color": "ffffff"}, 422),
    ("GET", "/pulls?state=all", None, 200),
    ("GET", "/pulls/1", None, 200),
    ("GET", "/pulls/1/files", None, 200),
    ("GET", "/pulls/1/reviews", None, 200),
    ("POST", "/pulls/1/reviews", {"event": "APPROVE"}, 200),
    ("POST", "/issues/1/comments", {"body": "x"}, 201),
    ("GET", "/issues/1/comments", None, 200),
    ("PUT", "/pulls/1/merge", {"merge_method": "squash", "sha": "0" * 40}, 409),
    ("PUT", "/pulls/1/merge", {"merge_method": "squash"}, 200),
    ("PUT", "/pulls/1/merge", {"merge_method": "squash"}, 405),
    ("GET", "/commits/{main}/pulls", None, 200),
    ("POST", "/statuses/{main}", {"state": "success", "context": "x"}, 201),
    ("GET", "/commits/{main}/status", None, 200),
    ("GET", "/commits/{main}/check-runs", None, 200),
    ("GET", "/actions/runs", None, 200),
    ("GET", "/actions/runs/7/artifacts", None, 200),
    ("GET", "/actions/runners", None, 200),
    ("GET", "/actions/runners/1", None, 200),
    ("GET", "/actions/runners/downloads", None, 200),
    ("POST", "/actions/runners/registration-token", {}, 201),
    ("POST", "/actions/runners/remove-token", {}, 201),
    ("DELETE", "/actions/runners/1", None, 204),
    ("POST", "/releases", {"tag_name": "v9", "draft": True, "name": "nine"}, 201),
    ("PATCH", "/releases/{release}", {"draft": False}, 200),
    ("GET", "/releases", None, 200),
    ("GET", "/releases/tags/v9", None, 200),
    ("GET", "/releases/{release}/assets", None, 200),
    ("POST", "/releases", {"tag_name": "v9"}, 422),
    ("GET", "/releases/{release}", None, 200),
    ("DELETE", "/releases/{release}", None, 204),
    ("GET", "/actions/permissions", None, 200),
    ("GET", "/actions/permissions/workflow", None, 200),
    ("GET", "/actions/permissions/fork-pr-contributor-approval", None, 200),
)


def test_every_address_answers_in_github_s_shape(play: DrillEnv, exchanges: list[Exchange]) -> None:
    testbed, repo = play.testbed, play.testbed.repo
    head = play.commit(play.main, {"x": "x"}, "feat: x")
    play.bare.git("update-ref", "refs/heads/feature/x", head)
    repo.propose("feature/x", "feat: x", SHIP, author="other", labels=("deploy",))
    repo.access["other"] = "write"
    repo.report(head, "Gate", "success")
    repo.runners[1] = SelfHostedRunner(1, "one")
    repo.runs.append(
        Run(
            number=7,
            workflow=".github/workflows/ci-cd.yml",
            event="push",
            branch="main",
            commit=head,
            began=repo.clock(),
        )
    )
    (repo.artifacts / "7" / "dist").mkdir(parents=True)
    call = client(testbed.person, f"{testbed.forge}/api/v3/repos/{repo.name}")
    assert call("PUT", "/environments/pypi", {
        "wait_timer": 5, "reviewers": None,
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }) == 200  # fmt: skip
    for method, path, body, status in REQUESTS:
        filled = path.replace("{main}", play.main).replace("{release}", str(next(iter(repo.releases), 0)))
        assert call(method, filled, body) == status, f"{method} {filled}"
        if path == "/releases" and status == 201:
            release = next(iter(repo.releases))
            upload = client(
                testbed.person, f"{testbed.forge}/api/uploads/repos/{repo.name}", "application/octet-stream"
            )
            assert upload("POST", f"/releases/{release}/assets?name=x.zip", b"bytes") == 201
            assert upload("POST", f"/releases/{release}/assets?name=x.zip", b"bytes") == 422
    apps = client("", f"{testbed.forge}/api/v3")
    assert apps("GET", "/apps/github-actions", None) == 200
    held_against_github(exchanges)


def client(token: str, base: str, kind: str = "application/json") -> Callable[[str, str, Any], int]:
    """Asks, and gives the status back."""

    def call(method: str, path: str, body: Any) -> int:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {token}"} if token else {}
        headers |= {"Content-Type": kind} if data is not None else {}
        request = urllib.request.Request(base + path, data, headers, method=method)  # noqa: S310 - of our own server
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    return call


def test_events_are_those_of_github(play: DrillEnv) -> None:
    play.merged(SHIP)
    testbed, repo = play.testbed, play.testbed.repo
    merge = testbed.origin.pulled(play.before, play.main, "feat: x")
    assert invalid("webhook-push", events.pushed(repo, testbed.forge, merge).payload) == []
    head = play.commit(play.main, {"x": "x"}, "feat: x")
    play.bare.git("update-ref", "refs/heads/feature/x", head)
    pull_request = repo.propose("feature/x", "feat: x", SHIP)
    for action in ("opened", "edited"):
        event = events.pull_request(repo, testbed.forge, pull_request, action)
        assert invalid(f"webhook-pull-request-{action}", event.payload) == []


def test_the_judge_sees_what_is_wrong() -> None:
    """A check that cannot fail would show nothing."""
    exchange = Exchange("POST", "/api/v3/repos/o/r/labels", {"content-type": "application/json"})
    exchange.asked, exchange.status, exchange.answered = b'{"colour": 1}', 201, b'{"id": "one"}'
    exchange.answer_headers = {"content-type": "application/json"}
    found = "\n".join(problems(exchange))
    assert "'name' is a required property" in found
    assert "'node_id' is a required property" in found
    exchange.status = 299
    assert any("does not answer 299" in problem for problem in problems(exchange))
    assert invalid("webhook-push", {"ref": 1})
