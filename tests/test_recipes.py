"""The recipes of CONTRIBUTING, tried as they stand there on a copy of the sources."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mergeship
from mergeship.drills.env import DrillEnv
from tests.conftest import ROOT
from tests.testbeds import drill_env

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
RECIPE = re.compile(
    r"^\*\*(?P<what>.+?): (?P<count>\d) files?\.\*\*(?P<text>.*?)(?=^\*\*|^## )", re.MULTILINE | re.DOTALL
)
BLOCK = re.compile(r"^```(?P<kind>python|diff)\n(?:# | )(?P<file>\S+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPES = {recipe["what"]: recipe for recipe in RECIPE.finditer(CONTRIBUTING.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, with every recipe followed."""
    sources = tmp_path_factory.mktemp("recipes")
    package = sources / "mergeship"
    shutil.copytree(Path(mergeship.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for recipe in RECIPES.values():
        for block in BLOCK.finditer(recipe["text"]):
            follow(block, package / block["file"])
    return sources


def follow(block: re.Match[str], file: Path) -> None:
    """Write a file, or put lines behind those that stand before them."""
    if block["kind"] == "python":
        assert not file.exists()
        file.write_text(block["body"], encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines()
    at = 0
    for line in block["body"].splitlines():
        if line.startswith("+"):
            lines.insert(at, line[1:])
            at += 1
        else:
            at = lines.index(line[1:], at) + 1
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(sources: Path, *words: str, **environ: str) -> tuple[int, str]:
    env = {**os.environ, "PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1", **environ}
    done = subprocess.run(
        [sys.executable, "-m", "mergeship", *words], env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        yield made


def test_each_takes_as_many_files_as_it_says() -> None:
    assert {what: int(recipe["count"]) for what, recipe in RECIPES.items()} == {
        "An error": 1,
        "A verb": 2,
        "A setting of the forge": 3,
    }
    for what, recipe in RECIPES.items():
        assert len({block["file"] for block in BLOCK.finditer(recipe["text"])}) == int(recipe["count"]), what


def test_an_error_is_in_the_catalogue(tried: Path) -> None:
    code = "import mergeship.errors.catalogue as c; print(c.__file__); print(c.page())"
    env = {**os.environ, "PYTHONPATH": str(tried)}
    page = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert page.startswith(str(tried))
    assert "| `nobody-to-greet` | 2 | A greeting was asked for, and no name was given. | Name someone. |" in page


def test_a_verb_is_found_and_fails_as_one_does(tried: Path) -> None:
    assert "say hello to someone" in run(tried, "--help")[1]
    status, said = run(tried, "greet", "--help")
    assert (status, "mergeship greet Ada" in said) == (0, True)
    assert run(tried, "greet", "Ada") == (0, "hello Ada\n")
    status, said = run(tried, "greet", "Ada", "--json")
    assert (status, json.loads(said)) == (0, {"schema": 1, "ok": True, "name": "Ada"})
    status, said = run(tried, "greet", " ")
    assert (status, "[nobody-to-greet]" in said) == (2, True)
    assert "greet" in run(tried, "--print-completion", "bash")[1]


def test_a_setting_is_planned_applied_and_then_stands(tried: Path, play: DrillEnv) -> None:
    def forge(*words: str) -> str:
        env = {**play.testbed.by_person, "PYPI_API_TOKEN": play.testbed.catalog.token}
        status, said = run(tried, "forge", *words, str(play.runner.folder), **env)
        assert status == 0, said
        return said

    repository = play.testbed.repo.settings.repository
    assert not repository["allow_auto_merge"]
    assert "nobody has to wait for checks" in forge("plan")
    assert "nobody has to wait for checks" not in forge("plan", "--set", "forge.leave=auto-merge")
    forge("apply", "--yes")
    assert repository["allow_auto_merge"]
    forge("plan", "--exit-code")


def test_their_code_is_in_the_style_of_the_house(tried: Path) -> None:
    files = [block["file"] for recipe in RECIPES.values() for block in BLOCK.finditer(recipe["text"])]
    paths = [str(tried / "mergeship" / file) for file in files]
    config = ("--config", str(ROOT / "pyproject.toml"), "--no-cache")
    for words in (("check", "--ignore", "INP001,A005", *config), ("format", "--check", *config)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, *paths], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
