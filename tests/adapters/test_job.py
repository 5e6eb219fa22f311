from pathlib import Path

from mergeship.adapters import job


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
