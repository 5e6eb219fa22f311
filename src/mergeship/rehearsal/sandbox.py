"""The folder in which everything of a rehearsal happens, and the processes that it has to end."""

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from mergeship.adapters.environment import uv
from mergeship.adapters.index import addresses
from mergeship.core.environ import OWN_HOME, for_installer
from mergeship.core.settings import Index
from mergeship.errors import Misconfigured

ROUNDS = 20  # of looking for processes that are left
LOOPBACK = "127.0.0.1,localhost"
# act drops what a failing step wrote last if the step ends at once: its shell stays for a moment (see step.py).
LINGER = """\
unset BASH_ENV
trap 'status=$?; [ "$status" -eq 0 ] || sleep 0.5; exit "$status"' EXIT
"""
MARK = "MERGESHIP_SANDBOX"
"""An environment variable that every process of a rehearsal inherits: its value is the sandbox's folder."""


class Sandbox:
    """The folders of a rehearsal, and the environment of everything that runs in it."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self.origin = root / "origin.git"
        self.work = root / "work"
        self.artifacts = root / "artifacts"
        self.index = root / "index"
        self.event = root / "event.json"
        self.secrets = root / "secrets"
        self._bin = root / "bin"
        self.nothing = root / "nothing"
        """An empty file."""
        self.nothing.touch()
        for folder in (self.artifacts, self.index, self._bin, root / "home"):
            folder.mkdir()
        (root / "tmp").mkdir(exist_ok=True)
        self.command = self._bin / "mergeship"
        self.install(sys.executable, "-I", "-m", "mergeship.rehearsal.step")
        self._bash_env = root / "bash-env"
        self._bash_env.write_text(LINGER, encoding="utf-8")
        (self._bin / "uv").symlink_to(uv())
        self.stood_in = self._python(environ)
        self.outside = for_installer(environ)
        """The caller's own environment, for what is done with the caller's own repository."""
        self.env = self._environment(environ)

    def _environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The caller's environment on an allow-list, with a home of its own and the caller's caches."""
        home = Path(environ.get("HOME") or "/nonexistent")
        caches = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
        data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        env = {
            "UV_CACHE_DIR": str(caches / "uv"),
            "PIP_CACHE_DIR": str(caches / "pip"),
            "UV_PYTHON_INSTALL_DIR": str(data / "uv" / "python"),
        }
        self._package_sources(config, environ)
        env |= for_installer(environ)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", *_OF_A_JOB):
            env.pop(name, None)
        return env | {
            "HOME": str(self.root / "home"),
            OWN_HOME: str(self.root / "home"),
            "NO_PROXY": ",".join(filter(None, [environ.get("NO_PROXY"), LOOPBACK])),
            "no_proxy": ",".join(filter(None, [environ.get("no_proxy"), LOOPBACK])),
            "TMPDIR": str(self.root / "tmp"),
            "PATH": os.pathsep.join([str(self._bin), *_search_path(environ)]),
            "BASH_ENV": str(self._bash_env),
            "TERM": "dumb",
            "PAGER": "cat",
            "GIT_PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            MARK: str(self.root),
        }

    def _python(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """`python` for steps that call it, as runners have it: Debian, for one, has only python3."""
        path = os.pathsep.join(_search_path(environ))
        python3 = shutil.which("python3", path=path)
        if python3 is None or shutil.which("python", path=path):
            return ()
        (self._bin / "python").symlink_to(python3)
        return ("python: not on PATH here, python3 stood in for it",)

    def _package_sources(self, config: Path, environ: Mapping[str, str]) -> None:
        """The caller's own pip.conf and uv.toml; without those, package pages stay fresh for ten minutes.

        PyPI says so itself. Mirrors often do not, and then uv asks again at every installation.
        """
        target = self.root / "home" / ".config"
        for name in ("pip/pip.conf", "uv/uv.toml"):
            if (config / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(config / name, target / name)  # with its mode: it may hold a password
        named = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"} & set(environ)
        if named or (target / "uv" / "uv.toml").exists():
            return
        (target / "uv").mkdir(parents=True, exist_ok=True)
        page = addresses(Index()).simple.rstrip("/")
        fresh = 'cache-control = { api = "max-age=600", files = "max-age=365000000, immutable" }'
        text = f'[[index]]\nurl = "{page}"\ndefault = true\n{fresh}\n'
        (target / "uv" / "uv.toml").write_text(text, encoding="utf-8")

    def install(self, *command: str) -> None:
        """Have the name `mergeship` start this command."""
        self.command.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        self.command.chmod(0o755)

    def write_secrets(self, secrets: Mapping[str, str]) -> None:
        """A secret file for the engine, readable only by its owner."""
        descriptor = os.open(self.secrets, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in secrets.items())

    def end_processes(self) -> None:
        """Kill whatever still runs with this sandbox in its environment, until nothing does."""
        for _ in range(ROUNDS):
            left = [process for process in psutil.process_iter() if self._owns(process)]
            if not left:
                return
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(left, timeout=1)

    def _owns(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        try:
            return process.environ().get(MARK) == str(self.root)
        except (psutil.Error, OSError):
            return False  # ended in the meantime, or someone else's


@contextmanager
def sandbox(environ: Mapping[str, str], keep: Path | None) -> Iterator[Sandbox]:
    """A new sandbox in `keep`, which stays, or in a temporary folder, which goes when the block ends.

    Raises Misconfigured when `keep` is a folder that holds something.
    """
    if keep is None:
        root = Path(tempfile.mkdtemp(prefix="mergeship-rehearsal-")).resolve()
    else:
        root = keep.resolve()
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise Misconfigured("keep-not-empty", f"{keep} is not empty", hint="--keep takes a new or empty folder")
    root.chmod(0o700)
    elsewhere = None
    if keep is not None:  # tools read the settings of the folders above, and that may be anyone's project
        elsewhere = tempfile.mkdtemp(prefix="mergeship-rehearsal-")
        (root / "tmp").symlink_to(elsewhere)
    box = None
    try:
        box = Sandbox(root, environ)
        yield box
    finally:
        try:
            if box is not None:
                box.end_processes()
        finally:
            shutil.rmtree(elsewhere or root, ignore_errors=True)


_OF_A_JOB = (
    "CI", "GITHUB_ACTIONS", "GITHUB_REF", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_SHA", "GITHUB_WORKSPACE",
    "RUNNER_TEMP",
)  # fmt: skip


def _search_path(environ: Mapping[str, str]) -> list[str]:
    """The caller's PATH without mergeship's own environment: a project must not find our tools there."""
    path = environ.get("PATH", os.defpath).split(os.pathsep)
    own = Path(sys.executable).parent
    return [folder for folder in path if sys.prefix == sys.base_prefix or Path(folder) != own]
