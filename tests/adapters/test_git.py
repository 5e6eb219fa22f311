import os
from pathlib import Path

import pytest

from mergeship.adapters.git import Repository, top
from mergeship.errors import Misconfigured
from tests.conftest import commit_all, git


def repository(path: Path) -> Repository:
    return Repository(path, os.environ)


def test_the_head_is_read(obk: Path) -> None:
    assert repository(obk).head() == git(obk, "rev-parse", "HEAD")
    assert repository(obk).branch() == "main"
    git(obk, "checkout", "--quiet", "--detach")
    assert not repository(obk).branch()


@pytest.mark.parametrize("command", [[], ["init", "--quiet"]])
def test_a_folder_without_a_commit_is_refused(tmp_path: Path, command: list[str]) -> None:
    if command:
        git(tmp_path, *command)
    with pytest.raises(Misconfigured, match="is not a git repository with a commit"):
        repository(tmp_path).head()


def test_git_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="git is not on PATH"):
        Repository(tmp_path, {"PATH": str(tmp_path)}).head()


def test_changes_are_reported(obk: Path) -> None:
    assert repository(obk).changed(untracked=True) == []
    (obk / "new file").touch()
    (obk / "README.md").write_text("other")
    assert repository(obk).changed() == ["README.md"]
    assert sorted(repository(obk).changed(untracked=True)) == ["README.md", "new file"]


def test_a_copy_is_of_the_commit_with_its_tags(obk: Path, tmp_path: Path) -> None:
    head = repository(obk).head()
    git(obk, "tag", "v0.1.0")
    commit_all(obk, "feat: later")
    (obk / "README.md").write_text("dirty")
    hook = obk / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repository(obk).copy(head, tmp_path / "copy")
    copy = repository(tmp_path / "copy")
    assert copy.head() == head
    assert copy.tags() == ["v0.1.0"]
    assert copy.changed() == []


def test_the_prefix_and_the_time(obk: Path) -> None:
    assert not repository(obk).prefix()
    assert repository(obk / "src").prefix() == "src/"
    assert repository(obk).commit_time("HEAD") == int(git(obk, "log", "-1", "--format=%ct"))


def test_the_top_is_found_without_git(obk: Path, tmp_path: Path) -> None:
    assert top(obk / "src") == str(obk.resolve())
    (tmp_path / "bare").mkdir()
    assert top(tmp_path / "bare") is None


def test_a_tag_is_put_on_the_head(obk: Path) -> None:
    repository(obk).tag("v0.3.0")
    assert repository(obk).tags() == ["v0.3.0"]
    assert git(obk, "rev-parse", "v0.3.0") == git(obk, "rev-parse", "HEAD")


def test_a_file_of_a_commit_has_a_limit(obk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22"""
    repository = Repository(obk, dict(os.environ))
    content = repository.blob("HEAD", "pyproject.toml")
    assert content is not None
    monkeypatch.setattr("mergeship.adapters.git.repository.LARGEST", len(content) - 1)
    assert repository.blob("HEAD", "pyproject.toml") is None
