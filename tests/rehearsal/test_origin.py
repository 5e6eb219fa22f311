import json
import os
import subprocess
from pathlib import Path

import pytest

from mergeship.errors import Misconfigured
from mergeship.rehearsal import events
from mergeship.rehearsal.origin import Merge, RehearsalOrigin, change
from mergeship.rehearsal.sandbox import sandbox
from mergeship.world.forge.fake_repository import FakeRepository
from tests.conftest import git


def push(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(folder), "push", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def merged(origin: RehearsalOrigin) -> Merge:
    """What stands in the clone, squashed into main by a pull request."""
    origin.submit("feature/x", "feat: x")
    before = origin.main()
    repo = FakeRepository(origin.bare, "rehearsal/obk", origin.sandbox.artifacts)
    return origin.pulled(before, repo.merge(repo.propose("feature/x", "feat: x", "its body").number), "feat: x")


def test_main_takes_nothing_but_merges(obk: Path) -> None:
    with sandbox(os.environ, None) as box:
        origin = RehearsalOrigin(box, obk)
        FakeRepository(origin.bare, "rehearsal/obk", origin.sandbox.artifacts).protect()
        git(box.work, "commit", "--quiet", "--allow-empty", "-m", "direct")
        direct = push(box.work, "origin", "main")
        assert direct.returncode != 0
        assert "GH013: Repository rule violations found for refs/heads/main" in direct.stderr
        git(box.work, "commit", "--quiet", "--amend", "--allow-empty", "-m", "forced")
        assert push(box.work, "--force", "origin", "main").returncode != 0
        assert push(box.work, "origin", ":main").returncode != 0
        git(box.work, "reset", "--quiet", "--hard", "origin/main")
        origin.begin("feature/x")
        change(box.work, "obk", 1)
        merge = merged(origin)
        assert origin.bare.git("rev-parse", "main").strip() == merge.after == origin.work.head()
        assert (merge.added, merge.modified) == ((), ("src/obk/__init__.py",))
        assert merge.message == "feat: x (#1)\n\nits body"
        git(box.work, "switch", "--quiet", "feature/x")
        git(box.work, "commit", "--quiet", "--amend", "-m", "rewritten")
        assert push(box.work, "--force", "origin", "feature/x").returncode == 0  # nothing protects it


def test_the_event_is_that_of_a_push_to_main(obk: Path) -> None:
    with sandbox(os.environ, None) as box:
        origin = RehearsalOrigin(box, obk)
        origin.begin("feature/x")
        change(box.work, "obk", 1)
        merge = merged(origin)
        repo = FakeRepository(origin.bare, "rehearsal/obk", origin.sandbox.artifacts)
        event = events.pushed(repo, "http://127.0.0.1:1", merge).payload
    assert event["ref"] == "refs/heads/main"
    assert (event["before"], event["after"]) == (merge.before, merge.after)
    assert event["head_commit"]["id"] == merge.after
    assert event["repository"]["full_name"] == "rehearsal/obk"
    json.dumps(event)


def test_a_folder_without_history_becomes_the_first_commit(tmp_path: Path) -> None:
    project = tmp_path / "p"
    for name in (
        "pyproject.toml",
        ".venv/x",
        "__pycache__/x.pyc",
        ".mypy_cache/x",
        "dist/p-1.tar.gz",
        "src/dist/x.py",
        "src/p.py",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    with sandbox(os.environ, None) as box:
        RehearsalOrigin(box, project)
        assert git(box.work, "ls-files").split() == ["pyproject.toml", "src/dist/x.py", "src/p.py"]


def test_other_branches_make_room(obk: Path) -> None:
    git(obk, "branch", "feature")
    with sandbox(os.environ, None) as box:
        origin = RehearsalOrigin(box, obk)
        origin.begin("feature/x")
        change(box.work, "obk", 1)
        assert merged(origin).modified
    assert git(obk, "branch", "--list", "feature").strip() == "feature"


def test_the_caller_s_own_ignores_count(obk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of the caller's repository is touched, not even git's index."""
    ignores = tmp_path / "xdg" / "git" / "ignore"
    ignores.parent.mkdir(parents=True)
    ignores.write_text(".idea/\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (obk / ".idea").mkdir()
    (obk / ".idea" / "x").touch()
    os.utime(obk / "README.md", (1, 1))
    before = (obk / ".git" / "index").read_bytes()
    with sandbox(os.environ, None) as box:
        RehearsalOrigin(box, obk)
    assert (obk / ".git" / "index").read_bytes() == before


def test_what_is_not_committed_is_not_rehearsed(obk: Path) -> None:
    (obk / "new.py").touch()
    with sandbox(os.environ, None) as box, pytest.raises(Misconfigured, match=r"not committed: new\.py"):
        RehearsalOrigin(box, obk)


def test_a_detached_head_is_refused(obk: Path) -> None:
    git(obk, "checkout", "--quiet", "--detach")
    with sandbox(os.environ, None) as box, pytest.raises(Misconfigured, match="no branch checked out"):
        RehearsalOrigin(box, obk)


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "p")
    with sandbox(os.environ, None) as box, pytest.raises(Misconfigured, match="with a commit"):
        RehearsalOrigin(box, tmp_path / "p")


@pytest.mark.parametrize(
    ("module", "changed"),
    [("o_b/__init__.py", "o_b/__init__.py"), ("src/o_b.py", "src/o_b.py"), ("other.py", ".github/rehearsal.md")],
)
def test_a_change_reaches_the_distributions_where_it_can(tmp_path: Path, module: str, changed: str) -> None:
    (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / module).write_text("x = 1")
    change(tmp_path, "o-b", 2)
    assert (tmp_path / changed).read_text().endswith("\n# Changed by the dress rehearsal, merge 2.\n")
