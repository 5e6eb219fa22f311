import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import archive
from mergeship.core.archive import BadArchiveError
from tests.archives import sdist, wheel


def test_a_wheel_is_read() -> None:
    content = wheel("obk", "0.1.1", {"obk/__init__.py": ""})
    inside = archive.read_wheel(io.BytesIO(content), "obk-0.1.1-py3-none-any.whl")
    assert inside.fields.get("name") == "obk"
    assert inside.fields.get("version") == "0.1.1"
    assert "obk/__init__.py" in inside.names


def test_an_sdist_is_read() -> None:
    inside = archive.read_sdist(io.BytesIO(sdist("obk", "0.1.1")))
    assert inside.fields.get("version") == "0.1.1"
    assert "obk-0.1.1/PKG-INFO" in inside.names


def stable(value: object) -> str:
    """A test's name: the words, not the bytes, which hold the time."""
    return value if isinstance(value, str) else "content"


def raw_wheel(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return out.getvalue()


INFO = {f"p-1.dist-info/{name}": b"" for name in ("WHEEL", "METADATA", "RECORD")}


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        (b"nonsense", "p-1-py3-none-any.whl", "not a zipfile"),
        (raw_wheel(INFO), "p.whl", "Unable to parse name and version"),
        (raw_wheel({}), "p-1-py3-none-any.whl", r"WHEEL not found at p-1\.dist-info/WHEEL"),
        (raw_wheel({"p-1.dist-info/WHEEL": b""}), "p-1-py3-none-any.whl", "METADATA not found"),
        (raw_wheel(INFO, zipfile.ZIP_BZIP2), "p-1-py3-none-any.whl", "supported compression"),
        (raw_wheel({**INFO, "p-1.dist-info/METADATA": b" " * 11_000_000}), "p-1-py3-none-any.whl", "larger than"),
    ],
    ids=stable,
)
def test_a_bad_wheel_is_refused(content: bytes, filename: str, words: str) -> None:
    with pytest.raises(BadArchiveError, match=words):
        archive.read_wheel(io.BytesIO(content), filename)


def test_a_damaged_member_is_found() -> None:
    content = bytearray(raw_wheel({**INFO, "p/x": b"content" * 99}, zipfile.ZIP_STORED))
    content[content.index(b"content")] ^= 1
    with pytest.raises(BadArchiveError, match="p/x is damaged"):
        archive.read_wheel(io.BytesIO(bytes(content)), "p-1-py3-none-any.whl")


def raw_sdist(members: dict[str, bytes | None]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as opened:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type = tarfile.DIRTYPE
                opened.addfile(member)
            else:
                member.size = len(content)
                opened.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nonsense", "not a tarfile"),
        (raw_sdist({})[:20], "not a tarfile"),
        (raw_sdist({"p-1/PKG-INFO": b"", "q/x": b""}), "top-level"),
        (raw_sdist({"/": None}), "top-level"),
        (raw_sdist({"p-1/setup.py": b""}), "PKG-INFO not found at p-1/PKG-INFO"),
        (raw_sdist({"p-1/PKG-INFO": None}), "PKG-INFO not found"),
        (raw_sdist({"p-1/PKG-INFO": b" " * 11_000_000}), "larger than"),
    ],
    ids=stable,
)
def test_a_bad_sdist_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(BadArchiveError, match=words):
        archive.read_sdist(io.BytesIO(content))


def test_an_archive_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    content = wheel("obk", "0.1.1", {"obk/a.py": "a" * 500})
    monkeypatch.setattr(archive, "MAX_UNPACKED", 400)
    with pytest.raises(BadArchiveError, match="unpacks to more than"):
        archive.read_wheel(io.BytesIO(content), "obk-0.1.1-py3-none-any.whl")
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(BadArchiveError, match="more than 2 members"):
        archive.read_wheel(io.BytesIO(content), "obk-0.1.1-py3-none-any.whl")


@given(st.binary(max_size=400))
def test_whatever_comes_is_refused_and_never_a_crash(noise: bytes) -> None:
    for read in (archive.read_sdist, lambda stream: archive.read_wheel(stream, "p-1-py3-none-any.whl")):
        with pytest.raises(BadArchiveError):
            read(io.BytesIO(noise))


@pytest.mark.parametrize(
    ("names", "modules"),
    [
        (["obk/__init__.py", "obk/sub/__init__.py", "obk/sub/x.py", "obk-1.dist-info/METADATA"], ("obk",)),
        (["six.py"], ("six",)),
        (["_speed.cpython-311-x86_64-linux-gnu.so", "speed/__init__.py"], ("_speed", "speed")),
        (["ns/pkg/__init__.py", "ns/other/__init__.py"], ("ns.other", "ns.pkg")),
        (["ns/module.py"], ("ns.module",)),
        (["obk/__main__.py", "obk/words.py", "foo/tests/test_x.py", "setup.py"], ("obk.words",)),
        (["obk/__init__.py", "tests/__init__.py", "docs/conf.py"], ("obk",)),
        (["obk-1.data/scripts/x.py", "not-a-name/x.py", "README.md"], ()),
        (["../../bin/obk", "__pycache__/x.pyc"], ()),
    ],
)
def test_what_can_be_imported(names: list[str], modules: tuple[str, ...]) -> None:
    assert archive.importable(names) == modules
