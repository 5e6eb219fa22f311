from pathlib import Path

import pytest

from mergeship.adapters import files
from mergeship.errors import Misconfigured


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\r\nb")
    assert files.read(tmp_path / "a") == "a\r\nb"
    assert files.read(tmp_path / "missing") is None
    assert files.read(tmp_path / "a" / "b") is None


def test_what_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ok \xff")
    with pytest.raises(Misconfigured, match="byte 3"):
        files.read(tmp_path / "a")


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a"
    files.write(path, "one\r\n")
    assert path.read_bytes() == b"one\r\n"
    path.chmod(0o755)
    files.write(path, "two")
    assert path.stat().st_mode & 0o777 == 0o755
    assert [child.name for child in path.parent.iterdir()] == ["a"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    files.write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["a"]
