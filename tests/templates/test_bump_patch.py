"""The script that init writes: by itself, and against what `mergeship bump` decides."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from mergeship.adapters import index
from mergeship.adapters.dist import digest
from mergeship.commands.init import init
from mergeship.core.listing import Listing, Published
from mergeship.core.version import next_version
from mergeship.core.workflow import BUMP_SCRIPT
from mergeship.errors import Held
from mergeship.templates import bump_patch
from mergeship.world.index.catalog import Catalog
from tests.archives import sdist
from tests.conftest import TOKEN
from tests.core.bumps import NEXT
from tests.core.declaration.kinds import KINDS, Kind, by_name
from tests.core.declaration.test_place import CROWDED
from tests.servers import Script, http, raw_server, says

STATIC = [kind for kind in KINDS if kind.label == "[project] version"]


@pytest.mark.parametrize(("declared", "published", "expected"), NEXT)
def test_it_decides_as_bump_does(declared: str, published: list[str], expected: str) -> None:
    assert bump_patch.next_version(declared, published) == expected


numbers = st.integers(0, 12)
suffixes = st.sampled_from(
    ["", "a1", "-beta.2", "c", "rc2", ".post1", "-3", "r4", ".dev4", "a1.dev2", ".post1.dev3", "rc1.post2", "+l.1"]
)
versions = st.builds(
    lambda prefix, release, suffix: f"{prefix}{'.'.join(map(str, release))}{suffix}",
    st.sampled_from(["", "", "", "v", "1!"]),
    st.lists(numbers, min_size=1, max_size=4),
    suffixes,
)


@given(versions, st.lists(versions | st.sampled_from(["2004d", "", "x", "1..2"]), max_size=5))
def test_it_agrees_with_bump_on_everything(declared: str, published: list[str]) -> None:
    used = Listing(tuple(map(Published, published))).used
    try:
        decided = bump_patch.next_version(declared, published)
    except bump_patch.Refused:
        with pytest.raises(Held, match=r"would leave 0\.x"):
            next_version(declared, used)
    else:
        assert Version(decided) == Version(next_version(declared, used).version)


@given(st.text(max_size=20) | versions)
def test_it_takes_for_a_version_what_packaging_takes(text: str) -> None:
    try:
        expected = Version(text)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            bump_patch.Version(text)
    else:
        assert Version(bump_patch.Version(text).text) == Version(expected.public)


@pytest.mark.parametrize("kind", STATIC, ids=by_name)
def test_it_writes_what_bump_writes(kind: Kind) -> None:
    text = kind.files["pyproject.toml"]
    after = bump_patch.rewrite(text, "0.1.1")
    assert after.count("0.1.1") == 1
    assert after.replace("0.1.1", "0.1.0") == text


def test_it_is_not_misled_by_what_looks_alike() -> None:
    text = CROWDED.replace("[project]\n", '[project]\nname = "p"\n')
    assert bump_patch.rewrite(text, "0.1.1") == text.replace('"0.1.0" # the one', '"0.1.1" # the one')


class Project:
    """A project in a folder with the script that init wrote, and the index that it asks."""

    def __init__(self, folder: Path, base: str, catalog: Catalog) -> None:
        self.folder = folder
        self.base = base
        self.catalog = catalog
        self.pyproject = folder / "pyproject.toml"

    def bump(self, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", BUMP_SCRIPT]
        env = {"PATH": os.environ["PATH"], **environ}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def project(obk: Path, base: str, catalog: Catalog) -> Project:
    init(obk, [f"index.upload={base}/legacy/", f"index.simple=http://user:secret@{base[7:]}/simple/"], bump_script=True)
    assert "secret" not in (obk / BUMP_SCRIPT).read_text()
    return Project(obk, base, catalog)


def test_it_bumps_and_says_so(project: Project, tmp_path: Path) -> None:
    before = project.pyproject.read_bytes()
    project.pyproject.write_bytes(b"\xef\xbb\xbf" + before.replace(b"\n", b"\r\n"))
    project.pyproject.chmod(0o640)
    done = project.bump()
    assert (done.returncode, done.stdout, done.stderr) == (0, "Bumped version to 0.1.1\n", "")
    expected = before.replace(b'version = "0.1.0"', b'version = "0.1.1"').replace(b"\n", b"\r\n")
    assert project.pyproject.read_bytes() == b"\xef\xbb\xbf" + expected
    assert project.pyproject.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in project.folder.glob(".pyproject*")) == []
    # The second run, after the first version was published and never committed.
    project.pyproject.write_bytes(before)
    (tmp_path / "obk-0.1.1.tar.gz").write_bytes(sdist("obk", "0.1.1"))
    index.upload(
        f"{project.base}/legacy/", TOKEN, tmp_path / "obk-0.1.1.tar.gz", digest(tmp_path / "obk-0.1.1.tar.gz").sha256, 5
    )
    assert project.bump().stdout == "Bumped version to 0.1.2\n"


def test_a_local_version_is_taken_out(project: Project, tmp_path: Path) -> None:
    project.pyproject.write_text(project.pyproject.read_text().replace('"0.1.0"', '"0.2.0+x"'))
    (tmp_path / "obk-0.1.1.tar.gz").write_bytes(sdist("obk", "0.1.1"))
    index.upload(
        f"{project.base}/legacy/", TOKEN, tmp_path / "obk-0.1.1.tar.gz", digest(tmp_path / "obk-0.1.1.tar.gz").sha256, 5
    )
    assert project.bump().stdout == "Bumped version to 0.2.0\n"
    assert 'version = "0.2.0"' in project.pyproject.read_text()


def test_a_redirect_within_the_index_is_followed(project: Project) -> None:
    script = Script(http("301 Moved", Location="/simple/OBK/"), page('"files": [], "versions": ["0.1.5"]'))
    with raw_server(script) as address:
        assert project.bump(MERGESHIP_SET=f"index.simple={address}").stdout == "Bumped version to 0.1.6\n"
    assert script.asked[1].startswith("GET /simple/OBK/ ")


def test_main_is_what_the_script_runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("MERGESHIP_SET", "")
    monkeypatch.setattr(bump_patch, "INDEX", f"{project.base}/simple")
    assert bump_patch.main() == "0.1.1"
    assert 'version = "0.1.1"' in project.pyproject.read_text()
    project.pyproject.write_text("[project]")
    with pytest.raises(bump_patch.Refused, match="has no text as"):
        bump_patch.main()


def test_a_rehearsal_names_its_own_index(project: Project) -> None:
    script = project.folder / BUMP_SCRIPT
    script.write_text(script.read_text().replace(project.base, "http://127.0.0.1:1"))
    assert "cannot be reached" in project.bump().stderr
    assert project.bump(MERGESHIP_SET=f"a=b\nindex.simple={project.base}/simple/").stdout == "Bumped version to 0.1.1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "error: there is no pyproject.toml in "),
        (b"[project\n", "error: pyproject.toml is not valid TOML: "),
        (b"\xff", "error: pyproject.toml is not UTF-8"),
        (b"[tool.poetry]\nname = 'obk'\nversion = '1'\n", "has no text as [project] name"),
        (b"[project]\nname = 'obk'\ndynamic = ['version']\n", "has no text as [project] version"),
        (b"project = 3\n", "has no text as [project] name"),
        (b"[project]\nname = 'obk'\nversion = 'one'\n", "is 'one', and not one like 0.1.0"),
        (b'[project]\nname = "obk"\nversion = "\\u0030.1"\n', "is 0.1, but not written out in one piece"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(project: Project, text: bytes | None, words: str) -> None:
    if text is None:
        project.pyproject.unlink()
    else:
        project.pyproject.write_bytes(text)
    done = project.bump()
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert text is None or project.pyproject.read_bytes() == text


def page(text: str, version: str = "1.4") -> str:
    return http("200 OK", f'{{"meta": {{"api-version": "{version}"}}, {text}}}')


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("HTTP/1.1 500 Oh no\nContent-Length: 0\n\n", "answered 500 Oh no: what is published is not known"),
        ("HTTP/1.1 200 OK\nContent-Length: 6\n\n<html>", "did not answer with the JSON"),
        ('HTTP/1.1 200 OK\nContent-Length: 14\n\n{"files": [1]}', "did not answer with the JSON"),
        (page('"files": [1], "versions": []'), "lists files and no version"),
        (page('"files": [], "versions": "1"'), "did not answer with the JSON"),
        (page('"files": [], "versions": [], "project-status": {"status": "quarantined"}'), "in quarantine"),
        (page('"files": [], "versions": []', "2.0"), "did not answer with the JSON"),
        (http("200 OK", '{"files": [], "versions": []}'), "did not answer with the JSON"),
        (http("200 OK", "[" * 100_000), "did not answer with the JSON"),
        (http("302 Found", Location="http://elsewhere.example/simple/obk/"), "sends us to another index"),
        ("nonsense\n\n", "cannot be reached"),
        ("", "cannot be reached"),
    ],
)
def test_what_the_index_does_not_tell_is_an_error(project: Project, answer: str, words: str) -> None:
    before = project.pyproject.read_bytes()
    with raw_server(says(answer)) as address:
        done = project.bump(MERGESHIP_SET=f"index.simple={address}")
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert project.pyproject.read_bytes() == before


def test_what_is_no_address_is_refused(project: Project) -> None:
    assert "is no address of an index" in project.bump(MERGESHIP_SET="index.simple=file:///etc/").stderr
