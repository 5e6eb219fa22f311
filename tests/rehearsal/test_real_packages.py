"""Packages that someone else wrote, from their sdists, through the whole pipeline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mergeship.adapters.builder import unpack
from tests.conftest import LONG

pytestmark = pytest.mark.network


def unpacked(requirement: str, folder: Path) -> Path:
    only = f"--no-binary={requirement.partition('==')[0]}"  # with :all: its backend would be built from source too
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", only]
    subprocess.run([*command, "--dest", str(folder), requirement], capture_output=True, check=True)
    project = unpack(next(folder.glob("*.tar.gz")), folder / "unpacked")
    (project / "PKG-INFO").unlink()  # no repository has one, and hatchling takes the version from it
    return project


@pytest.mark.parametrize(
    ("requirement", "requires", "version"),
    [
        pytest.param("itsdangerous==2.2.0", "pytest freezegun", "2.2.1", marks=LONG),  # flit, [project] version
        pytest.param("blinker==1.8.2", "pytest pytest-asyncio<0.24", "1.8.3", marks=LONG),  # flit too
        pytest.param("pastel==0.2.1", "pytest", "0.2.2", marks=LONG),  # poetry-core, [tool.poetry] version
        ("platformdirs==4.2.2", "pytest-mock", "0.1.0"),  # hatch-vcs, without a tag
    ],
)
def test_a_real_package_ships(tmp_path: Path, requirement: str, requires: str, version: str) -> None:
    project = unpacked(requirement, tmp_path)
    done = subprocess.run(
        [
            sys.executable, "-m", "mergeship", "rehearse", str(project), "--merges", "1", "--json",
            "--set", "test.command=pytest -q", "--set", f"test.requires={requires}",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert document["ok"], (document["error"], done.stderr[-3000:])
    assert [release["version"] for release in document["releases"]] == [version]


def test_a_package_that_computes_its_version_is_refused(tmp_path: Path) -> None:
    project = unpacked("six==1.16.0", tmp_path)
    command = [sys.executable, "-m", "mergeship", "rehearse", str(project), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "version-not-written"
    assert "setup.py:47: version is computed: six.__version__" in error["message"]
    assert "version-files = " in error["hint"]
