"""`mergeship setup`, on the embedded forge, with the workflows on act."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.core import setup as steps
from mergeship.core.setup import Said, checked
from mergeship.drills.scene import Scene
from mergeship.rehearsal import engine
from mergeship.rehearsal.automation import Automation
from mergeship.world.fault import Fault
from mergeship.world.forge.hosting import EVERYTHING, Grant, Machine
from mergeship.world.forge.rules import Rules
from tests.scenes import scene

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def play(props: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("mergeship.commands.setup.PAUSE", 0.1)
    with scene(props, "test.command=python -c pass") as made:
        made.stage.hosting.rules = Rules()
        made.stage.hosting.enforce()
        made.stage.hosting.runners[1] = Machine(1, "one")
        yield made


@pytest.fixture
def setup(play: Scene, cli: Cli) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """The verb with --json, as the maintainer."""

    def call(*words: str, **more: str) -> tuple[int, dict[str, Any], str]:
        environ = {**play.stage.by_person, "PYPI_API_TOKEN": play.stage.catalog.token, **more}
        environ["XDG_STATE_HOME"] = str(play.runner.state)
        status, out, err = cli("setup", str(play.runner.folder), "--json", *words, environ=environ)
        return status, json.loads(out), out + err

    return call


@pytest.mark.network
def test_from_nothing_to_the_first_release(play: Scene, setup: Any) -> None:
    automation = Automation(play.stage, engine.find_act(play.stage.box.env["PATH"]), lambda _: None)
    before = play.runner.repository.git("status", "--porcelain")
    with automation.by_itself():
        status, document, said = setup("--yes")
        assert status == 0, said
        assert (document["version"], document["pull"], document["repository"]) == ("0.1.1", 1, "rehearsal/obk")
        assert play.stage.catalog.token not in said
    assert automation.failed == []
    play.complete("0.1.1")
    assert play.bare.git("show", "main:.github/workflows/ci-cd.yml").startswith("# Written by `mergeship init`")
    assert play.runner.repository.git("status", "--porcelain") == before  # what a person has checked out is not touched
    assert [one.title for one in play.stage.hosting.proposals.values()] == [steps.TITLE, "ci: update version to 0.1.1"]
    asked = len(play.stage.hosting.asked)
    status, document, _ = setup()
    assert (status, document["version"], document["changed"]) == (0, "0.1.1", 0)
    assert not [one for one in play.stage.hosting.asked[asked:] if not one.startswith(("GET", "POST /rehearsal"))]


def test_nothing_is_done_unseen(play: Scene, setup: Any) -> None:
    status, document, _ = setup()
    assert (status, document["error"]["code"]) == (2, "not-agreed")
    assert play.stage.hosting.rules.rulesets == {}
    assert play.stage.hosting.proposals == {}


def test_it_goes_on_from_where_it_stands(play: Scene, setup: Any) -> None:
    """Each step fails once, and nothing is done twice."""
    hosting = play.stage.hosting
    hosting.faults += [Fault(422, "Validation Failed", method="POST", path="/labels")]
    status, document, _ = setup("--yes")
    assert (status, document["error"]["code"], hosting.proposals) == (1, "forge-refused", {})
    hosting.faults.append(Fault(422, "Validation Failed", method="POST", path="/pulls"))
    assert setup("--yes")[0] == 1
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "waiting for" in said
    (proposal,) = hosting.proposals.values()
    assert "[x] Deployment PR" in proposal.body
    assert sorted(path for _, path, _ in hosting.files(proposal)) == [
        ".github/pull_request_template.md", ".github/workflows/ci-cd.yml", ".github/workflows/ci.yml",
    ]  # fmt: skip
    hosting.report(proposal.head, "Gate", "failure")
    status, document, _ = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "checks-failed")
    assert proposal.branch in document["error"]["hint"]
    hosting.report(proposal.head, "Gate", "success")
    hosting.report(proposal.head, "Test the pull request", "success")
    hosting.access["second"] = "write"  # from now on a review is needed
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "approving review is required" in said
    reviewer = hosting.new_token(Grant("second", {EVERYTHING: "write"}))
    assert reviewer
    proposal.reviews = {"second": "APPROVED"}
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "the pipeline runs" in said
    assert proposal.merged
    play.before = f"{play.main}^1"
    play.runner.at(play.main)
    version = play.claimed(event={"ref": "refs/heads/main", "before": play.bare.resolved("main^1"), "after": play.main})
    assert play.deploy().status == 0
    status, document, _ = setup("--yes")
    assert (status, document["version"], document["pull"]) == (0, version, 1)
    assert len(hosting.proposals) == 1


def test_a_run_that_fails_or_ships_nothing_is_told(play: Scene, setup: Any) -> None:
    from mergeship.core import workflow
    from mergeship.world.forge.hosting import Run

    hosting = play.stage.hosting
    setup("--yes", "--wait", "1")
    for context in ("Gate", "Test the pull request"):
        hosting.report(hosting.proposals[1].head, context, "success")
    setup("--yes", "--wait", "1")
    run = Run(number=7, workflow=workflow.PATH, event="push", branch="main", commit=play.main, began=hosting.clock())
    hosting.runs.append(run)
    run.conclusion = "failure"
    assert setup("--yes", "--wait", "1")[1]["error"]["code"] == "pipeline-failed"
    run.conclusion = "success"
    assert setup("--yes", "--wait", "5")[1]["error"]["code"] == "nothing-shipped"


def by_hand(play: Scene) -> None:
    """The pipeline's files came to main without `mergeship setup`."""
    from mergeship.adapters.files import template
    from mergeship.core.settings import Settings
    from mergeship.core.workflow import TEMPLATES, render

    files = {name: render(template(source), Settings()) for name, source in TEMPLATES.items()}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: by hand (#9)"))


def test_where_the_files_are_there_a_pull_request_that_changes_nothing_is_released(play: Scene, setup: Any) -> None:
    by_hand(play)
    status, document, _ = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    (proposal,) = play.stage.hosting.proposals.values()
    assert play.stage.hosting.files(proposal) == []
    for context in ("Gate", "Test the pull request"):
        play.stage.hosting.report(proposal.head, context, "success")
    setup("--yes", "--wait", "1")
    assert proposal.merged
    assert play.bare.git("rev-parse", "main^{tree}") == play.bare.git("rev-parse", "main^^{tree}")
    play.claimed(event={"ref": "refs/heads/main", "before": play.bare.resolved("main^"), "after": play.main})
    assert play.deploy().status == 0
    assert setup("--yes")[1]["version"] == "0.1.1"


def test_a_release_that_is_on_its_way_is_followed(play: Scene, setup: Any) -> None:
    by_hand(play)
    play.merged()
    play.claimed()
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert len(play.stage.hosting.proposals) == 1
    assert document["changed"] > 0, said  # what was done is told, whatever came after
    assert play.deploy().status == 0
    assert setup("--yes")[1]["version"] == "0.1.1"


def test_somebody_else_s_pipeline_is_not_started(play: Scene, setup: Any) -> None:
    theirs = "on: push\njobs:\n  all:\n    runs-on: self-hosted\n    steps:\n      - run: twine upload dist/*\n"
    files = {".github/workflows/ci-cd.yml": theirs}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: by hand (#9)"))
    status, document, _ = setup("--yes")
    assert (status, document["error"]["code"]) == (2, "other-pipeline")
    assert "mergeship init --force" in document["error"]["hint"]
    assert play.stage.hosting.rules.rulesets == {}
    assert play.stage.hosting.proposals == {}


def test_the_checks_are_those_of_main_and_of_what_is_missing(play: Scene, setup: Any) -> None:
    """The checkout may be behind, and without any workflow."""
    from mergeship.adapters.files import template
    from mergeship.core.settings import Settings
    from mergeship.core.workflow import PATH, render

    files = {PATH: render(template("ci-cd.yml"), Settings()), ".github/workflows/x.yml": "on: push\njobs: {}\n"}
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, files, "ci: half of it (#9)"))
    status, document, said = setup("--yes", "--wait", "1")
    assert (status, document["error"]["code"]) == (1, "still-waiting")
    assert "waiting for Test the pull request, Gate" in said


def test_what_releases_already_is_told_and_left_alone(play: Scene, setup: Any) -> None:
    by_hand(play)
    play.merged()
    play.shipped()
    status, document, said = setup("--yes")
    assert (status, document["version"], document["pull"]) == (0, "0.1.1", 0), said
    assert len(play.stage.hosting.proposals) == 1
    assert play.stage.hosting.rules.rulesets  # the settings are seen to all the same


def test_a_missing_runner_is_told_before_anything_is_done(
    play: Scene, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    play.stage.hosting.runners.clear()
    terminal = io.StringIO("no\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    environ = {**play.stage.by_person, "XDG_STATE_HOME": str(play.runner.state), "NO_COLOR": "1"}
    status, _, err = cli("setup", str(play.runner.folder), environ=environ)
    assert status == 2
    assert "no self-hosted runner is online" in err
    assert "+ pull request ci: release with mergeship from feature/mergeship-setup\n    adds .github/" in err
    assert "it is followed through its checks, merged when they are green, and released to the index" in err


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([], "waiting"),
        ([Said("a", "success")], "waiting"),
        ([Said("a", "success"), Said("b", "")], "waiting"),
        ([Said("a", "success"), Said("b", "skipped"), Said("c", "failure")], "green"),
        ([Said("a", "failure", "http://x"), Said("b", "success")], "red"),
        ([Said("a", "failure"), Said("a", "success"), Said("b", "neutral")], "green"),
    ],
)
def test_how_checks_stand(said: list[Said], outcome: str) -> None:
    assert checked(("a", "b"), said).outcome == outcome
    assert checked((), []).words == "no check is required"
