import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.adapters import job
from mergeship.errors import Failed


def test_outputs_are_appended_one_line_each(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("a=1\n")
    job.set_outputs({"GITHUB_OUTPUT": str(path)}, {"version": "0.1.1", "reason": "two\nlines=3"})
    assert path.read_text() == "a=1\nversion=0.1.1\nreason=two lines=3\n"


def test_a_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    job.summarize({"GITHUB_STEP_SUMMARY": str(path)}, "built")
    assert path.read_text() == "built\n"


def test_the_workflow_that_runs() -> None:
    ref = "owner/name/.github/workflows/ship.yml@refs/heads/main"
    assert job.workflow({"GITHUB_WORKFLOW_REF": ref}) == ".github/workflows/ship.yml"
    assert job.workflow({"GITHUB_WORKFLOW_REF": "strange"}) == job.workflow({}) == ""


def test_elsewhere_nothing_is_written() -> None:
    job.set_outputs({}, {"version": "0.1.1"})
    job.summarize({"GITHUB_STEP_SUMMARY": ""}, "built")


def steer(path: Path) -> None:
    path.write_text("LD_PRELOAD=/evil.so\n")


def make_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path / "deep").mkdir(parents=True)


def link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("evil")


def loop(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)


def fill(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("name", ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE"])
@pytest.mark.parametrize("before", [None, "FIRST=1\n"])
@pytest.mark.parametrize("write", [steer, make_folder, link, loop, fill])
def test_what_code_of_a_project_tells_the_runner_does_not_count(
    tmp_path: Path, name: str, before: str | None, write: Callable[[Path], None]
) -> None:
    """T16: the next steps of the job would obey it. T22: it may be larger than memory."""
    path = tmp_path / "commands"
    if before is not None:
        path.write_text(before)
    with job.unsteered({name: str(path)}):
        pass
    with pytest.raises(Failed) as failed, job.unsteered({name: str(path)}):
        write(path)
    assert failed.value.code == "runner-steered"
    assert path.read_text() == (before or "")
    with pytest.raises(ValueError, match="tests failed"), job.unsteered({name: str(path)}):
        fail(path, write)
    assert path.read_text() == (before or "")
    assert not path.is_symlink()


def fail(path: Path, write: Callable[[Path], None]) -> None:
    write(path)
    raise ValueError("tests failed")
