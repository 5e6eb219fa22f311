"""The scripts of the stand-ins, called as act calls them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mergeship.core.workflow import Use
from mergeship.rehearsal.stand_ins import FOLDER, STAND_INS, remote, stand_ins


def act(script: str, cwd: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    (cwd.parent / "store").mkdir(exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "MERGESHIP_ARTIFACTS": str(cwd.parent / "store"),
        "GITHUB_OUTPUT": str(cwd.parent / "output"),
        "GITHUB_PATH": str(cwd.parent / "path"),
        **inputs,
    }
    command = [sys.executable, "-I", str(FOLDER / script)]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


def upload(cwd: Path, path: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    given = {"NAME": "dist", "IF_NO_FILES_FOUND": "warn", "OVERWRITE": "false", "HIDDEN": "false", **inputs}
    return act("upload-artifact/upload.py", cwd, PATHS=path, **given)


def download(cwd: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    given = {"NAME": "dist", "TARGET": "out", "PATTERN": "*", "MERGE": "false", **inputs}
    return act("download-artifact/download.py", cwd, **given)


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    for name in ("dist/a.whl", "dist/sub/b.txt", "other/c.whl", "top.txt", "dist/.hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("dist/", ["a.whl", "sub/b.txt"]),
        ("dist", ["a.whl", "sub/b.txt"]),
        ("dist/*.whl", ["a.whl"]),
        ("dist/a.whl", ["a.whl"]),
        ("dist/a.whl\nother/c.whl", ["dist/a.whl", "other/c.whl"]),
        ("**/*.whl", ["dist/a.whl", "other/c.whl"]),
        ("dist\n!dist/sub", ["a.whl"]),
        ("~/top.txt", ["top.txt"]),
    ],
)
def test_an_artifact_is_laid_out_as_github_does(work: Path, path: str, stored: list[str]) -> None:
    done = upload(work, path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tree(work.parent / "store" / "dist") == stored


@pytest.mark.parametrize(
    ("mode", "status", "level"), [("error", 1, "error"), ("warn", 0, "warning"), ("ignore", 0, "notice")]
)
def test_nothing_found(work: Path, mode: str, status: int, level: str) -> None:
    done = upload(work, "missing/*", IF_NO_FILES_FOUND=mode)
    assert done.returncode == status
    assert done.stdout.startswith(f"::{level}::No files were found")


def test_hidden_files_are_wanted_by_name(work: Path) -> None:
    assert upload(work, "dist", HIDDEN="true").returncode == 0
    assert tree(work.parent / "store" / "dist") == [".hidden", "a.whl", "sub/b.txt"]


def test_a_name_is_taken_once_unless_overwritten(work: Path) -> None:
    assert upload(work, "dist").returncode == 0
    again = upload(work, "dist")
    assert again.returncode == 1
    assert "already exists" in again.stdout
    assert upload(work, "top.txt", OVERWRITE="true").returncode == 0
    assert tree(work.parent / "store" / "dist") == ["top.txt"]


@pytest.mark.parametrize("name", ["", "../x", "a:b"])
def test_a_bad_name_is_refused(work: Path, name: str) -> None:
    assert upload(work, "dist", NAME=name).returncode == 1


def test_an_artifact_comes_back(work: Path) -> None:
    upload(work, "dist")
    upload(work, "top.txt", NAME="text")
    assert download(work).returncode == 0
    assert tree(work / "out") == ["a.whl", "sub/b.txt"]
    assert (work.parent / "output").read_text() == f"download-path={work / 'out'}\n"
    assert download(work, NAME="", TARGET="all").returncode == 0
    assert tree(work / "all") == ["dist/a.whl", "dist/sub/b.txt", "text/top.txt"]
    assert download(work, NAME="", TARGET="flat", PATTERN="t*", MERGE="true").returncode == 0
    assert tree(work / "flat") == ["top.txt"]


def test_a_missing_artifact_is_an_error(work: Path) -> None:
    done = download(work, NAME="nothing")
    assert done.returncode == 1
    assert "Artifact not found for name: nothing" in done.stdout


def test_a_python_that_is_not_there_is_named(work: Path) -> None:
    from uv import find_uv_bin

    path = os.pathsep.join([str(Path(find_uv_bin()).parent), os.environ["PATH"]])
    done = act("setup-python/find.py", work, WANTED="3.4.x", WANTED_FILE="", PATH=path, UV_PYTHON_DOWNLOADS="never")
    assert done.returncode == 1
    assert "::error::Python 3.4 is not on this machine" in done.stdout


def test_what_stands_in_and_what_does_not() -> None:
    uses = [Use("a", name, "v1") for name in ("actions/checkout", "actions/setup-python", "pypa/x", "pypa/x/sub")]
    assert list(stand_ins(uses)) == ["actions/setup-python@v1"]
    assert remote(uses) == ("pypa/x@v1", "pypa/x/sub@v1")
    assert all((folder / "action.yml").is_file() for folder in STAND_INS.values())
