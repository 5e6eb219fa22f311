from pathlib import Path

import pytest

from mergeship import disk
from mergeship.adapters.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State({"XDG_STATE_HOME": str(tmp_path)}, "owner/name")


def test_it_lies_where_the_user_s_state_does(tmp_path: Path) -> None:
    assert State({"XDG_STATE_HOME": str(tmp_path)}, "o/n").folder == tmp_path / "mergeship" / "o" / "n"
    assert State({"HOME": "/h"}, "o/n").folder == Path("/h/.local/state/mergeship/o/n")


def test_the_last_ledger_is_remembered(state: State) -> None:
    assert state.seen() == ""
    state.remember("a" * 40)
    state.remember("a" * 40)
    assert state.seen() == "a" * 40
    assert state.seen_path.read_text() == f"{'a' * 40}\n"


def test_bytes_are_kept_whole_or_not_at_all(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / "a.whl", tmp_path / "a.tar.gz"]
    for file in files:
        file.write_bytes(file.name.encode())
    state.keep("0.1.1", files)
    state.keep("0.1.1", files)
    assert sorted(path.read_text() for path in state.dist("0.1.1").iterdir()) == ["a.tar.gz", "a.whl"]

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "staged", full)
    with pytest.raises(OSError, match="No space"):
        state.keep("0.1.2", files)
    assert not state.dist("0.1.2").exists()


def test_receipts_are_of_one_file_s_bytes(state: State) -> None:
    state.receipt("0.1.1", "a.whl", "1" * 64)
    assert state.has_receipt("0.1.1", "a.whl", "1" * 64)
    assert not state.has_receipt("0.1.1", "a.whl", "2" * 64)
    assert not state.has_receipt("0.1.2", "a.whl", "1" * 64)


def test_only_what_nobody_needs_is_removed(state: State, tmp_path: Path) -> None:
    state.prune([])
    (tmp_path / "a").write_bytes(b"a")
    for version in ("0.1.1", "0.1.2"):
        state.keep(version, [tmp_path / "a"])
        state.receipt(version, "a", "1" * 64)
    state.prune(["0.1.2"])
    assert (state.dist("0.1.1").exists(), state.dist("0.1.2").exists()) == (False, True)
    assert (state.has_receipt("0.1.1", "a", "1" * 64), state.has_receipt("0.1.2", "a", "1" * 64)) == (False, True)
