import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from mergeship.adapters import dist
from mergeship.commands.build import Built, build
from mergeship.core import distribution
from mergeship.errors import Failed, Held, MergeshipError
from mergeship.world.index.catalog import Catalog
from tests.archives import wheel
from tests.conftest import HOOK, TOKEN, commit_all, daemon, git
from tests.core.declaration.kinds import TAGGED, Tagged, by_name

pytestmark = pytest.mark.network
Cli = Callable[..., tuple[int, str, str]]
Environ = dict[str, str]


def make(project: Path, environ: Environ, *overrides: str, dry_run: bool = False) -> Built:
    given = (*environ["MERGESHIP_SET"].splitlines(), *overrides)
    return build(project, environ, lambda _: None, given, out=project / "dist", dry_run=dry_run)


def test_what_is_imported_does_not_change_what_was_built(obk: Path, environ: dict[str, str]) -> None:
    """T16: a module of the wheel, or of a dependency, writes to the wheel that it came from."""
    code = """
import glob, sys
for path in glob.glob(sys.prefix + "/../**/*.whl", recursive=True):
    with open(path, "ab") as wheel:
        wheel.write(b"mine")
"""
    with (obk / "src/obk/__init__.py").open("a") as module:
        module.write(code)
    commit_all(obk, "feat: mine")
    with pytest.raises(Failed, match="changed while it was installed and imported") as refused:
        make(obk, environ)
    assert refused.value.code == "not-as-built"
    assert not dist.distributions(obk / "dist")


def test_what_is_imported_tells_the_runner_nothing(obk: Path, environ: Environ, tmp_path: Path) -> None:
    """T16: the step that hands the files on would obey it."""
    path = tmp_path / "env"
    with (obk / "src/obk/__init__.py").open("a") as module:
        module.write(f"\nopen({str(path)!r}, 'w').write('LD_PRELOAD=/evil.so')\n")
    commit_all(obk, "feat: mine")
    with pytest.raises(Failed) as refused:
        make(obk, {**environ, "GITHUB_ENV": str(path)})
    assert (refused.value.code, path.read_text()) == ("runner-steered", "")


def test_nothing_outlives_a_build(obk: Path, environ: Environ, tmp_path: Path) -> None:
    """T9: neither what the backend starts, nor what a module does when it is imported."""
    left = tmp_path / "left"
    (obk / "hatch_build.py").write_text(f"{daemon(left)}\n{HOOK}")
    with (obk / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    with (obk / "src" / "obk" / "__init__.py").open("a") as file:
        file.write(f"{daemon(left)}\nleave()\n")
    commit_all(obk)
    make(obk, environ)
    pids = [int(pid) for pid in left.read_text().split()]
    assert len(pids) > 2
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_the_commit_is_built_once_under_the_next_version(obk: Path, environ: Environ, tmp_path: Path) -> None:
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    before = git(obk, "rev-parse", "HEAD")
    result = make(obk, {**environ, "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)})
    assert (result.version, result.declared, result.commit) == ("0.1.1", "0.1.0", before)
    assert result.imported == ("obk",)
    manifest = distribution.decode((obk / "dist" / "mergeship.json").read_bytes())
    assert manifest.commit == before
    assert [file.name for file in manifest.files] == ["obk-0.1.1-py3-none-any.whl", "obk-0.1.1.tar.gz"]
    for file in manifest.files:
        content = (obk / "dist" / file.name).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert git(obk, "status", "--short") == ""
    assert 'version = "0.1.0"' in (obk / "pyproject.toml").read_text()
    assert outputs.read_text() == "version=0.1.1\n"
    assert manifest.files[0].sha256 in summary.read_text()
    with zipfile.ZipFile(obk / "dist" / manifest.files[0].name) as opened:
        assert b"Version: 0.1.1\n" in opened.read("obk-0.1.1.dist-info/METADATA")
    again = make(obk, environ)
    assert again.files == result.files  # hatchling's builds are byte-stable: the time is the commit's


def test_a_dry_run_says_what_and_builds_nothing(obk: Path, environ: Environ, cli: Cli) -> None:
    git(obk, "tag", "v0.1.4")
    status, out, _ = cli("build", obk, "--dry-run", environ=environ)
    assert status == 0
    assert out.splitlines()[0].startswith("would build obk 0.1.5 from ")
    assert "there is a tag v0.1.4" in out
    assert '  - version = "0.1.0"\n  + version = "0.1.5"' in out
    assert not (obk / "dist").exists()
    status, out, _ = cli("build", obk, "--dry-run", "--json", environ=environ)
    document = json.loads(out)
    assert document["edits"] == [
        {"path": "pyproject.toml", "line": 7, "before": 'version = "0.1.0"', "after": 'version = "0.1.5"'}
    ]
    assert document["dry_run"]


def test_the_index_raises_the_version(obk: Path, environ: Environ, base: str) -> None:
    content = wheel("obk", "0.1.7")
    form = {
        "name": "obk", "version": "0.1.7", "metadata_version": "2.1", "filetype": "bdist_wheel", "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    sent = {"content": ("obk-0.1.7-py3-none-any.whl", content, "application/octet-stream")}
    auth = httpx2.BasicAuth("__token__", TOKEN)
    assert httpx2.post(f"{base}/legacy/", data=form, files=sent, auth=auth, trust_env=False).status_code == 200
    assert make(obk, environ, dry_run=True).version == "0.1.8"


def test_a_project_below_the_repository_s_top_is_built(obk: Path, environ: Environ) -> None:
    inner = obk / "packages" / "obk"
    inner.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "src"):
        (obk / name).rename(inner / name)
    commit_all(obk, "refactor: move")
    assert make(inner, environ).version == "0.1.1"


def test_an_sdist_alone_can_be_shipped(obk: Path, environ: Environ) -> None:
    result = make(obk, environ, "build.wheel=false")
    assert [file.name for file in result.files] == ["obk-0.1.1.tar.gz"]
    assert result.not_checked


def test_no_secret_reaches_the_backend(obk: Path, environ: Environ) -> None:
    (obk / "hatch_build.py").write_text(
        "import os\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n"
        "class Hook(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
        "        leaked = [name for name in os.environ if 'TOKEN' in name or 'INDEX' in name]\n"
        "        assert not leaked, leaked\n"
        "        assert os.environ['SOURCE_DATE_EPOCH'].isdigit()\n"
    )
    with (obk / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    commit_all(obk)
    secret = {"PIP_EXTRA_INDEX_URL": "https://user:secret@127.0.0.1/", "GITHUB_TOKEN": "s"}
    assert make(obk, {**environ, **secret}).version == "0.1.1"


def test_a_declared_version_that_is_free_ships_as_written(obk: Path, environ: Environ) -> None:
    git(obk, "tag", "v0.0.9")
    result = make(obk, environ)
    assert (result.version, result.edits) == ("0.1.0", ())
    assert [file.name for file in result.files] == ["obk-0.1.0-py3-none-any.whl", "obk-0.1.0.tar.gz"]


def test_a_build_that_was_interrupted_is_replaced(obk: Path, environ: Environ) -> None:
    make(obk, environ)
    (obk / "dist" / "obk-0.1.1.tar.gz").unlink()
    assert make(obk, environ).version == "0.1.1"
    (obk / "dist" / "mergeship.json").write_text("broken")
    for path in (obk / "dist").glob("obk*"):
        path.unlink()
    assert make(obk, environ).version == "0.1.1"


def test_what_is_not_committed_is_not_built(obk: Path, environ: Environ) -> None:
    git(obk, "rm", "--quiet", "--cached", "pyproject.toml")
    git(obk, "commit", "--quiet", "-m", "oops")
    assert refused(obk, environ).code == "not-committed"


def test_a_declaration_that_leads_out_is_refused(obk: Path, environ: Environ, tmp_path: Path) -> None:
    victim = tmp_path / "victim.py"
    victim.write_text('__version__ = "0.1.0"\n')
    (obk / "version.py").symlink_to(victim)
    edit(obk, 'version = "0.1.0"', 'dynamic = ["version"]')
    edit(
        obk,
        "[tool.hatch.build.targets.wheel]",
        '[tool.hatch.version]\npath = "version.py"\n[tool.hatch.build.targets.wheel]',
    )
    assert refused(obk, environ).code == "link-leads-out"
    assert victim.read_text() == '__version__ = "0.1.0"\n'


def edit(project: Path, old: str, new: str) -> None:
    path = project / "pyproject.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    commit_all(project)


def refused(project: Path, environ: Environ, *overrides: str) -> MergeshipError:
    with pytest.raises(MergeshipError) as error:
        make(project, environ, *overrides)
    assert not (project / "dist" / "mergeship.json").exists()
    return error.value


def test_a_backend_that_fails_is_shown(obk: Path, environ: Environ) -> None:
    edit(obk, 'packages = ["src/obk"]', 'packages = ["src/nothing"]\n[tool.hatch.build.hooks.custom]')
    error = refused(obk, environ)
    assert isinstance(error, Failed)
    assert error.code == "build-failed"
    assert "hatch_build.py" in error.detail


def test_variables_that_are_named_reach_the_build(obk: Path, environ: Environ) -> None:
    """V15"""
    edit(obk, 'packages = ["src/obk"]', 'packages = ["src/obk"]\n[tool.hatch.build.hooks.custom]')
    checks = HOOK.replace("leave()", "assert os.environ['CFLAGS'] == '-O3'")
    (obk / "hatch_build.py").write_text(f"import os\n{checks}")
    commit_all(obk)
    environ["CFLAGS"] = "-O3"
    assert "not passed on without the setting pass-env: CFLAGS" in refused(obk, environ).hint
    assert make(obk, environ, "pass-env=CFLAGS").version == "0.1.1"


def test_what_a_backend_says_is_shown_once(obk: Path, cli: Cli) -> None:
    """V24"""
    edit(obk, 'packages = ["src/obk"]', 'packages = ["src/nothing"]\n[tool.hatch.build.hooks.custom]')
    (obk / "hatch_build.py").write_text("raise SystemExit('no such compiler')\n")
    commit_all(obk)
    status, _, err = cli("build", obk, "--version", "0.1.1")
    assert (status, err.count("no such compiler")) == (1, 1)
    _, out, _ = cli("build", obk, "--version", "0.1.1", "--json")
    assert "no such compiler" in out


def test_a_backend_that_is_not_there_is_shown(obk: Path, environ: Environ) -> None:
    edit(obk, 'build-backend = "hatchling.build"', 'build-backend = "hatchling.nothing"')
    assert "hatchling.nothing" in refused(obk, environ).detail
    edit(obk, 'requires = ["hatchling"]', 'requires = "hatchling"')
    assert refused(obk, environ).code == "build-failed"


def test_a_project_without_a_readme_is_built(obk: Path, environ: Environ) -> None:
    """V31: the index takes it."""
    edit(obk, 'readme = "README.md"\n', "")
    edit(obk, "description = ", "# ")
    assert make(obk, environ).version == "0.1.1"


def test_bad_metadata_is_refused(obk: Path, environ: Environ) -> None:
    (obk / "README.rst").write_text("`broken")
    edit(obk, 'readme = "README.md"', 'readme = "README.rst"')
    error = refused(obk, environ)
    assert error.code == "bad-metadata"
    assert "README.rst" in error.detail or "obk-0.1.1" in error.detail


def test_a_module_that_does_not_import_is_refused(obk: Path, environ: Environ) -> None:
    (obk / "src" / "obk" / "__init__.py").write_text("import a_module_that_is_not_there\n")
    commit_all(obk)
    error = refused(obk, environ)
    assert error.code == "import-failed"
    assert "a_module_that_is_not_there" in error.detail


def test_a_module_that_ends_the_interpreter_is_refused(obk: Path, environ: Environ) -> None:
    (obk / "src" / "obk" / "__init__.py").write_text("raise SystemExit(0)\n")
    commit_all(obk)
    error = refused(obk, environ)
    assert (error.code, error.detail) == ("import-failed", "the import ended the interpreter")


def test_what_a_module_prints_does_not_matter(obk: Path, environ: Environ) -> None:
    (obk / "src" / "obk" / "__init__.py").write_text("import atexit\nprint('{')\natexit.register(print, 'bye')\n")
    commit_all(obk)
    assert make(obk, environ).imported == ("obk",)


def test_a_version_that_the_backend_takes_from_elsewhere_is_seen(obk: Path, environ: Environ) -> None:
    (obk / "setup.py").write_text("from setuptools import setup\nsetup(version='9.9')\n")
    (obk / "VERSION").write_text("v = 0.1.0\n")
    (obk / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "obk"\ndynamic = ["version"]\n[tool.mergeship]\nversion-files = ["VERSION: v = {version}"]\n'
    )
    (obk / "setup.py").write_text("from setuptools import setup\nsetup(version='.'.join('99'))\n")
    commit_all(obk)
    error = refused(obk, environ)
    assert error.code == "wrong-metadata"
    assert "declares obk 9.9, expected obk 0.1.1" in error.message


def test_a_wheel_that_pypi_refuses_is_refused_here(obk: Path, environ: Environ) -> None:
    (obk / "hatch_build.py").write_text(
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n"
        "class Hook(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
        "        build_data['tag'] = 'py3-none-linux_x86_64'\n"
    )
    edit(
        obk,
        "[tool.hatch.build.targets.wheel]",
        "[tool.hatch.build.targets.wheel.hooks.custom]\n[tool.hatch.build.targets.wheel]",
    )
    error = refused(obk, environ)
    assert error.code == "refused-name"
    assert "linux_x86_64" in error.message
    assert "auditwheel" in error.hint


def test_a_dirty_checkout_is_refused(obk: Path, environ: Environ) -> None:
    (obk / "README.md").write_text("changed")
    error = refused(obk, environ)
    assert (error.code, error.exit_status) == ("dirty-checkout", 2)
    assert "README.md" in error.message


def test_strange_distributions_are_refused(obk: Path, environ: Environ) -> None:
    (obk / "dist").mkdir()
    (obk / "dist" / "obk-0.0.9.tar.gz").touch()
    error = refused(obk, environ)
    assert (error.code, error.exit_status) == ("strange-files", 2)
    assert (obk / "dist" / "obk-0.0.9.tar.gz").exists()


def test_outside_of_a_repository_nothing_is_built(obk: Path, environ: Environ) -> None:
    (obk / ".git").rename(obk.parent / "git")
    assert refused(obk, {**environ, "GIT_CEILING_DIRECTORIES": "/"}).code == "not-a-repository"


def test_an_index_that_is_down_is_a_hold(obk: Path, environ: Environ, catalog: Catalog) -> None:
    error = refused(obk, environ, "index.upload=http://127.0.0.1:9/legacy/")
    assert isinstance(error, Held)
    assert error.code == "index-unreachable"
    assert catalog.uploads == []


HANDED = [kind for kind in TAGGED if kind.name in {"setuptools-scm", "hatch-vcs", "versioneer"}]


@pytest.mark.parametrize("kind", HANDED, ids=by_name)
def test_a_version_from_tags_is_handed_to_the_backend(tmp_path: Path, environ: Environ, kind: Tagged) -> None:
    for name, text in kind.files.items():
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text(text)
    requires = ", ".join(f'"{one}"' for one in kind.requires)
    pyproject = tmp_path / "p" / "pyproject.toml"
    text = re.sub(r"^requires = .*", f"requires = [{requires}]", pyproject.read_text(), flags=re.MULTILINE)
    more = 'readme = { text = "p", content-type = "text/plain" }\nrequires-python = ">=3.9"'
    pyproject.write_text(text.replace("[project]", f"[project]\n{more}"))
    git(tmp_path / "p", "init", "--quiet")
    commit_all(tmp_path / "p")
    git(tmp_path / "p", "tag", "v0.3.0")
    (tmp_path / "p" / "pkg" / "more.py").touch()
    commit_all(tmp_path / "p")
    built = make(tmp_path / "p", environ)
    assert (built.version, built.declared, built.dynamic, built.edits) == ("0.3.1", None, kind.tool, ())
    assert [file.name for file in built.files] == ["pkg-0.3.1-py3-none-any.whl", "pkg-0.3.1.tar.gz"]
    assert git(tmp_path / "p", "tag", "--list") == "v0.3.0"


def test_every_place_is_written_into_the_copy(obk: Path, environ: Environ) -> None:
    edit(obk, "[tool.hatch.build", '[tool.mergeship]\nversion-files = ["README.md: Now {version}."]\n[tool.hatch.build')
    (obk / "README.md").write_text("# obk\n\nNow 0.1.0.\n")
    lock = '[[package]]\nname = "obk"\nversion = "0.1.0"\nsource = { editable = "." }\n'
    (obk / "uv.lock").write_text(lock)
    commit_all(obk)
    (obk / ".git" / "info" / "exclude").write_text("ignored\n")
    built = make(obk, environ)
    assert [edit.path for edit in built.edits] == ["pyproject.toml", "README.md", "uv.lock"]
    assert (obk / "uv.lock").read_text() == lock
    with tarfile.open(obk / "dist" / "obk-0.1.1.tar.gz") as opened:
        readme = opened.extractfile("obk-0.1.1/README.md")
        assert readme is not None
        assert readme.read() == b"# obk\n\nNow 0.1.1.\n"


def test_a_lock_that_is_not_committed_is_no_obstacle(obk: Path, environ: Environ) -> None:
    (obk / ".git" / "info" / "exclude").write_text("uv.lock\n")
    (obk / "uv.lock").write_text('[[package]]\nname = "obk"\nversion = "0.1.0"\nsource = { editable = "." }\n')
    assert make(obk, environ).version == "0.1.1"


def test_what_builds_again_to_other_bytes_is_lost(obk: Path, environ: Environ, tmp_path: Path) -> None:
    """The ledger bound other bytes than those that this commit gives here."""
    environ = {**environ, "XDG_STATE_HOME": str(tmp_path / "state"), "GITHUB_REPOSITORY": "owner/obk"}
    real = make(obk, environ)
    begun = json.dumps([{
        "version": "0.1.1", "commit": real.commit, "run": "7", "state": "uploading",
        "files": [
            {"name": real.files[0].name, "size": real.files[0].size, "sha256": real.files[0].sha256},
            {"name": real.files[1].name, "size": real.files[1].size, "sha256": "0" * 64},
        ],
    }])  # fmt: skip
    given = environ["MERGESHIP_SET"].splitlines()
    out = obk / "dist"
    result = build(obk, environ, lambda _: None, given, out=out, version="", unfinished=begun)
    assert (result.restored, result.lost) == ((), ("0.1.1",))
    manifest = distribution.decode((out / "unfinished" / "0.1.1" / "mergeship.json").read_bytes())
    assert manifest.files == ()
    assert f"building it again gives others: {real.files[1].name}" in manifest.lost
