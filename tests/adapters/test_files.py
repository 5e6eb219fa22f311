import os
import subprocess
import sys
from pathlib import Path

import pytest

from mergeship.adapters import files
from mergeship.core.declaration import Rewritten
from mergeship.errors import Failed, Misconfigured


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\r\nb")
    assert files.read(tmp_path / "a") == "a\r\nb"
    assert files.read(tmp_path / "missing") is None
    assert files.read(tmp_path / "a" / "b") is None


def test_what_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ok \xff")
    with pytest.raises(Misconfigured, match="byte 3"):
        files.read(tmp_path / "a")


def test_what_is_no_text_is_no_file_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert files.read(tmp_path / "pipe") is None
    assert files.read(tmp_path) is None
    assert files.read("a\0b") is None
    monkeypatch.setattr(files, "MAX_TEXT", 3)
    (tmp_path / "a").write_text("abc")
    assert files.read(tmp_path / "a") == "abc"
    (tmp_path / "a").write_text("abcd")
    with pytest.raises(Misconfigured, match="larger than 3 bytes"):
        files.read(tmp_path / "a")


def test_a_reader_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "top" / "in").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "top" / "a").write_text("a")
    (tmp_path / "top" / "in" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "top" / "in" / "up").symlink_to("../a")
    read = files.reader(tmp_path / "top" / "in", tmp_path / "top")
    assert read("../a") == read("up") == "a"
    assert read("../../secret") is read(str(tmp_path / "secret")) is read("x\0") is read("missing") is None
    with pytest.raises(Misconfigured, match="is a link that points outside") as refused:
        read("link")
    assert "secret" not in refused.value.message.partition(" ")[2]
    alone = files.reader(tmp_path / "top" / "in")
    assert alone("../a") is None
    with pytest.raises(Misconfigured, match="is a link that points outside"):
        alone("up")


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


def rewritten(folder: Path, *names: str) -> list[Rewritten]:
    found = []
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(f"old {name}\r\n".encode())
        found.append(Rewritten(name, f"old {name}\r\n", f"new {name}\r\n"))
    return found


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in folder.rglob("*") if path.is_file()}


def test_all_files_are_rewritten(tmp_path: Path) -> None:
    changes = rewritten(tmp_path, "a", "b/c", "d")
    (tmp_path / "a").chmod(0o600)
    files.rewrite(tmp_path, changes, within=tmp_path)
    assert contents(tmp_path) == {"a": "new a\r\n", "b/c": "new b/c\r\n", "d": "new d\r\n"}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    files.rewrite(tmp_path, [], within=tmp_path)


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("call", ["os.replace", "os.fsync"])
def test_when_one_fails_all_are_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, which: int
) -> None:
    changes = rewritten(tmp_path, "a", "b/c", "d")
    before = contents(tmp_path)
    real = getattr(os, call.removeprefix("os."))
    calls = []

    def failing(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == which + 1:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(call, failing)
    with pytest.raises(OSError, match="No space"):
        files.rewrite(tmp_path, changes, within=tmp_path)
    assert contents(tmp_path) == before


def test_an_interrupt_between_two_files_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = rewritten(tmp_path, "a", "b")
    before = contents(tmp_path)
    calls: list[str] = []
    real = os.replace

    def interrupted(source: str, target: str) -> None:
        if target.endswith("b") and not calls:
            calls.append(target)
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.rewrite(tmp_path, changes, within=tmp_path)
    assert contents(tmp_path) == before


def test_what_someone_else_changed_in_between_is_kept(tmp_path: Path) -> None:
    changes = rewritten(tmp_path, "a", "b")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(Failed, match="changed while it was about to be written"):
        files.rewrite(tmp_path, changes, within=tmp_path)
    assert contents(tmp_path) == {"a": "old a\r\n", "b": "mine"}


def test_a_link_may_not_lead_out(tmp_path: Path) -> None:
    changes = rewritten(tmp_path, "in/a")
    (tmp_path / "out").write_text("old in/b\r\n")
    (tmp_path / "in" / "b").symlink_to("../out")
    changes.append(Rewritten("in/b", "old in/b\r\n", "new"))
    with pytest.raises(Misconfigured, match="is a link that points outside"):
        files.rewrite(tmp_path, changes, within=tmp_path / "in")
    assert contents(tmp_path)["in/a"] == "old in/a\r\n"
    files.rewrite(tmp_path, changes, within=tmp_path)
    assert (tmp_path / "in" / "b").is_symlink()
    assert (tmp_path / "out").read_text() == "new"


def test_one_file_by_two_names_is_refused(tmp_path: Path) -> None:
    changes = rewritten(tmp_path, "a")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Misconfigured, match="is listed twice"):
        files.rewrite(tmp_path, [*changes, Rewritten("b", "old a\r\n", "newer")], within=tmp_path)
    assert contents(tmp_path)["a"] == "old a\r\n"


def test_what_cannot_be_removed_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = rewritten(tmp_path, "a", "b")

    def refuse(path: str) -> None:
        raise PermissionError(path)

    monkeypatch.setattr("os.unlink", refuse)
    files.rewrite(tmp_path, changes, within=tmp_path)
    assert (tmp_path / "b").read_bytes() == b"new b\r\n"


KILLED = """
import os, sys
from mergeship.adapters import files
from mergeship.core.declaration import Rewritten

folder, stop = sys.argv[1], int(sys.argv[2])
count = 0

def counting(event, arguments):
    global count
    if event in {"open", "os.rename"} and folder in str(arguments[0]):
        count += 1
        if count == stop:
            os.kill(os.getpid(), 9)

changes = [Rewritten("a", "old a\\r\\n", "new a\\r\\n")]
sys.addaudithook(counting)
files.rewrite(folder, changes, within=folder)
"""


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """A real process, killed before each of its steps."""
    seen = set()
    for stop in range(1, 20):
        rewritten(tmp_path, "a")
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(stop)], check=False)
        text = (tmp_path / "a").read_bytes()
        assert text in {b"old a\r\n", b"new a\r\n"}
        seen.add(text)
        if done.returncode == 0:
            assert text == b"new a\r\n"
            break
        assert done.returncode == -9
    assert len(seen) == 2
