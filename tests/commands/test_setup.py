"""`mergeship setup`, on the embedded forge, with the workflows on act."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.core import setup as steps
from mergeship.core.setup import CheckState, checked
from mergeship.drills.env import DrillEnv
from mergeship.world.fault import Fault
from mergeship.world.forge.accounts import EVERYTHING, Grant
from mergeship.world.forge.records import SelfHostedRunner
from mergeship.world.forge.rules import Rules
from tests.commands.automation import automation_of
from tests.testbeds import drill_env

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def play(wheel_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DrillEnv]:
    monkeypatch.setattr("mergeship.commands.setup.PAUSE", 0.1)
    with drill_env(wheel_cache, "test.command=python -c pass") as made:
        made.testbed.repo.rules = Rules()
        made.testbed.repo.enforce()
        made.testbed.repo.runners[1] = SelfHostedRunner(1, "one")
        yield made


@pytest.fixture
def setup(play: DrillEnv, cli: Cli) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """The verb with --json, as the maintainer."""

    def call(*words: str, **more: str) -> tuple[int, dict[str, Any], str]:
        environ = {**play.testbed.by_person, "PYPI_API_TOKEN": play.testbed.catalog.token, **more}
        environ["XDG_STATE_HOME"] = str(play.runner.state)
        status, out, err = cli("setup", str(play.runner.folder), "--json", *words, environ=environ)
        return status, json.loads(out), out + err

    return call


@pytest.mark.network
def test_from_nothing_to_the_first_release(play: DrillEnv, setup: Any) -> None:
    before = play.runner.repository.git("status", "--porcelain")
    with automation_of(play.testbed) as failed:
        status, document, said = setup("--yes")
        assert status == 0, said
        assert (document["version"], document["pull"], document["repository"]) == ("0.1.1", 1, "rehearsal/obk")
        assert play.testbed.catalog.token not in said
    assert failed == []
    play.complete("0.1.1")
    assert play.bare.git("show", "main:.github/workflows/ci-cd.yml").startswith("# Written by `mergeship init`")
    assert play.runner.repository.git("status", "--porcelain") == before  # what a person has checked out is not touched
    assert [one.title for one in play.testbed.repo.pull_requests.values()] == [
        steps.TITLE,
        "ci: update version to 0.1.1",
    ]
    asked = len(play.testbed.repo.asked)
    status, document, _ = setup()
    assert (status, document["version"], document["changed"]) == (0, "0.1.1", 0)
    assert not [one for one in play.testbed.repo.asked[asked:] if not one.startswith(("GET", "POST /rehearsal"))]


def test_nothing_is_done_unseen(play: DrillEnv, setup: Any) -> None:
    status, document, _ = setup()
    assert (status, document["error"]["code"]) == (2, "not-agreed")
    assert play.testbed.repo.rules.rulesets == {}
    assert play.testbed.repo.pull_requests == {}


def test_it_goes_on_from_where_it_stands(play: DrillEnv, setup: Any) -> None:
    """Each step fails once, and nothing is done twice."""
    repo = play.testbed.repo
    repo.faults += [Fault(422, "Validation Failed", method="POST", path="/labels")]
    status, document, _ = setup("--yes")
    assert (status, document["error"]["code"], repo.pull_requests) == (1, "forge-refused", {})
    repo.faults.append(Fault(422, "Validation Failed", method="POST", path="/pulls"))
    assert setup("--yes")[0] == 1
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "waiting for" in said
    (pull_request,) = repo.pull_requests.values()
    assert "[x] Deployment PR" in pull_request.body
    assert sorted(path for _, path, _ in repo.files(pull_request)) == [
        ".github/pull_request_template.md", ".github/workflows/ci-cd.yml", ".github/workflows/ci.yml",
    ]  # fmt: skip
    repo.report(pull_request.head, "Gate", "failure")
    status, document, _ = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "checks-failed")
    assert pull_request.branch in document["error"]["hint"]
    repo.report(pull_request.head, "Gate", "success")
    repo.report(pull_request.head, "Test the pull request", "success")
    repo.access["second"] = "write"  # from now on a review is needed
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "approving review is required" in said
    reviewer = repo.new_token(Grant("second", {EVERYTHING: "write"}))
    assert reviewer
    pull_request.reviews = {"second": "APPROVED"}
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "the pipeline runs" in said
    assert pull_request.merged
    play.before = f"{play.main}^1"
    play.runner.at(play.main)
    version = play.claimed(event={"ref": "refs/heads/main", "before": play.bare.resolved("main^1"), "after": play.main})
    assert play.deploy().status == 0
    status, document, _ = setup("--yes")
    assert (status, document["version"], document["pull"]) == (0, version, 1)
    assert len(repo.pull_requests) == 1


def test_a_run_that_fails_or_ships_nothing_is_reported(play: DrillEnv, setup: Any) -> None:
    from mergeship.core import workflow
    from mergeship.world.forge.records import Run

    repo = play.testbed.repo
    setup("--yes", "--wait", "1")
    for context in ("Gate", "Test the pull request"):
        repo.report(repo.pull_requests[1].head, context, "success")
    setup("--yes", "--wait", "1")
    run = Run(number=7, workflow=workflow.PATH, event="push", branch="main", commit=play.main, began=repo.clock())
    repo.runs.append(run)
    run.conclusion = "failure"
    assert setup("--yes", "--wait", "1")[1]["error"]["code"] == "pipeline-failed"
    run.conclusion = "success"
    assert setup("--yes", "--wait", "5")[1]["error"]["code"] == "nothing-shipped"


def by_hand(play: DrillEnv) -> None:
    """The pipeline's files came to main without `mergeship setup`."""
    from mergeship.adapters.files import template
    from mergeship.core.settings import Settings
    from mergeship.core.workflow import TEMPLATES, render

    files = {name: render(template(source), Settings()) for name, source in TEMPLATES.items()}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: by hand"))


def test_where_the_files_are_there_a_pull_request_that_changes_nothing_is_released(play: DrillEnv, setup: Any) -> None:
    by_hand(play)
    status, document, _ = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    (pull_request,) = play.testbed.repo.pull_requests.values()
    assert play.testbed.repo.files(pull_request) == []
    for context in ("Gate", "Test the pull request"):
        play.testbed.repo.report(pull_request.head, context, "success")
    setup("--yes", "--wait", "1")
    assert pull_request.merged
    assert play.bare.git("rev-parse", "main^{tree}") == play.bare.git("rev-parse", "main^^{tree}")
    play.claimed(event={"ref": "refs/heads/main", "before": play.bare.resolved("main^"), "after": play.main})
    assert play.deploy().status == 0
    assert setup("--yes")[1]["version"] == "0.1.1"


def test_a_release_that_is_on_its_way_is_followed(play: DrillEnv, setup: Any) -> None:
    by_hand(play)
    play.merged()
    play.claimed()
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert len(play.testbed.repo.pull_requests) == 1
    assert document["changed"] > 0, said  # what was done is reported, whatever came after
    assert play.deploy().status == 0
    assert setup("--yes")[1]["version"] == "0.1.1"


def test_someone_else_s_pipeline_is_not_started(play: DrillEnv, setup: Any) -> None:
    theirs = "on: push\njobs:\n  all:\n    runs-on: self-hosted\n    steps:\n      - run: twine upload dist/*\n"
    files = {".github/workflows/ci-cd.yml": theirs}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: by hand"))
    status, document, _ = setup("--yes")
    assert (status, document["error"]["code"]) == (2, "other-pipeline")
    assert "mergeship init --force" in document["error"]["hint"]
    assert play.testbed.repo.rules.rulesets == {}
    assert play.testbed.repo.pull_requests == {}


def test_the_checks_are_those_of_main_and_of_what_is_missing(play: DrillEnv, setup: Any) -> None:
    """The checkout may be behind, and without any workflow."""
    from mergeship.adapters.files import template
    from mergeship.core.settings import Settings
    from mergeship.core.workflow import PATH, render

    files = {PATH: render(template("ci-cd.yml"), Settings()), ".github/workflows/x.yml": "on: push\njobs: {}\n"}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: half of it (#9)"))
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "waiting for Test the pull request, Gate" in said


def test_what_releases_already_is_reported_and_left_alone(play: DrillEnv, setup: Any) -> None:
    by_hand(play)
    play.merged()
    play.shipped()
    status, document, said = setup("--yes")
    assert (status, document["version"], document["pull"]) == (0, "0.1.1", 0), said
    assert len(play.testbed.repo.pull_requests) == 1
    assert play.testbed.repo.rules.rulesets  # the settings are seen to all the same


def test_a_missing_runner_is_reported_before_anything_is_done(
    play: DrillEnv, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    play.testbed.repo.runners.clear()
    terminal = io.StringIO("no\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    environ = {**play.testbed.by_person, "XDG_STATE_HOME": str(play.runner.state), "NO_COLOR": "1"}
    status, _, err = cli("setup", str(play.runner.folder), environ=environ)
    assert status == 2
    assert "no self-hosted runner is online" in err
    assert "+ pull request ci: release with mergeship from feature/mergeship-setup\n    adds .github/" in err
    assert "it will be followed through its checks, merged when they pass, and released to the index" in err


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([], "waiting"),
        ([CheckState("a", "success")], "waiting"),
        ([CheckState("a", "success"), CheckState("b", "")], "waiting"),
        ([CheckState("a", "success"), CheckState("b", "skipped"), CheckState("c", "failure")], "green"),
        ([CheckState("a", "failure", "http://x"), CheckState("b", "success")], "red"),
        ([CheckState("a", "failure"), CheckState("a", "success"), CheckState("b", "neutral")], "green"),
    ],
)
def test_how_checks_stand(said: list[CheckState], outcome: str) -> None:
    assert checked(("a", "b"), said).outcome == outcome
    assert checked((), []).words == "no check is required"
