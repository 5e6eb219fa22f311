import os
from pathlib import Path

import pytest

from mergeship import disk
from mergeship.adapters import dist
from mergeship.adapters.store import RunnerStore
from mergeship.core.distribution import Distribution


@pytest.fixture
def store(tmp_path: Path) -> RunnerStore:
    return RunnerStore({"XDG_STATE_HOME": str(tmp_path)}, "owner/name")


def test_it_lies_where_the_user_s_state_does(tmp_path: Path) -> None:
    """T25: the same name on two servers is two repositories."""
    state = {"XDG_STATE_HOME": str(tmp_path)}
    assert RunnerStore(state, "o/n").folder == tmp_path / "mergeship" / "github.com" / "o" / "n"
    other = RunnerStore({**state, "GITHUB_SERVER_URL": "https://git.example:8443"}, "o/n")
    assert other.folder == tmp_path / "mergeship" / "git.example:8443" / "o" / "n"
    assert RunnerStore({"HOME": "/h"}, "o/n").folder == Path("/h/.local/state/mergeship/github.com/o/n")


def test_the_last_ledger_is_remembered(store: RunnerStore) -> None:
    assert store.seen() == ""
    store.remember("a" * 40)
    store.remember("a" * 40)
    assert store.seen() == "a" * 40
    assert store.seen_path.read_text() == f"{'a' * 40}\n"


def test_bytes_are_kept_whole_or_not_at_all(
    store: RunnerStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = kept(tmp_path, "a.whl", "a.tar.gz")
    store.keep("0.1.1", files)
    store.keep("0.1.1", files)
    assert sorted(path.read_text() for path in store.dist("0.1.1", files).iterdir()) == ["a.tar.gz", "a.whl"]
    assert not store.dist("0.1.1", kept(tmp_path, "b.whl")).exists()  # other bytes have another place

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "staged", full)
    with pytest.raises(OSError, match="No space"):
        store.keep("0.1.2", files)
    assert not store.dist("0.1.2", files).exists()
    assert list((store.folder / "dist" / "0.1.2").iterdir()) == []


def test_only_what_has_come_to_its_end_is_removed(store: RunnerStore, tmp_path: Path) -> None:
    store.prune(["0.0.9"])
    files = kept(tmp_path, "a")
    for version in ("0.1.1", "0.1.2"):
        store.keep(version, files)
    store.prune(["0.1.1"])
    assert [store.dist(version, files).exists() for version in ("0.1.1", "0.1.2")] == [False, True]


def kept(folder: Path, *names: str) -> dict[Distribution, Path]:
    """Files that hold their own names."""
    for name in names:
        (folder / name).write_text(name)
    return {dist.digest(folder / name): folder / name for name in names}


@pytest.mark.parametrize("what", ["", "x", "1" * 39, "\0" * 40, "\u00e9" * 40, "$(id)\n::stop-commands::x", "1" * 200])
def test_what_others_wrote_there_is_not_remembered(store: RunnerStore, what: str) -> None:
    """T21"""
    store.seen_path.parent.mkdir(parents=True)
    store.seen_path.write_text(what)
    assert store.seen() == ""
    store.remember("1" * 40)
    assert store.seen() == "1" * 40


@pytest.mark.parametrize("kind", ["link", "endless"])
def test_another_file_is_not_read(store: RunnerStore, tmp_path: Path, kind: str) -> None:
    """T21, T22"""
    store.seen_path.parent.mkdir(parents=True)
    file = tmp_path / "file" if kind == "link" else store.seen_path
    file.write_text("1" * 40 + "\n")
    if kind == "link":
        store.seen_path.symlink_to(file)
    else:
        os.truncate(file, 1 << 42)
    assert store.seen() == ""


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_what_stands_in_the_way_is_removed(store: RunnerStore, tmp_path: Path, kind: str) -> None:
    """T21: nobody waits for a pipe."""
    for path in (store.seen_path, store.folder / "dist"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "link":
            path.symlink_to(tmp_path / "nowhere")
        else:
            path.mkdir()
    assert store.seen() == ""
    store.remember("1" * 40)
    files = kept(tmp_path, "a")
    store.keep("0.1.1", files)
    assert store.seen() == "1" * 40
    assert store.dist("0.1.1", files).is_dir()
