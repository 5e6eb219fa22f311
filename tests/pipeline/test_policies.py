"""What of a commit decides where secrets go, and what runs beside them, in real repositories (T13)."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mergeship.adapters.git import Repository
from mergeship.core import policy
from mergeship.core.workflow import PATH
from mergeship.drills.env import pipeline
from mergeship.pipeline.policies import policies
from tests.conftest import commit_all, git

WORKFLOW = "on: push\njobs:\n  x:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.PYPI_API_TOKEN }}\n"
ESCAPED = WORKFLOW.replace("echo ${{ secrets.PYPI_API_TOKEN }}", r'"echo ${{ \x73ecrets.PYPI_API_TOKEN }}"')
ACTION = WORKFLOW.replace("- run: echo", "- uses: ./act\n      - run: echo")
CONFIRMED = {
    PATH: pipeline(),
    ".github/workflows/uses.yml": ACTION,
    ".github/workflows/flow.yml": ACTION.replace("- uses: ./act", "- {uses: ./linked, with: {a: b}}"),
    ".github/workflows/top.yml": ACTION.replace("./act", "./"),
    "act/action.yml": "runs: {using: composite, steps: [{uses: ./deep}]}\n", "made/i.js": "1\n",
    "behind/action.yml": "runs: {using: node20, main: ../made/i.js}\n",
    "deep/action.yaml": "runs: {using: node20, main: index.js}\n", "deep/index.js": "1\n",
    "behind/index.js": "1\n",
    "action.yml": "runs: {using: node20, main: lib/index.js}\n", "lib/index.js": "1\n",
    ".github/workflows/own.yml": ACTION.replace("./act", "$/owned"), "owned/action.yml": "runs: {using: composite}\n",
    ".github/workflows/folder.yml": ACTION.replace("- uses: ./act", "- run: pytest ./checked ./run.sh"),
    "checked/test_x.py": "1\n", "run.sh": "1\n",
}  # fmt: skip
CHANGES = (
    (".github/workflows/other.yml", WORKFLOW, ".github/workflows/other.yml is new"),
    (".github/workflows/other.yaml", ESCAPED, "other.yaml is new"),
    (".github/workflows/third.yaml", ESCAPED.replace("jobs:", "jobs: !x"), "third.yaml is new"),
    (PATH, pipeline().replace("mergeship deploy", "curl"), "ci-cd.yml has changed"),
    (PATH, f"{pipeline()}\n# a comment\n", "ci-cd.yml has changed"),
    ("act/run.sh", "evil\n", "act has changed"),
    ("deep/index.js", "evil\n", "deep has changed"),
    ("behind/index.js", "evil\n", "behind has changed"),
    ("lib/index.js", "evil\n", "lib/index.js has changed"),
    ("made/i.js", "evil\n", "made/i.js has changed"),
    (".github/workflows/plain.yml", "on: push\njobs:\n  x:\n    runs-on: x\n", ""),
    ("docs/secrets.md", "secrets", ""),
    ("owned/run.sh", "evil\n", "owned has changed"),
    ("run.sh", "evil\n", "run.sh has changed"),
    ("checked/test_x.py", "2\n", ""),
)


def write(folder: Path, changes: Mapping[str, str]) -> str:
    for path, text in changes.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return commit_all(folder)


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    (folder / "linked").symlink_to("behind")
    return folder, write(folder, CONFIRMED)


def changed(folder: Path, before: str, after: str) -> tuple[str, ...]:
    repository = Repository(folder, os.environ)
    return policy.changes(policies(repository, before, ()), policies(repository, after, ()))


@pytest.mark.parametrize(("path", "text", "words"), CHANGES)
def test_what_runs_beside_a_secret_is_a_policy_however_it_is_named(
    confirmed: tuple[Path, str], path: str, text: str, words: str
) -> None:
    folder, before = confirmed
    git(folder, "checkout", "--quiet", "--force", before)
    found = changed(folder, before, write(folder, {path: text}))
    assert [words in one for one in found] == ([True] if words else [])


def test_what_init_writes_needs_no_confirmation(confirmed: tuple[Path, str]) -> None:
    folder, start = confirmed
    git(folder, "checkout", "--quiet", "--force", start)
    before = write(folder, {PATH: "on: push\njobs: {}\n"})
    assert changed(folder, before, start) == ()


def test_what_is_no_commit_has_no_policies(confirmed: tuple[Path, str]) -> None:
    folder, _ = confirmed
    assert policies(Repository(folder, os.environ), "f" * 40, ()) is None
