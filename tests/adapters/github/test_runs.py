import copy
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergeship.adapters.github import Forge, runs
from mergeship.adapters.github.shapes import WorkflowJob, shaped
from mergeship.core.workflow import PATH
from mergeship.drills.env import DrillEnv
from mergeship.errors import Held, Misconfigured
from mergeship.world.forge.records import Run
from tests.servers import raw_server
from tests.testbeds import drill_env


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        yield made


def test_a_run_is_read_with_its_jobs(play: DrillEnv) -> None:
    repo = play.testbed.repo
    jobs = {"Decide": "success", "Build": "in_progress", "Deploy": "queued", "Sync": "skipped"}
    repo.runs.append(
        Run(number=7, workflow=PATH, event="push", branch="main", commit=play.main, began=repo.clock(), jobs=jobs)
    )
    forge = Forge(play.testbed.by_person, repo.name, 30)
    answer = forge.ask(lambda ask: runs.run(ask, "7"))
    assert answer is not None
    run, read = answer
    assert (run.path, run.event, run.head_branch, run.head_sha) == (PATH, "push", "main", play.main)
    assert run.head_repository is not None
    assert run.head_repository.full_name == repo.name
    assert [job.name for job in read if job.begun] == ["Decide", "Build"]


def test_a_run_that_is_gone_or_never_was_is_none(play: DrillEnv) -> None:
    forge = Forge(play.testbed.by_person, play.testbed.repo.name, 30)
    answers = [forge.ask(lambda ask, n=n: runs.run(ask, n)) for n in ("8", "", "7/../8", "-1", "\u0667", "nothing")]  # type: ignore[misc]
    assert answers == [None] * 6
    # A repository that cannot be seen answers 404 too, and a live upload would be given up.
    forge = Forge(play.testbed.by_person, "rehearsal/elsewhere", 30)
    with pytest.raises(Held):
        forge.ask(lambda ask: runs.run(ask, "7"))


def test_a_token_never_leaves_its_host(play: DrillEnv) -> None:
    """T19: the next page of a list is somewhere else."""
    taken: list[bool] = []

    def elsewhere(connection: socket.socket) -> None:
        taken.append(True)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")

    with raw_server(elsewhere) as other:
        link = f'<{other}next>; rel="next"'.encode()

        def api(connection: socket.socket) -> None:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLink: " + link
            connection.sendall(head + b"\r\nContent-Length: 2\r\n\r\n[]")

        with raw_server(api) as base:
            forge = Forge({**play.testbed.by_person, "GITHUB_API_URL": base}, play.testbed.repo.name, 5)
            with pytest.raises(Held) as refused:
                forge.ask(lambda ask: ask.all(f"{ask.base}/labels"))
    assert refused.value.code == "forge-elsewhere"
    assert taken == []


@pytest.mark.parametrize(
    ("status", "conclusion", "runner", "begun"),
    [
        ("in_progress", None, None, True),
        ("queued", None, None, False),
        ("waiting", None, None, False),
        ("completed", "success", 1, True),
        ("completed", "cancelled", 1, True),
        ("completed", "cancelled", None, False),
        ("completed", "failure", 0, False),  # a reviewer refused it
        ("completed", "skipped", None, False),
    ],
)
def test_what_a_runner_has_taken_has_begun(
    status: str, conclusion: str | None, runner: int | None, begun: bool
) -> None:
    assert WorkflowJob("Deploy", status, conclusion, runner).begun is begun


def test_an_answer_of_the_forge_has_a_limit(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22"""
    forge = Forge(play.testbed.by_person, play.testbed.repo.name, 30)
    monkeypatch.setattr("mergeship.web.LARGEST", 100)
    with pytest.raises(Held, match="has more than 100 bytes"):
        forge.ask(lambda ask: ask.item(ask.base))


def test_a_list_of_the_forge_has_a_limit(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22: all of its pages together."""
    play.merged()
    forge = Forge(play.testbed.by_person, play.testbed.repo.name, 30)
    for limit, value, words in (("MOST_ITEMS", 0, "more than 0 items"), ("LARGEST", 50, "or 50 bytes")):
        with monkeypatch.context() as patch:
            patch.setattr(f"mergeship.adapters.github.connection.{limit}", value)
            with pytest.raises(Held, match=words):
                forge.ask(lambda ask: ask.all(f"{ask.base}/pulls?state=all"))


def test_dispatches_hide_no_push(play: DrillEnv) -> None:
    """T3: anyone who may write starts as many as they like."""
    commit = play.merged()
    play.claimed()
    repo = play.testbed.repo
    pushed = repo.runs[-1]
    for number in range(1, 30):
        more = copy.copy(pushed)
        more.number, more.event = number, "workflow_dispatch"
        repo.runs.append(more)
    forge = Forge(play.testbed.by_person, repo.name, 30)
    found = forge.ask(lambda ask: runs.of_commit(ask, commit, 2))
    assert [run.event for run, _ in found] == ["push", "workflow_dispatch", "workflow_dispatch"]


def test_a_time_without_a_zone_is_no_answer_of_github() -> None:
    """T21"""
    shaped({"name": "x", "started_at": "2026-01-01T00:00:00Z"}, WorkflowJob, "url")
    with pytest.raises(Held, match="timezone"):
        shaped({"name": "x", "started_at": "2026-01-01T00:00:00"}, WorkflowJob, "url")


def test_no_token_is_sent_in_clear(play: DrillEnv) -> None:
    """T13"""
    environ = {**play.testbed.by_person, "GITHUB_API_URL": "http://forge.example/api/v3"}
    with pytest.raises(Misconfigured, match="GITHUB_API_URL is http"):
        Forge(environ, play.testbed.repo.name, 5).ask(lambda ask: ask.item(ask.base))
