"""`mergeship bump`, as its user calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.adapters import index
from mergeship.adapters.dist import digest
from mergeship.commands.bump import bump
from mergeship.core.version import BumpRequest
from mergeship.world.index.catalog import Catalog
from tests.archives import sdist
from tests.conftest import TOKEN, commit_all, git
from tests.core.declaration.kinds import KINDS, TAGGED

Cli = Callable[..., tuple[int, str, str]]
Environ = dict[str, str]


def publish(base: str, folder: Path, version: str) -> None:
    path = folder / f"obk-{version}.tar.gz"
    path.write_bytes(sdist("obk", version))
    assert index.upload(f"{base}/legacy/", TOKEN, path, digest(path).sha256, 5).status == 200


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git/" not in str(path)}


def test_the_next_version_is_shown_and_written(obk: Path, cli: Cli, environ: Environ, base: str) -> None:
    before = (obk / "pyproject.toml").read_text()
    status, out, err = cli("bump", obk, environ=environ)
    assert (status, err) == (0, f"checking what {base}/simple/obk/ has published\n")
    assert out.splitlines() == [
        "obk 0.1.0 → 0.1.1: 0.1.0 is declared, and no release is known",
        "--- a/pyproject.toml",
        "+++ b/pyproject.toml",
        "@@ -7 +7 @@",
        '-version = "0.1.0"',
        '+version = "0.1.1"',
        "Wrote pyproject.toml.",
    ]
    assert (obk / "pyproject.toml").read_text() == before.replace('version = "0.1.0"', 'version = "0.1.1"', 1)
    assert git(obk, "diff", "--numstat") == "1\t1\tpyproject.toml"


def test_what_is_shown_is_a_patch(obk: Path, cli: Cli, environ: Environ) -> None:
    _, out, _ = cli("bump", obk, "--dry-run", environ=environ)
    subprocess.run(["git", "apply", "--unidiff-zero"], cwd=obk, input=out, text=True, check=True)
    assert 'version = "0.1.1"' in (obk / "pyproject.toml").read_text()


def test_a_dry_run_writes_nothing_and_says_the_same_twice(obk: Path, cli: Cli, environ: Environ) -> None:
    before = snapshot(obk)
    _, first, _ = cli("bump", "minor", obk, "--dry-run", "--json", environ=environ)
    _, second, _ = cli("bump", "minor", obk, "--dry-run", "--json", environ=environ)
    assert first == second
    assert snapshot(obk) == before
    document = json.loads(first)
    assert document == {
        "schema": 1,
        "ok": True,
        "project": "obk",
        "declared": "0.1.0",
        "next": "0.2.0",
        "reasons": ["0.1.0 is declared, and no release is known"],
        "edits": [{"path": "pyproject.toml", "line": 7, "before": 'version = "0.1.0"', "after": 'version = "0.2.0"'}],
        "dynamic": None,
        "applied": False,
    }


def test_the_index_the_tags_and_the_declaration_count(
    obk: Path, cli: Cli, environ: Environ, base: str, tmp_path: Path, catalog: Catalog
) -> None:
    publish(base, tmp_path, "0.1.4")
    publish(base, tmp_path, "0.1.6")
    catalog.yank("obk", "0.1.6")
    _, out, _ = cli("bump", obk, "--print", environ=environ)
    assert out == "0.1.7\n"
    _, out, _ = cli("bump", obk, "--dry-run", environ=environ)
    assert "→ 0.1.7: the index has 0.1.6 (yanked), uploaded 20" in out
    git(obk, "tag", "v0.1.8")
    git(obk, "tag", "nightly")
    _, out, _ = cli("bump", obk, "--dry-run", environ=environ)
    assert "→ 0.1.9: there is a tag v0.1.8; 0.1.0 is declared\n" in out
    assert cli("bump", obk, "--to", "0.3.0", environ=environ)[0] == 0
    _, out, _ = cli("bump", obk, environ=environ)
    assert "0.3.0 → 0.3.0: 0.3.0 is declared, above all that was used: there is a tag v0.1.8\n" in out
    assert "Nothing to write: it is already declared." in out


def test_offline_the_index_is_not_asked_and_that_is_said(obk: Path, cli: Cli) -> None:
    environ = {"PATH": os.environ["PATH"], "MERGESHIP_SET": "index.upload=http://127.0.0.1:1/legacy/"}
    _, out, _ = cli("bump", obk, "--offline", environ=environ)
    assert "no release is known; the index was not asked (--offline)" in out
    status, _, err = cli("bump", obk, environ=environ)
    assert status == 1
    assert "cannot be reached" in err
    assert 'version = "0.1.1"' in (obk / "pyproject.toml").read_text()


def test_it_works_without_a_repository(obk: Path, cli: Cli, environ: Environ, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "pyproject.toml").write_bytes((obk / "pyproject.toml").read_bytes())
    assert cli("bump", bare, "--print", "--offline", environ=environ)[:2] == (0, "0.1.1\n")


def test_a_repository_that_git_does_not_open_is_no_repository_without_tags(
    obk: Path, cli: Cli, environ: Environ
) -> None:
    (obk / ".git" / "HEAD").unlink()
    status, _, err = cli("bump", obk, "--offline", environ=environ)
    assert status == 2
    assert "[not-a-repository]" in err
    status, _, err = cli("bump", obk, "--offline", environ={"PATH": "/nonexistent"})
    assert status == 2
    assert "[no-git]" in err
    assert 'version = "0.1.0"' in (obk / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["major"], 1, "a major version after 0.1.0 would leave 0.x [would-leave-0x]"),
        (["--to", "1.0.0"], 1, "1.0.0 would leave 0.x"),
        (["--leave-0x"], 2, "--leave-0x goes with --to"),
        (["--to", "0.0.9"], 1, "0.0.9 is below 0.1.0"),
        (["--to", "x"], 2, "--to 'x' is not a version"),
        (["patch", "--to", "0.2"], 2, "give either patch or --to 0.2"),
        (["pacth"], 2, "there is no pyproject.toml in pacth"),
        (["pacth", "."], 2, "'pacth' is no part: choose patch, minor, major"),
        (["--set", "x=1"], 2, "--set x: no such setting"),
    ],
)
def test_what_makes_no_sense_is_refused(
    obk: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, words: str
) -> None:
    monkeypatch.chdir(obk)
    before = snapshot(obk)
    got, out, err = cli("bump", "--offline", *arguments)
    assert (got, out) == (status, "")
    assert words in err
    assert "next: " in err
    assert snapshot(obk) == before


def test_0x_is_left_on_purpose(obk: Path, cli: Cli, environ: Environ) -> None:
    status, out, _ = cli("bump", obk, "--to", "1.0.0", "--leave-0x", environ=environ)
    assert status == 0
    assert "0.1.0 → 1.0.0: it was asked for; no release is known" in out


def test_a_stray_tag_is_a_hold_that_names_it(obk: Path, cli: Cli, environ: Environ) -> None:
    git(obk, "tag", "v2024.1")
    status, out, _ = cli("bump", obk, "--json", environ=environ)
    assert status == 1
    error = json.loads(out)["error"]
    assert error["code"] == "would-leave-0x"
    assert "there is a tag v2024.1" in error["message"]


def test_all_places_are_written_or_none(obk: Path, cli: Cli, environ: Environ) -> None:
    lock = '[[package]]\nname = "obk"\nversion = "0.1.0"\nsource = { editable = "." }\n'
    (obk / "uv.lock").write_text(lock)
    (obk / "conf.py").write_text("release = '0.1.0'\n")
    setting = "version-files=[\"conf.py: release = '{version}'\"]"
    status, out, _ = cli("bump", obk, "--set", setting, environ=environ)
    assert status == 0
    assert "Wrote pyproject.toml, conf.py, uv.lock." in out
    assert git(obk, "diff", "--numstat") == "1\t1\tpyproject.toml"
    assert (obk / "conf.py").read_text() == "release = '0.1.1'\n"
    assert (obk / "uv.lock").read_text() == lock.replace('"0.1.0"', '"0.1.1"')
    (obk / "conf.py").write_text("release = '0.1.0'\n")
    before = snapshot(obk)
    status, _, err = cli("bump", obk, "--set", setting, environ=environ)
    assert (status, snapshot(obk)) == (2, before)
    assert "[versions-differ]" in err


def test_a_member_s_lock_is_the_workspace_s(obk: Path, tmp_path: Path, cli: Cli, environ: Environ) -> None:
    root = tmp_path / "root"
    member = root / "packages" / "obk"
    member.parent.mkdir(parents=True)
    obk.rename(member)
    (member / ".git").rename(root / ".git")
    (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    lock = '[[package]]\nname = "obk"\nversion = "0.1.0"\nsource = { editable = "packages/obk" }\n'
    (root / "uv.lock").write_text(lock)
    commit_all(root)
    assert cli("bump", member, environ=environ)[0] == 0
    assert (root / "uv.lock").read_text() == lock.replace('"0.1.0"', '"0.1.1"')
    status, _, err = cli("bump", root, environ=environ)
    assert status == 2
    assert "it is a workspace's top, and no project: name a member (packages/*)" in err


def test_a_link_that_leads_out_is_refused(obk: Path, tmp_path: Path, cli: Cli, environ: Environ) -> None:
    victim = tmp_path / "victim.toml"
    (obk / "pyproject.toml").rename(victim)
    (obk / "pyproject.toml").symlink_to(victim)
    before = victim.read_bytes()
    status, _, err = cli("bump", obk, environ=environ)
    assert (status, victim.read_bytes()) == (2, before)
    assert "[link-leads-out]" in err


@pytest.mark.parametrize("name", ["setup.py", "hatch", "meson-python", "setuptools, file", "PDM, own pattern"])
def test_other_kinds_are_written_too(tmp_path: Path, cli: Cli, environ: Environ, name: str) -> None:
    kind = next(kind for kind in KINDS if kind.name == name)
    for path, text in kind.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    status, out, _ = cli("bump", tmp_path, "--json", environ=environ)
    assert status == 0
    document = json.loads(out)
    assert (document["declared"].removeprefix("v"), document["next"]) == ("0.1.0", "0.1.1")
    (edit,) = document["edits"]
    assert edit["path"] == kind.path
    assert (tmp_path / kind.path).read_text().splitlines()[edit["line"] - 1] == edit["after"]


def test_what_comes_from_tags_is_left_to_the_build(tmp_path: Path, cli: Cli, environ: Environ) -> None:
    kind = next(kind for kind in TAGGED if kind.name == "hatch-vcs")
    for path, text in kind.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    git(tmp_path, "init", "--quiet")
    commit_all(tmp_path)
    git(tmp_path, "tag", "v0.4.1")
    status, out, _ = cli("bump", tmp_path, environ=environ)
    assert status == 0
    assert out.splitlines() == [
        "pkg 0.4.2: there is a tag v0.4.1",
        "Nothing to write: the version comes from tags, through hatch-vcs; build hands it over.",
    ]
    document = json.loads(cli("bump", tmp_path, "--json", environ=environ)[1])
    assert (document["declared"], document["next"], document["dynamic"]) == (None, "0.4.2", "hatch-vcs")
    assert document["edits"] == []


@pytest.mark.parametrize("asked", [["minor"], ["--to", "0.7.0"], ["--to", "1.0.0", "--leave-0x"]])
def test_a_request_that_no_file_can_keep_is_refused(
    tmp_path: Path, cli: Cli, environ: Environ, asked: list[str]
) -> None:
    kind = next(kind for kind in TAGGED if kind.name == "hatch-vcs")
    (tmp_path / "pyproject.toml").write_text(kind.files["pyproject.toml"])
    status, _, err = cli("bump", *asked, tmp_path, environ=environ)
    assert status == 2
    assert "[version-from-tags]" in err
    assert cli("bump", *asked, tmp_path, "--print", environ=environ)[0] == 0


def test_a_line_of_a_file_does_nothing_to_the_terminal(obk: Path, cli: Cli, environ: Environ) -> None:
    text = (obk / "pyproject.toml").read_text()
    (obk / "pyproject.toml").write_text(text.replace('version = "0.1.0"', "version = '0.1.0' # \u202e\u2028x", 1))
    _, out, _ = cli("bump", obk, "--dry-run", environ=environ)
    assert "-version = '0.1.0' # " in out
    kind = next(kind for kind in KINDS if kind.name == "setup.py")
    (obk / "setup.py").write_text(kind.files["setup.py"].replace('"0.1.0",\n    pack', '"0.1.0", # \x1b[2J\n    pack'))
    (obk / "pyproject.toml").unlink()
    _, out, _ = cli("bump", obk, "--dry-run", environ=environ)
    assert '+    version="0.1.1", # ' in out
    assert "\x1b" not in out


def test_tags_are_read_as_git_has_them_and_not_as_it_shows_them(obk: Path, cli: Cli, environ: Environ) -> None:
    for number in range(1, 12):
        git(obk, "tag", f"v0.1.{number}")
    git(obk, "config", "column.ui", "always")
    git(obk, "config", "tag.sort", "-refname")
    assert cli("bump", obk, "--print", "--offline", environ=environ)[1] == "0.1.12\n"


def test_colours_are_for_terminals(obk: Path, cli: Cli, environ: Environ) -> None:
    _, out, _ = cli("bump", obk, "--dry-run", environ={**environ, "FORCE_COLOR": "1"})
    assert '\x1b[31m-version = "0.1.0"\x1b[0m' in out
    _, out, _ = cli("bump", obk, "--dry-run", environ={**environ, "FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert "\x1b" not in out


def test_the_fast_way_loads_little(obk: Path) -> None:
    code = (
        "import sys; from mergeship.cli import main; import os\n"
        "status = main(['bump', '--offline', sys.argv[1]], os.environ)\n"
        "slow = {'msgspec', 'packaging', 'dataclasses', 'pathlib', 'shutil', 'tempfile', 'asyncio', 'json', 'ast'}\n"
        "print(*sorted(slow & set(sys.modules)), end='', file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}", str(obk)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Wrote pyproject.toml." in done.stdout


def test_the_function_takes_values(obk: Path, environ: Environ) -> None:
    plan = bump(
        obk, environ, lambda _: None, environ["MERGESHIP_SET"].splitlines(), request=BumpRequest("minor"), dry_run=True
    )
    assert (plan.next, plan.applied, [file.path for file in plan.files]) == ("0.2.0", False, ["pyproject.toml"])
