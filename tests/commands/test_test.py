import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.adapters.environment import uv
from mergeship.commands.test import test as run_tests
from mergeship.core.progress import Event, Note
from mergeship.errors import Failed, Misconfigured
from tests.archives import wheel
from tests.conftest import HOOK, daemon, git

pytestmark = pytest.mark.network
Cli = Callable[..., tuple[int, str, str]]


def test_the_project_s_tests_run_in_a_fresh_environment(obk: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    summary = tmp_path / "summary"
    result = run_tests(obk, {**os.environ, "GITHUB_STEP_SUMMARY": str(summary)}, events.append)
    assert result.command == "pytest -q"
    told = [event.text for event in events if isinstance(event, Note)]
    assert told[0] == "installing obk (test) into a fresh environment"
    assert any("6 passed" in line for line in told)
    assert "Tests of **obk** passed" in summary.read_text()
    assert git(obk, "status", "--short") == ""


def test_no_secret_reaches_the_tests(obk: Path) -> None:
    (obk / "tests" / "test_words.py").write_text(
        "import os, sys\n\ndef test_environment():\n"
        "    assert not [name for name in os.environ if 'TOKEN' in name or 'INDEX' in name]\n"
        "    assert sys.prefix == os.environ['VIRTUAL_ENV']\n"
    )
    environ = {**os.environ, "PYPI_API_TOKEN": "s", "GITHUB_TOKEN": "s", "UV_EXTRA_INDEX_URL": ""}
    assert run_tests(obk, environ, lambda _: None).seconds > 0


HELPER = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "obk-helper"
version = "1.0"

[tool.hatch.build.hooks.custom]
path = "../../hatch_build.py"
"""
WORKSPACE = """
[tool.hatch.build.hooks.custom]

[tool.uv.sources]
obk-helper = { workspace = true }

[tool.uv.workspace]
members = ["libs/*"]
"""


@pytest.fixture
def workspace(obk: Path) -> Path:
    """obk with a helper that lies beside it, and whose tests and builds look for a password."""
    look = "import os\nassert 'secret' not in repr(dict(os.environ))\n"
    (obk / "tests" / "test_words.py").write_text(f"{look}import obk_helper\n\ndef test_nothing():\n    pass\n")
    (obk / "hatch_build.py").write_text(look + HOOK.replace("leave()", "pass"))
    (obk / "libs/helper/obk_helper").mkdir(parents=True)
    (obk / "libs/helper/obk_helper/__init__.py").touch()
    (obk / "libs/helper/pyproject.toml").write_text(HELPER)
    pyproject = (obk / "pyproject.toml").read_text()
    (obk / "pyproject.toml").write_text(pyproject.replace("dependencies = []", 'dependencies = ["obk-helper"]'))
    with (obk / "pyproject.toml").open("a") as file:
        file.write(WORKSPACE)
    return obk


@pytest.fixture
def with_password(base: str) -> dict[str, str]:
    """The environment of a runner that takes packages from a source with a password too."""
    address = base.replace("://", "://user:secret@") + "/simple/"
    named = dict.fromkeys(("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"), address)
    return {**os.environ, **named, "HTTPS_PROXY": ""}


def test_no_password_of_a_package_source_reaches_the_project(workspace: Path, with_password: dict[str, str]) -> None:
    """T17: neither its tests, nor a build of anything in the repository; the installer has it."""
    with pytest.raises(Failed, match="cannot be installed") as failed:
        run_tests(workspace, with_password, lambda _: None)
    assert "lockfile" in failed.value.detail
    lock(workspace)
    assert run_tests(workspace, with_password, lambda _: None).seconds > 0


def test_a_project_without_a_lock_is_built_without_a_password_too(obk: Path, with_password: dict[str, str]) -> None:
    look = "import os\nassert 'secret' not in repr(dict(os.environ))\n"
    (obk / "hatch_build.py").write_text(look + HOOK.replace("leave()", "pass"))
    with (obk / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    assert run_tests(obk, with_password, lambda _: None).seconds > 0


def test_a_wheel_in_the_repository_is_installed_beside_a_password(obk: Path, with_password: dict[str, str]) -> None:
    (obk / "here").mkdir()
    (obk / "here" / "here-1.0-py3-none-any.whl").write_bytes(wheel("here", "1.0"))
    pyproject = (obk / "pyproject.toml").read_text()
    source = '[tool.uv.sources]\nhere = { path = "here/here-1.0-py3-none-any.whl" }\n'
    (obk / "pyproject.toml").write_text(pyproject.replace('["pytest>=8"]', '["pytest>=8", "here"]') + source)
    (obk / "tests" / "test_words.py").write_text("import here\n\n\ndef test_nothing(): ...\n")
    lock(obk)
    assert run_tests(obk, with_password, lambda _: None).seconds > 0


@pytest.mark.parametrize("locked", [False, True])
def test_beside_a_password_no_dependency_is_built(obk: Path, with_password: dict[str, str], locked: bool) -> None:
    """T17: docopt has no wheel. It is refused with what to do, and is built where there is no password."""
    pyproject = (obk / "pyproject.toml").read_text()
    (obk / "pyproject.toml").write_text(pyproject.replace('["pytest>=8"]', '["pytest>=8", "docopt==0.6.2"]'))
    if locked:
        lock(obk)
    with pytest.raises(Failed, match="cannot be installed") as failed:
        run_tests(obk, with_password, lambda _: None)
    assert "docopt" in failed.value.detail
    assert "UV_FIND_LINKS" in failed.value.hint
    assert run_tests(obk, os.environ, lambda _: None).seconds > 0


def test_what_uv_is_told_to_take_from_a_folder_comes_from_there(workspace: Path) -> None:
    """And never from an index that has something of that name."""
    assert run_tests(workspace, os.environ, lambda _: None).seconds > 0


def lock(project: Path) -> None:
    subprocess.run([uv(), "lock", "--quiet"], cwd=project, check=True)


def test_nothing_outlives_the_tests(obk: Path, tmp_path: Path) -> None:
    """T9: neither what a test starts, nor what the project's own build does when it is installed."""
    left = tmp_path / "left"
    (obk / "tests" / "test_words.py").write_text(f"{daemon(left)}\ndef test_nothing():\n    leave()\n")
    (obk / "hatch_build.py").write_text(f"{daemon(left)}\n{HOOK}")
    with (obk / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    run_tests(obk, os.environ, lambda _: None)
    pids = [int(pid) for pid in left.read_text().split()]
    assert len(pids) > 1
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_what_tests_tell_the_runner_does_not_count(obk: Path, tmp_path: Path) -> None:
    """T16: the next steps of the job would obey it."""
    path = tmp_path / "env"
    (obk / "tests" / "test_words.py").write_text(
        f"def test_nothing():\n    open({str(path)!r}, 'w').write('LD_PRELOAD=/evil.so')\n"
    )
    with pytest.raises(Failed) as failed:
        run_tests(obk, {**os.environ, "GITHUB_ENV": str(path)}, lambda _: None)
    assert (failed.value.code, path.read_text()) == ("runner-steered", "")


def test_a_failing_test_is_shown(obk: Path, cli: Cli) -> None:
    (obk / "tests" / "test_words.py").write_text("def test_answer():\n    assert 6 * 9 == 42\n")
    status, out, err = cli("test", obk)
    assert (status, out) == (1, "")
    assert "test_answer" in err
    assert "error: pytest -q: the tests failed with status 1 [tests-failed]" in err


def test_no_tests_are_a_failure(obk: Path) -> None:
    (obk / "tests" / "test_words.py").unlink()
    with pytest.raises(Failed, match="no tests were collected"):
        run_tests(obk, os.environ, lambda _: None)


def test_no_unittests_are_a_failure_too(obk: Path) -> None:
    (obk / "tests" / "test_words.py").unlink()
    with pytest.raises(Failed, match=r"no tests were collected|failed with status 5"):
        run_tests(obk, os.environ, lambda _: None, ["test.command=python -m unittest"])


def test_variables_that_are_named_reach_the_tests(obk: Path) -> None:
    """V15"""
    (obk / "tests" / "test_words.py").write_text(
        "import os\n\n\ndef test_x():\n    assert os.environ['CFLAGS'] == '-O3'\n"
    )
    environ = {**os.environ, "CFLAGS": "-O3"}
    with pytest.raises(Failed) as failed:
        run_tests(obk, environ, lambda _: None)
    assert "not passed on without the setting pass-env: CFLAGS" in failed.value.hint
    assert run_tests(obk, environ, lambda _: None, ["pass-env=CFLAGS"]).seconds > 0


def test_a_lock_that_is_stale_is_named(obk: Path) -> None:
    """V22: the tests miss what is new."""
    subprocess.run([uv(), "lock", "--quiet"], cwd=obk, check=True)
    pyproject = (obk / "pyproject.toml").read_text()
    (obk / "tests" / "test_words.py").write_text("import six\n\n\ndef test_nothing(): ...\n")
    with pytest.raises(Failed, match="the tests failed") as failed:
        run_tests(obk, os.environ, lambda _: None)
    assert "stale" not in failed.value.hint
    (obk / "pyproject.toml").write_text(pyproject.replace('"pytest>=8"', '"pytest>=8", "six"'))
    with pytest.raises(Failed, match="the tests failed") as failed:
        run_tests(obk, os.environ, lambda _: None)
    assert failed.value.hint.startswith("uv.lock is stale")


def test_tests_that_ran_beside_some_that_did_not_are_tests(obk: Path) -> None:
    (obk / "empty").mkdir()
    (obk / "all.sh").write_text("#!/bin/sh\npython -m unittest discover -s empty\npytest -q\n")
    (obk / "all.sh").chmod(0o755)
    assert run_tests(obk, os.environ, lambda _: None, ["test.command=./all.sh"]).seconds > 0


def test_a_status_of_the_command_itself_is_reported(obk: Path) -> None:
    with pytest.raises(Failed, match="failed with status 127") as failed:
        run_tests(obk, os.environ, lambda _: None, ["test.command=sh -c 'no-such-program'", "test.externals=sh"])
    assert "no-such-program" in failed.value.detail


def test_a_command_that_is_not_there_is_named(obk: Path) -> None:
    with pytest.raises(Failed, match="no-such-program is not in the environment") as failed:
        run_tests(obk, os.environ, lambda _: None, ["test.command=no-such-program"])
    assert "test.requires" in failed.value.hint


@pytest.mark.parametrize("command", ["", "pytest '"])
def test_a_command_that_is_none_is_refused(obk: Path, command: str) -> None:
    with pytest.raises(Misconfigured, match=r"test\.command"):
        run_tests(obk, os.environ, lambda _: None, [f"test.command={command}"])


def test_a_group_and_a_lock_are_used(obk: Path) -> None:
    pyproject = (obk / "pyproject.toml").read_text()
    section = '[project.optional-dependencies]\ntest = ["pytest>=8"]\n'
    (obk / "pyproject.toml").write_text(pyproject.replace(section, '[dependency-groups]\ntests = ["pytest>=8"]\n'))
    assert run_tests(obk, os.environ, lambda _: None).seconds > 0
    lock(obk)
    locked = (obk / "uv.lock").read_text()
    assert run_tests(obk, os.environ, lambda _: None, ["test.requires=iniconfig"]).seconds > 0
    assert (obk / "uv.lock").read_text() == locked
    assert not (obk / ".venv").exists()


def test_what_cannot_be_installed_is_reported_in_uv_s_words(obk: Path) -> None:
    with pytest.raises(Failed, match="cannot be installed") as failed:
        run_tests(obk, os.environ, lambda _: None, ["test.requires=pytest==0.0.1.dev0"])
    assert "pytest==0.0.1.dev0" in failed.value.detail
