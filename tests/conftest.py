import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mergeship.errors import MergeshipError
from mergeship.errors.catalogue import CODES
from mergeship.world.index.app import application
from mergeship.world.index.catalog import Catalog
from mergeship.world.serving import serving

ROOT = Path(__file__).parent.parent
OBK = ROOT / "examples" / "obk"
SHARED = ROOT.parent / "shared"
LONG = pytest.mark.skipif(not os.environ.get("MERGESHIP_SOAK"), reason="takes minutes: make soak")
TOKEN = "pypi-AgEIcHlwaS5vcmcCJDNiY2"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("network")]
    if marked and not os.environ.get("CI") and not _registry_answers():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no package registry can be reached from here"))
    # The long ones first, so that no worker is left alone with them at the end.
    long = ("tests/test_laws", "tests/rehearsal/test_guide", "tests/rehearsal/test_r", "tests/drills")
    items.sort(key=lambda item: not item.nodeid.startswith(long))


@cache
def _registry_answers() -> bool:
    """Whether uv can look a package up, with the settings of this machine."""
    if os.environ.get("MERGESHIP_NETWORK"):
        return os.environ["MERGESHIP_NETWORK"] == "1"
    from uv import find_uv_bin

    command = [find_uv_bin(), "pip", "compile", "--quiet", "--no-cache", "-"]
    asked = subprocess.run(
        command,
        input=b"hatchling\n",
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "UV_HTTP_TIMEOUT": "5"},
    )
    return asked.returncode == 0


@pytest.fixture(scope="session", autouse=True)
def _traced_behind_event_loops() -> Iterator[None]:
    """Python 3.11 forgets to trace behind a generator that is closed early, as in HTTP streams: so in a thread."""
    run = asyncio.run

    def traced(*given: Any, **named: Any) -> Any:
        if sys.gettrace() is None:
            return run(*given, **named)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(run, *given, **named).result()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "run", traced)
        yield


@pytest.fixture(scope="session", autouse=True)
def _codes_of_the_catalogue() -> Iterator[None]:
    """No error has a code that the catalogue does not have, whatever it was computed from."""
    made = MergeshipError.__init__

    def checked(self: MergeshipError, code: str, *given: Any, **named: Any) -> None:
        assert code in CODES, f"{code} is not in the catalogue"
        made(self, code, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MergeshipError, "__init__", checked)
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_git_identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """git as on a fresh machine: nothing of the developer's own configuration."""
    config = tmp_path_factory.mktemp("git") / "config"
    config.write_text("[user]\n\tname = Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout.strip()


def commit_all(folder: Path, message: str = "chore: change") -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


HOOK = """
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        leave()
"""


def daemon(note: Path) -> str:
    """The source of a function `leave()`, which starts a process that hides from its group, and notes its number."""
    return f"""
def leave():
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open({str(note)!r}, "a").write(f"{{os.getpid()}}\\n")
            for number in range(3):
                os.close(number)
            time.sleep(60)
        os._exit(0)
    os.wait()
"""


@pytest.fixture
def obk(tmp_path: Path) -> Path:
    """A git repository with the example project, committed."""
    folder = tmp_path / "obk"
    shutil.copytree(OBK, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "dist"))
    git(tmp_path, "init", "--quiet", str(folder))
    (folder / ".gitignore").write_text("__pycache__/\n.pytest_cache/\ndist/\n")
    commit_all(folder, "feat: begin")
    return folder


@pytest.fixture(scope="session")
def wheel_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the distributions of drills are kept, from test to test."""
    return tmp_path_factory.mktemp("wheel_cache")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "index", token=TOKEN)


@pytest.fixture
def base(catalog: Catalog) -> Iterator[str]:
    """The base address of an embedded index over `catalog`."""
    with serving(application(catalog)) as base:
        yield base


@pytest.fixture
def environ(base: str) -> dict[str, str]:
    """The environment of a stage whose index is the embedded one."""
    settings = f"index.upload={base}/legacy/\nindex.deadline=20"
    return {**os.environ, "MERGESHIP_SET": settings, "PYPI_API_TOKEN": TOKEN}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the command line in this process: exit status, standard output, standard error."""
    from mergeship.cli import main

    def call(*argv: str, environ: dict[str, str] | None = None) -> tuple[int, str, str]:
        status = main([str(argument) for argument in argv], os.environ if environ is None else environ)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
