import hashlib
from pathlib import Path

from mergeship.adapters import dist


def test_a_file_is_moved_whole(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"content")
    target = tmp_path / "dist"
    target.mkdir()
    dist.move(tmp_path / "x.whl", target)
    assert [child.name for child in target.iterdir()] == ["x.whl"]
    assert not (tmp_path / "x.whl").exists()


def test_wheels_come_first(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "b.whl", "a.whl", "mergeship.json"):
        (tmp_path / name).touch()
    assert [path.name for path in dist.distributions(tmp_path)] == ["a.whl", "b.whl", "a.tar.gz"]
    assert dist.distributions(tmp_path / "missing") == []


def test_a_digest_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"content")
    digest = dist.digest(tmp_path / "x.whl")
    assert (digest.name, digest.size) == ("x.whl", 7)
    assert digest.sha256 == hashlib.sha256(b"content").hexdigest()
