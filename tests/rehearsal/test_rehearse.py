"""The dress rehearsal as a whole: act, git, uv and the embedded index, all real."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from mergeship.adapters.files import template
from mergeship.commands.rehearse import rehearse
from mergeship.core import workflow
from mergeship.core.progress import Event, StepSaid
from mergeship.core.result import Rehearsed
from mergeship.core.settings import Settings
from tests.conftest import LONG, OBK, commit_all, git

pytestmark = pytest.mark.network
CLI = (sys.executable, "-m", "mergeship")
# As a terminal starts it: a test run in the background may have inherited signals that are ignored.
START = """
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "mergeship", *sys.argv[1:]])
"""
FOREGROUND = (sys.executable, "-c", START)
QUICK = "test.command=python -c pass"
OWN = workflow.render(template("ci-cd.yml"), Settings())


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def once(project: Path, *overrides: str, merges: int = 1) -> Rehearsed:
    return rehearse(project, os.environ, lambda _: None, overrides, merges=merges)


def with_workflow(project: Path, text: str) -> Path:
    path = project / workflow.PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    commit_all(project, "ci: change the pipeline")
    return project


def test_two_merges_ship_two_versions(tmp_path: Path) -> None:
    """The folder of an example, through the command itself, as `make demo` does it."""
    folder = tmp_path / "obk"
    shutil.copytree(OBK, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "dist"))
    before = snapshot(folder)
    kept = tmp_path / "kept"
    done = subprocess.run(
        [*CLI, "rehearse", str(folder), "--json", "--keep", str(kept), "--set", QUICK],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert (document["schema"], document["ok"]) == (1, True)
    assert [release["version"] for release in document["releases"]] == ["0.1.1", "0.1.2"]
    assert len({release["commit"] for release in document["releases"]}) == 2
    names = [file["name"] for release in document["releases"] for file in release["files"]]
    assert names == [
        "obk-0.1.1-py3-none-any.whl", "obk-0.1.1.tar.gz", "obk-0.1.2-py3-none-any.whl", "obk-0.1.2.tar.gz",
    ]  # fmt: skip
    assert [(job["merge"], job["name"], job["status"]) for job in document["jobs"]] == [
        (merge, name, "passed") for merge in (1, 2) for name in ("test", "decide", "build", "deploy", "sync")
    ]
    assert len(document["proofs"]) == 16
    assert all(proof["held"] for proof in document["proofs"])
    missing = " ".join(document["not_rehearsed"])
    assert all(word in missing for word in ("permissions", "concurrency", "environments", "job timeouts", "OIDC"))
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"merge-started", "job-started", "step-ended", "job-ended", "proof"} <= {event["type"] for event in events}
    assert snapshot(folder) == before
    kept_text = b"".join(snapshot(kept).values()) + done.stdout.encode() + done.stderr.encode()
    assert (kept / "secrets").stat().st_mode & 0o777 == 0o600
    for secret in (kept / "secrets").read_bytes().split():
        assert kept_text.count(secret.partition(b"=")[2]) == 1  # the secret file itself
    assert git(kept / "origin.git", "show", "main:pyproject.toml").count('version = "0.1.1"') == 1  # brought back


def test_nothing_of_the_caller_or_the_project_s_dot_files_reaches_a_step(
    obk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps print what they see, and act's own argument list is read while it runs."""
    (obk / ".env").write_text("CANARY_ENV=1\nUV_PUBLISH_URL=http://127.0.0.1:9/\n")
    (obk / ".actrc").write_text("--env CANARY_RC=1\n")
    (obk / ".vars").write_text("CANARY_VAR=1\n")
    show = """run: |
          env
          echo variable ${{ vars.CANARY_VAR }}.
          for act in $(ps -C act -o pid=); do tr '\\0' ' ' < /proc/$act/cmdline; done
"""
    with_workflow(obk, instead_of("build", "run: exit 1", OWN.replace("run: exec mergeship test", show)))
    monkeypatch.setenv("CANARY_CALLER", "1")
    monkeypatch.setenv("PYPI_API_TOKEN", "pypi-a-real-one")
    events: list[Event] = []
    keep = tmp_path / "kept"
    rehearse(obk, os.environ, events.append, merges=1, keep=keep)
    said = "\n".join(event.line for event in events if isinstance(event, StepSaid))
    assert "GITHUB_SHA=" in said  # the environment was printed
    assert "variable ." in said
    assert "--secret-file" in said  # act's command line was printed
    assert "CANARY" not in said
    assert "pypi-a-real-one" not in said
    secrets = dict(line.split("=") for line in (keep / "secrets").read_text().split())
    assert secrets["PYPI_API_TOKEN"].startswith("pypi-")
    assert not [secret for secret in secrets.values() if secret in said]
    assert "UV_PUBLISH_URL=http://127.0.0.1:9/" not in said


def instead_of(job: str, line: str, text: str = OWN) -> str:
    """The pipeline with another line in a job's own step."""
    return re.sub(rf"run: exec mergeship {job}.*", line, text)


@pytest.mark.parametrize("job", ["test", *(pytest.param(job, marks=LONG) for job in ("decide", "build")), "deploy"])
def test_a_failing_job_stops_all_later_ones(obk: Path, job: str) -> None:
    result = once(with_workflow(obk, instead_of(job, "run: echo it breaks; exit 1")), QUICK)
    order = ["test", "decide", "build", "deploy", "sync"]
    expected = ["passed"] * order.index(job) + ["failed"] + ["skipped"] * (4 - order.index(job))
    assert [(done.name, done.status) for done in result.jobs] == list(zip(order, expected, strict=True))
    assert result.error is not None
    assert f"{job} failed at {job.capitalize()}" in result.error.message
    failed = next(done for done in result.jobs if done.status == "failed")
    assert "it breaks" in failed.tail
    assert result.releases == ()


def test_without_the_download_nothing_is_deployed(obk: Path) -> None:
    begin = OWN.index("      - name: Take the distributions\n")
    end = OWN.index("      - name: Deploy")
    result = once(with_workflow(obk, OWN[:begin] + OWN[end:]), QUICK)
    failed = next(job for job in result.jobs if job.status == "failed")
    assert failed.name == "deploy"
    assert "[no-manifest]" in " ".join(failed.tail)
    assert result.error is not None
    assert result.releases == ()


# Time and date of the wheel's first file; no file of ours is of the year 2040.
SWAP = """\
      - name: Swap the bytes
        run: |
          cd dist
          wheel=$(ls *.whl)
          before=$(sha256sum $wheel | cut -d' ' -f1) size=$(stat -c %s $wheel)
          printf xyzx | dd of=$wheel conv=notrunc bs=1 seek=10 status=none
          after=$(sha256sum $wheel | cut -d' ' -f1)
          sed -i "s/$before/$after/" mergeship.json

"""


@pytest.mark.parametrize("manifest_too", [pytest.param(False, marks=LONG), True])
def test_swapped_bytes_are_seen(obk: Path, manifest_too: bool) -> None:
    """The deploy stage sees it; if the manifest is forged as well, the rehearsal does."""
    swap = SWAP if manifest_too else "\n".join(SWAP.splitlines()[:-2]) + "\n\n"
    result = once(with_workflow(obk, OWN.replace("      - name: Deploy\n", f"{swap}      - name: Deploy\n")), QUICK)
    assert result.error is not None
    if manifest_too:
        unproven = [proof for proof in result.proofs if not proof.held]
        assert unproven[0].name == "published bytes are the built ones"
        assert "built" in unproven[0].detail
    else:
        failed = next(job for job in result.jobs if job.status == "failed")
        assert "[not-as-built]" in " ".join(failed.tail)
        assert result.releases == ()


def test_a_failing_test_is_shown_and_nothing_is_built(obk: Path) -> None:
    (obk / "tests" / "test_words.py").write_text("def test_the_answer():\n    assert 6 * 9 == 42\n")
    commit_all(obk)
    result = once(obk)
    assert [(job.name, job.status) for job in result.jobs] == [("test", "failed")]  # of ci.yml: it cannot be merged
    assert result.error is not None
    assert "its checks are green: test failed at Test" in result.error.message
    tail = "\n".join(result.jobs[0].tail)
    assert "assert (6 * 9) == 42" in tail
    assert "test_the_answer" in tail


@LONG
def test_a_version_from_tags_does_not_have_to_come_back(obk: Path) -> None:
    text = (obk / "pyproject.toml").read_text().replace('version = "0.1.0"', 'dynamic = ["version"]')
    text = text.replace('requires = ["hatchling"]', 'requires = ["hatchling", "hatch-vcs"]')
    (obk / "pyproject.toml").write_text(f'{text}\n[tool.hatch.version]\nsource = "vcs"\n')
    commit_all(obk)
    result = once(obk, QUICK, merges=2)
    assert result.error is None
    assert len(result.releases) == 2
    assert not [proof for proof in result.proofs if "comes back" in proof.name]


def test_an_action_that_cannot_be_fetched_is_named(obk: Path, cli: Callable[..., tuple[int, str, str]]) -> None:
    test = "      - name: Test\n"
    with_workflow(obk, OWN.replace(test, f"      - uses: nobody/nothing@v9\n{test}"))
    environ = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    status, _, err = cli("rehearse", str(obk), "--merges", "1", environ=environ)
    assert status == 1
    assert "uses nobody/nothing@v9, which cannot be fetched here [action-not-fetched]" in err


def test_a_hand_written_pipeline_is_rehearsed(obk: Path) -> None:
    """Another shape, with the stand-ins for setup-python and setup-uv, and uv publish."""
    with_workflow(
        obk,
        f"""\
name: mine
on: {{push: {{branches: main}}}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: astral-sh/setup-uv@v6
      - uses: actions/setup-python@v5
        with: {{python-version: '{sys.version_info.major}.{sys.version_info.minor}'}}
      - run: uv version --bump minor && uv build
      - uses: actions/upload-artifact@v4
        with: {{name: packages, path: dist/*.whl, if-no-files-found: error}}
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {{pattern: pack*, merge-multiple: true, path: wheels}}
      - run: uv publish wheels/*
        env: {{UV_PUBLISH_TOKEN: '${{{{ secrets.MY_TOKEN }}}}'}}
""",
    )
    result = once(obk)
    assert result.error is None, result.error
    assert [release.version for release in result.releases] == ["0.2.0"]
    assert [job.name for job in result.jobs] == ["build", "publish"]


def test_an_existing_repository_keeps_its_branch_and_tags(obk: Path) -> None:
    git(obk, "branch", "-m", "main", "trunk")
    git(obk, "tag", "v0.1.7")
    before = snapshot(obk)
    result = once(obk, QUICK)
    assert result.error is None, result.error
    assert [release.version for release in result.releases] == ["0.1.8"]
    assert snapshot(obk) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_nothing_behind(obk: Path, tmp_path: Path, number: int) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    slow = "import time; print(123456789, flush=True); time.sleep(60)"
    command = [*FOREGROUND, "rehearse", str(obk), "--json", "--set", f"test.command=python -c '{slow}'"]
    environ = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        port = ""
        for line in process.stderr:
            if "embedded index at" in line:
                port = line.partition("127.0.0.1:")[2].partition("/")[0]
            if '"line":"123456789"' in line:
                break
        marked = [p for p in psutil.process_iter() if str(temporary) in _mark(p)]
        process.send_signal(number)
        time.sleep(0.3)
        process.send_signal(number)  # an impatient second time
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert len(marked) >= 3  # act, the stage, and the test command
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in marked)
    assert list(temporary.iterdir()) == []
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(port))) != 0


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get("MERGESHIP_SANDBOX", "")
    except psutil.Error:
        return ""


def test_a_full_disk_is_reported(obk: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no small file system can be mounted here: it takes root")
    try:
        environ = {**os.environ, "TMPDIR": str(small)}
        done = subprocess.run([*CLI, "rehearse", str(obk)], capture_output=True, text=True, check=False, env=environ)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert list(small.iterdir()) == []
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", "--lazy", str(small)], check=True)
