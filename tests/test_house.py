"""The repository itself: its own pipeline, judged by others, and what must never be committed."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters.files import template
from mergeship.commands.init import init
from mergeship.core import workflow
from mergeship.core.settings import Settings
from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def test_its_own_pipeline_is_what_init_writes_for_it() -> None:
    assert [change.action for change in init(ROOT, dry_run=True).changes] == ["none"] * len(workflow.TEMPLATES)


@pytest.fixture(params=["ci-cd.yml", "ci.yml"])
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / workflow.PATH
    path.parent.mkdir(parents=True)
    path.write_text(workflow.render(template(request.param), Settings()))
    return path


def test_actionlint_has_nothing_to_say(written: Path) -> None:
    done = subprocess.run([BIN / "actionlint", str(written)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing_but_the_runner(written: Path) -> None:
    command: list[str | Path] = [
        BIN / "zizmor",
        "--offline",
        "--no-progress",
        "--persona=auditor",
        "--format=json",
        str(written),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    findings = {finding["ident"] for finding in json.loads(done.stdout)}
    # A self-hosted runner is what this pipeline is for, and MERGESHIP_TOKEN is no token of the index.
    assert findings <= {"self-hosted-runner", "secrets-outside-env"}
    assert "self-hosted-runner" in findings


def tree(name: str, settings: Settings | None = None) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(workflow.render(template(name), settings or Settings()))


def steps_of(pipeline: Any) -> list[Any]:
    return [step for job in pipeline["jobs"].values() for step in job["steps"]]


def test_the_jobs_come_in_the_guide_s_order() -> None:
    pipeline = tree("ci-cd.yml")
    assert pipeline["permissions"] == {}
    assert pipeline["on"]["push"] == {"branches": ["main"]}
    assert list(pipeline["on"]["workflow_dispatch"]["inputs"]) == ["decision", "reason", "commit"]
    assert {name: job.get("needs") for name, job in pipeline["jobs"].items()} == {
        "test": None, "decide": "test", "build": ["test", "decide"], "deploy": ["decide", "build"],
        "sync": ["decide", "deploy"],
    }  # fmt: skip
    assert {name: job["permissions"] for name, job in pipeline["jobs"].items()} == {
        "test": {"contents": "read"},
        "decide": {"contents": "write", "pull-requests": "read", "actions": "read"},
        "build": {"contents": "read", "actions": "read"},
        "deploy": {"contents": "write", "actions": "read"},
        "sync": {"contents": "write", "pull-requests": "write"},
    }
    assert tree("ci-cd.yml", Settings(auth="trusted"))["jobs"]["deploy"]["permissions"] == {
        "contents": "write", "actions": "read", "id-token": "write",
    }  # fmt: skip
    assert pipeline["jobs"]["deploy"]["environment"] == "pypi"
    assert all(job["timeout-minutes"] for job in pipeline["jobs"].values())
    runs = [step["run"] for step in steps_of(pipeline) if "run" in step and step["name"] != "Start clean"]
    assert [run.split()[:3] for run in runs] == [
        ["exec", "mergeship", stage] for stage in ("test", "decide", "build", "deploy", "sync")
    ]
    checkouts = [s["with"] for s in steps_of(pipeline) if s.get("uses", "").startswith("actions/checkout@")]
    assert [(c["persist-credentials"], c["clean"]) for c in checkouts] == [(False, True)] * 5
    handed = next(s["with"] for s in steps_of(pipeline) if s.get("uses", "").startswith("actions/upload-artifact@"))
    assert (handed["retention-days"], handed["if-no-files-found"]) == (90, "error")
    with_secret = [step["run"] for step in steps_of(pipeline) if "secrets." in str(step)]
    assert with_secret == ["exec mergeship deploy", "exec mergeship sync"]


@pytest.mark.parametrize("name", ["ci-cd.yml", "ci.yml"])
def test_no_expression_stands_in_a_shell_line(name: str) -> None:
    runs = [step["run"] for step in steps_of(tree(name)) if "run" in step]
    assert runs
    assert not [run for run in runs if "${{" in run]


@pytest.mark.parametrize("name", ["ci-cd.yml", "ci.yml"])
def test_no_step_with_project_code_has_a_secret(name: str) -> None:
    code = [s for s in steps_of(tree(name)) if re.search("mergeship (test|build)", s.get("run", ""))]
    assert code
    assert not [step for step in code if "secrets." in str(step) or "github.token" in str(step)]


def test_nothing_names_a_registry_s_host() -> None:
    hosts = ["pypi" + ".org/simple", "pythonhosted" + ".org", "registry." + "npmjs", "upload." + "pypi"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        assert not [host for host in hosts if host in text], name


def test_core_reads_no_file() -> None:
    """`open` and the methods of a path need no import that the contracts could forbid."""
    touching = {"iterdir", "read_bytes", "read_text", "write_bytes", "write_text"}
    for folder in ("core", "checks"):
        for path in (ROOT / "src" / "mergeship" / folder).rglob("*.py"):
            calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            assert "open" not in {call.id for call in calls if isinstance(call, ast.Name)}, path
            assert not touching & {call.attr for call in calls if isinstance(call, ast.Attribute)}, path


def test_every_example_comes_with_the_source() -> None:
    assert (ROOT / "examples" / "obk" / "pyproject.toml").is_file()
    assert 'version = "0.1.0"' in (ROOT / "examples" / "obk" / "pyproject.toml").read_text()
