"""What an earlier job leaves on a runner, and the checkout of the workflows that init writes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mergeship.adapters import files
from mergeship.core import workflow
from mergeship.core.settings import Settings
from tests.conftest import git


@pytest.mark.parametrize("path", [workflow.PATH, workflow.CHECKS])
def test_a_checkout_starts_nothing_that_an_earlier_job_left(path: str, obk: Path, tmp_path: Path) -> None:
    """T7: hooks, filters and monitors of the workspace and of the home, before any stage of ours runs."""
    whole = YAML(typ="safe").load(workflow.render(files.template(workflow.TEMPLATES[path]), Settings()))
    for job in whole["jobs"].values():
        names = [step["name"] for step in job["steps"]]
        assert names[0] == "Start clean"
        assert names[1].startswith("Check out")
    home, workspace, marker = tmp_path / "home", tmp_path / "workspace", tmp_path / "started"
    program = tmp_path / "hooks" / "post-checkout"
    (home / "templates" / "hooks").mkdir(parents=True)
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $0 >> {marker}\ncat\n")
    program.chmod(0o755)
    (home / "templates" / "hooks" / "post-checkout").symlink_to(program)
    (home / "templates" / "info").mkdir()
    (home / "templates" / "info" / "attributes").write_text("* filter=evil\n")
    shutil.copy(program, home / "templates" / "program")
    (home / "templates" / "config").write_text(f"[core]\n\tfsmonitor = {home}/templates/program\n")
    (home / "attributes").write_text("* filter=evil\n")
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {program.parent}\n\tfsmonitor = {program}\n\tattributesFile = {home}/attributes\n"
        f'[init]\n\ttemplateDir = {home}/templates\n[filter "evil"]\n\tsmudge = {program}\n\tclean = {program}\n'
    )
    git(tmp_path, "clone", "--quiet", str(obk), str(workspace))
    (workspace / ".git" / "hooks" / "post-checkout").symlink_to(program)
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"HOME": str(home)}
    steps = f"""
    git init -q . && git remote add origin {obk}
    git fetch -q origin main && git checkout -q --force FETCH_HEAD && git status -s
    """
    # As the runner does: what a step writes to GITHUB_ENV is in the environment of the next one.
    files_of_runner = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ENV": str(tmp_path / "env")}
    begin = next(iter(whole["jobs"].values()))["steps"][0]["run"] + 'export "$(cat "$GITHUB_ENV")"'
    for script, given in (
        (steps, {}),
        (f"{begin}\n{steps}", files_of_runner | {name: str(it) for name, it in whole["env"].items()}),
    ):
        marker.unlink(missing_ok=True)
        subprocess.run(["sh", "-c", script], cwd=workspace, env=env | given, check=False, capture_output=True)
        assert marker.exists() is not bool(given)
        assert (workspace / "pyproject.toml").is_file()
