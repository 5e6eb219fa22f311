"""The repository itself: its own pipeline, judged by others, and what must never be committed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mergeship.adapters.files import template
from mergeship.commands.init import init
from mergeship.core import workflow
from mergeship.core.settings import Settings
from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def test_its_own_pipeline_is_what_init_writes_for_it() -> None:
    assert [change.action for change in init(ROOT, dry_run=True).changes] == ["none"] * len(workflow.TEMPLATES)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / workflow.PATH
    path.parent.mkdir(parents=True)
    path.write_text(workflow.render(template("ci-cd.yml"), Settings()))
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
    # A self-hosted runner is what this pipeline is for; environments and trusted publishing come with the forge.
    assert findings <= {"self-hosted-runner", "secrets-outside-env", "use-trusted-publishing"}
    assert "self-hosted-runner" in findings


def test_the_jobs_come_in_the_guide_s_order() -> None:
    from ruamel.yaml import YAML

    tree = YAML(typ="safe", pure=True).load(template("ci-cd.yml").replace("@RUNS_ON@", "x").replace("@TIMEOUT@", "30"))
    assert tree["permissions"] == {}
    assert tree["on"] == {"push": {"branches": ["main"]}}
    assert {name: job.get("needs") for name, job in tree["jobs"].items()} == {
        "test": None, "build": "test", "deploy": "build",
    }  # fmt: skip
    assert all(job["permissions"] == {"contents": "read"} for job in tree["jobs"].values())
    assert all(job["timeout-minutes"] for job in tree["jobs"].values())
    assert all(tree["jobs"][name]["if"] == "success()" for name in ("build", "deploy"))
    steps = [step for job in tree["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [
        f"exec mergeship {stage}" for stage in ("test", "build", "deploy")
    ]
    checkouts = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert [(c["persist-credentials"], c["clean"]) for c in checkouts] == [(False, True)] * 3
    handed = next(step["with"] for step in steps if step.get("uses", "").startswith("actions/upload-artifact@"))
    assert (handed["retention-days"], handed["if-no-files-found"]) == (90, "error")
    with_secret = [step for step in steps if "secrets." in str(step)]
    assert [step["run"] for step in with_secret] == ["exec mergeship deploy"]


def test_nothing_names_a_registry_s_host() -> None:
    hosts = ["pypi" + ".org/simple", "pythonhosted" + ".org", "registry." + "npmjs", "upload." + "pypi"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        assert not [host for host in hosts if host in text], name


def test_every_example_comes_with_the_source() -> None:
    assert (ROOT / "examples" / "obk" / "pyproject.toml").is_file()
    assert 'version = "0.1.0"' in (ROOT / "examples" / "obk" / "pyproject.toml").read_text()
