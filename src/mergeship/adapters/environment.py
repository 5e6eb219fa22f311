"""Fresh Python environments, made by uv."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mergeship.core.environ import for_installer, for_project, holds_password
from mergeship.core.text import without_password
from mergeship.errors import Failed
from mergeship.process import ProcessFailed, run

# The last line that begins with the mark shows that the imports came to their end, whatever else was printed.
_MARK = "mergeship imported "
_IMPORT = f"""
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
modules = [importlib.import_module(name) for name in sys.argv[1:]]
versions = {{module.__name__: getattr(module, "__version__", None) for module in modules}}
print("\\n{_MARK}" + json.dumps({{name: version for name, version in versions.items() if isinstance(version, str)}}))
"""


UV = "MERGESHIP_UV"
"""The variable that names another uv than the one that comes with mergeship."""
_OTHER_UV = re.compile(
    r"Required uv version `(?P<wanted>[^`]*)` does not match the running version `(?P<version>[^`]*)`"
)
_FILES = ("UV_CONFIG_FILE", "PIP_CONFIG_FILE")
_STALE = "needs to be updated"
_NOT_BUILT = re.compile(r"--no-build|(?i:building).*disabled")  # uv's words differ between its commands
_ONLY_WHEELS = (
    "beside a password of a package source or a proxy nothing is built: offer a wheel of it there, or in a folder of "
    "UV_FIND_LINKS"
)


class LocalProject(NamedTuple):
    """What a uv.lock takes from here, and where it is wanted at all (an environment marker)."""

    name: str
    path: Path
    """The folder of a project, or a distribution."""
    marker: str


def uv() -> str:
    """The path of uv. Raises Failed when it is not installed."""
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise Failed("no-uv", "uv is not installed", hint="install mergeship again: uv comes with it") from error


class Venv:
    """A virtual environment in a folder of its own. `environ` is the caller's environment, unscrubbed."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self.python = path / "bin" / "python"
        self._environ = environ
        self.has_password = _is_told_a_password(for_installer(environ))
        """Whether uv is told the password of a package source or of a proxy: then it builds nothing."""

    def create(self, project: Path) -> None:
        """Make it, with a Python that the project in `project` allows. Raises Failed."""
        self._uv(["venv", str(self.path)], project, "no-python", "no environment could be made")

    def sync(self, project: Path, extras: Sequence[str], groups: Sequence[str]) -> None:
        """Install the project as its uv.lock says; beside a password, what it needs of others. Raises Failed."""
        wanted = [*_each("--extra", extras), *_each("--group", groups)]
        local = ["--no-install-local"] if self.has_password else []
        command = ["sync", "--frozen", *self._no_build, *local, *wanted]
        self._uv(command, project, "install-failed", "the locked project cannot be installed")

    def is_lock_stale(self, project: Path) -> bool:
        """Whether the project's uv.lock does not fit to its pyproject.toml any more, as far as is known offline."""
        try:
            self._uv(["lock", "--check", "--offline"], project, "install-failed", "the lock cannot be read")
        except Failed as error:
            return _STALE in error.detail
        return False

    def local_projects(self, project: Path, extras: Sequence[str], groups: Sequence[str]) -> list[LocalProject]:
        """What uv.lock takes from folders and files, the project itself among it. Raises Failed."""
        lock = self.path / "pylock.toml"
        wanted = [*_each("--extra", extras), *_each("--group", groups)]
        command = ["export", "--frozen", "--format", "pylock.toml", "--output-file", str(lock), *wanted]
        self._uv(command, project, "install-failed", "the locked project cannot be installed")
        return [
            LocalProject(package["name"], lock.parent / path, package.get("marker", ""))
            for package in tomllib.loads(lock.read_text("utf-8")).get("packages", [])
            if (path := (package.get("directory") or package.get("archive") or {}).get("path"))
        ]

    def install(self, requirements: Sequence[str], cwd: Path, *, groups: Sequence[str] = ()) -> None:
        """Install requirements, which may be files and `-e .`, and dependency groups. Raises Failed."""
        wanted = [*_each("--group", groups), *requirements]
        if wanted:
            what = " ".join(wanted)
            command = ["pip", "install", "--python", str(self.python), *self._no_build, *wanted]
            self._uv(command, cwd, "install-failed", f"{what} cannot be installed")

    def run(
        self,
        command: Sequence[str],
        cwd: Path,
        report: Callable[[str], None] | None = None,
        *,
        externals: Sequence[str] = (),
    ) -> str:
        """Run a program of the environment or of the project, with no secret in its environment.

        One of the machine would bring its own packages along: it has to be one of the `externals`. Raises
        ProcessFailed, and Failed when there is no such program.
        """
        env = for_project(self._environ)
        env["VIRTUAL_ENV"] = str(self.path)
        own = str(self.python.parent)
        env["PATH"] = os.pathsep.join([own, env.get("PATH", os.defpath)])
        name = str(cwd.absolute() / command[0]) if "/" in command[0] else command[0]
        program = shutil.which(name, path=env["PATH"] if command[0] in externals else own)
        if program is None:
            place = "on PATH" if command[0] in externals else "in the environment"
            raise Failed(
                "no-program",
                f"{command[0]} is not {place}",
                hint="add it to the requirements of the tests or of the build",
            )
        return run([program, *command[1:]], cwd=cwd, env=env, report=report, contained=True)

    def import_modules(self, modules: Sequence[str], cwd: Path) -> dict[str, str]:
        """Import modules, and give the `__version__` of each that has one back. Raises Failed."""
        try:
            output = self.run(["python", "-I", "-c", _IMPORT, *modules], cwd)
        except ProcessFailed as error:
            output, detail = "", error.detail
        else:
            detail = ""
        marked = [line.removeprefix(_MARK) for line in output.splitlines() if line.startswith(_MARK)]
        if not marked:
            raise Failed(
                "import-failed",
                f"{', '.join(modules)} cannot be imported",
                hint="add the missing module or dependency to the distribution",
                detail=detail.strip() or "the import ended the interpreter",
            )
        versions: dict[str, str] = json.loads(marked[-1])
        return versions

    @property
    def _no_build(self) -> list[str]:
        return ["--no-build"] if self.has_password else []

    def _uv(self, arguments: Sequence[str], cwd: Path, code: str, message: str) -> None:
        env = for_installer(self._environ)
        env["UV_PROJECT_ENVIRONMENT"] = str(self.path)
        program = self._environ.get(UV) or uv()
        try:
            run([program, "--quiet", "--no-progress", *arguments], cwd=cwd, env=env, contained=True)
        except ProcessFailed as error:
            if other := _OTHER_UV.search(error.output):
                words = f"the project wants uv {other['wanted']}, and this is {other['version']}"
                hint = f"change tool.uv.required-version, or name such a uv in the environment variable {UV}"
                raise Failed("wrong-uv", words, hint=hint) from error
            raise Failed(
                code,
                message,
                hint=_ONLY_WHEELS if self.has_password and _NOT_BUILT.search(error.output) else error.hint,
                detail=error.detail,
            ) from error


def _is_told_a_password(environ: Mapping[str, str]) -> bool:
    """Whether an installer's environment has a password, or one of the files that it names; one unread may have one."""
    if holds_password(environ):
        return True
    for path in (Path(environ[name]) for name in _FILES if environ.get(name)):
        try:
            text = path.read_text("utf-8", errors="replace") if path.exists() else ""
        except OSError:
            return True
        if any(without_password(line) != line for line in text.splitlines()):
            return True
    return False


def _each(flag: str, names: Sequence[str]) -> list[str]:
    return [argument for name in names for argument in (flag, name)]
