import json
import os
from pathlib import Path

import pytest

from mergeship.core.progress import Event, JobEnded, JobStarted, StepEnded, StepSaid, StepStarted
from mergeship.core.workflow import Use, Workflow
from mergeship.errors import Failed
from mergeship.rehearsal import engine
from mergeship.rehearsal.engine import Log
from mergeship.rehearsal.sandbox import sandbox

WORKFLOW = Workflow(
    "x.yml",
    ("test", "build"),
    ("Test", "Build"),
    (Use("build", "actions/upload-artifact", "v4"),),
    ("self-hosted", "linux"),
    ("T",),
    identity=False,
    ours=True,
)


def read(*lines: object) -> tuple[Log, list[Event]]:
    events: list[Event] = []
    log = Log(1, events.append)
    for line in lines:
        log.read(line if isinstance(line, str) else json.dumps(line))
    return log, events


def line(msg: str, **fields: object) -> dict[str, object]:
    return {"msg": msg, "level": "info", "jobID": "test", "stage": "Main", "step": "Run", "stepID": ["0"], **fields}


def test_a_job_that_passes() -> None:
    log, events = read(
        line("⭐ Run Set up job", stage="", stepID=[], step="Set up job"),
        line("⭐ Run Main Run"),
        line("said\r\n", raw_output=True),
        line("✅ Success", stepResult="success", executionTime=1_500_000_000),
        line("🏁 Job succeeded", jobResult="success", stage="", stepID=[]),
    )
    assert events[:4] == [
        JobStarted("test"),
        StepStarted("test", "Run"),
        StepSaid("test", "Run", "said"),
        StepEnded("test", "Run", True, 1.5),
    ]
    assert isinstance(events[4], JobEnded)
    assert [(job.name, job.status, job.tail) for job in log.jobs] == [("test", "passed", ())]


def test_a_job_that_fails_keeps_its_failing_step_s_words() -> None:
    log, events = read(
        line("⭐ Run Main First"),
        line("of an earlier step\n", raw_output=True),
        line("✅", stepResult="success"),
        line("⭐ Run Main Second", step="Second"),
        line("\x1b[31mwrong\x1b[0m\x07\n", raw_output=True, step="Second"),
        line("❌", stepResult="failure", step="Second"),
        line("exit status 3", level="error", step="Second"),
        line("late\n", raw_output=True, step="Second"),
        line("⭐ Run Main Always", step="Always"),
        line("later\n", raw_output=True, step="Always"),
        line("✅", stepResult="success", step="Always"),
        line("🏁", jobResult="failure", stage="", stepID=[]),
    )
    job = log.jobs[0]
    assert (job.status, job.failed_step, job.tail) == ("failed", "Second", ("wrong", "exit status 3", "late"))
    ends = [event for event in events if isinstance(event, StepEnded)]
    assert [(end.step, end.passed) for end in ends] == [("Run", True), ("Second", False), ("Always", True)]
    assert events.index(StepSaid("test", "Second", "exit status 3")) < events.index(ends[1])


def test_steps_inside_a_composite_are_not_steps_of_their_own() -> None:
    log, events = read(
        line("⭐ Run Main Outer"),
        line("⭐ Run Main Inner", stepID=["0", "0"]),
        line("said\n", raw_output=True, stepID=["0", "0"]),
        line("❌", stepResult="failure", stepID=["0", "0"]),
        line("❌", stepResult="failure"),
        line("🏁", jobResult="failure", stage="", stepID=[]),
    )
    assert [type(event) for event in events] == [JobStarted, StepStarted, StepSaid, StepEnded, JobEnded]
    assert log.jobs[0].tail == ("said",)


def test_a_matrix_makes_jobs_of_their_own() -> None:
    log, _ = read(*(line("🏁", jobResult="success", matrix={"python": v, "os": "x"}) for v in ("3.11", "3.12")))
    assert [job.name for job in log.jobs] == ["test (3.11, x)", "test (3.12, x)"]


def test_an_action_that_is_not_fetched_is_remembered() -> None:
    words = 'failed to fetch "https://github.com/nobody/nothing" version "v9": dial tcp: no such host'
    log, _ = read(line(words, level="error", stage="Pre"))
    assert log.not_fetched == ["nobody/nothing@v9"]
    said, _ = read(line(words, raw_output=True))
    assert said.not_fetched == []


def test_what_is_no_job_s_line_is_kept_apart() -> None:
    log, events = read("Error: strange\n", {"msg": "no docker", "level": "warning"})
    assert log.strange == ["Error: strange", "no docker"]
    assert events == []


def test_the_command_line_holds_no_secret() -> None:
    with sandbox(os.environ, None) as box:
        box.write_secrets({"T": "pypi-the-token"})
        command = engine.command("act", WORKFLOW, box, {"GITHUB_REPOSITORY": "a/b"})
        assert command[:3] == ["act", "push", "--json"]
        assert command[command.index("--secret-file") + 1] == str(box.secrets)
        assert "pypi-the-token" not in " ".join(command)
        assert [command[i + 1] for i, word in enumerate(command) if word == "--platform"] == [
            "self-hosted=-self-hosted",
            "linux=-self-hosted",
        ]
        replaced = command[command.index("--local-repository") + 1]
        assert replaced.startswith("actions/upload-artifact@v4=")
        assert Path(replaced.partition("=")[2], "action.yml").is_file()


def fake_act(folder: Path, script: str) -> list[str]:
    path = folder / "act"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return [str(path)]


def test_jobs_that_never_began_are_skipped(tmp_path: Path) -> None:
    text = json.dumps(line("🏁", jobResult="failure"), ensure_ascii=False)
    act = fake_act(tmp_path, f"echo '{text}'; exit 1")
    jobs = engine.perform(act, tmp_path, {}, WORKFLOW, 1, lambda _: None)
    assert [(job.name, job.status) for job in jobs] == [("test", "failed"), ("build", "skipped")]


def test_an_engine_that_fails_by_itself_is_reported(tmp_path: Path) -> None:
    act = fake_act(tmp_path, "echo 'Error: workflow is not valid' >&2; exit 1")
    with pytest.raises(Failed, match="act ended with status 1") as failed:
        engine.perform(act, tmp_path, {}, WORKFLOW, 1, lambda _: None)
    assert "workflow is not valid" in failed.value.detail


def test_an_engine_that_is_missing_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(Failed, match="act is not installed") as failed:
        engine.find_act(str(tmp_path))
    assert "mergeship[rehearse]" in failed.value.hint
    fake_act(tmp_path, "")
    assert engine.find_act("") == str(tmp_path / "act")
