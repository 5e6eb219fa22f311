"""Builds distributions with PyPA's build, and checks them with twine."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mergeship.core import archive
from mergeship.core.archive import Contents
from mergeship.core.environ import for_project, held_back
from mergeship.errors import Failed, MergeshipError
from mergeship.process import ProcessFailed, run

if sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile  # Python 3.11 has filters from 3.11.4 on only, and Debian 12 has 3.11.2

Install = Callable[[Sequence[str]], None]


class Frontend:
    """Builds with the Python of an isolated environment, into which `install` puts what a backend asks for.

    `environ` is the caller's environment, unscrubbed; `variables` are only for the backend: SOURCE_DATE_EPOCH, or
    what hands a version to it; `report` receives the backend's output.
    """

    def __init__(
        self,
        python: Path,
        install: Install,
        environ: Mapping[str, str],
        variables: Mapping[str, str],
        report: Callable[[str], None],
    ) -> None:
        self._python = python
        self._install = install
        self._env = {**for_project(environ), **variables}
        self._env["PATH"] = f"{python.parent}:{self._env.get('PATH', '')}"
        self._report = report
        self._held_back = held_back(environ)

    def sdist(self, tree: Path, out: Path) -> Path:
        """Build the sdist of a project. Raises Failed with the backend's output."""
        return self._build("sdist", tree, out)

    def wheel(self, sdist: Path, work: Path, out: Path) -> Path:
        """Build the wheel from an sdist, unpacked below `work`. Raises Failed with the backend's output."""
        return self._build("wheel", unpack(sdist, work), out)

    def editable(self, tree: Path, out: Path) -> Path:
        """Build the wheel that makes a project importable from its folder (PEP 660). Raises Failed."""
        return self._build("editable", tree, out)

    def _build(self, kind: Literal["sdist", "wheel", "editable"], tree: Path, out: Path) -> Path:
        from build import BuildBackendException, BuildException, ProjectBuilder

        try:
            project = ProjectBuilder(tree, str(self._python), self._run)
            self._install(sorted(project.build_system_requires))
            wanted = project.get_requires_for_build(kind) - project.build_system_requires
            self._install(sorted(wanted))
            self._report(f"building the {kind}")
            return Path(project.build(kind, out))
        except BuildBackendException as error:
            cause = error.exception
            detail = cause.detail if isinstance(cause, MergeshipError) else str(error)
            what = "editable wheel" if kind == "editable" else kind
            raise Failed(
                "build-failed",
                f"the build backend failed to make the {what}",
                hint=f"see its output above, and correct what it names{self._held_back}",
                detail=detail,
            ) from error
        except BuildException as error:
            raise Failed("build-failed", str(error), hint="correct [build-system] in pyproject.toml") from error

    def _run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        run(cmd, cwd=Path(cwd or "."), env={**self._env, **(extra_environ or {})}, report=self._report, contained=True)


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist, nothing of it outside of `folder`; gives the project's folder back. Raises Failed."""
    try:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise Failed(
            "bad-distribution",
            f"{sdist.name} cannot be unpacked: {error}",
            hint="correct what the build backend puts into the sdist",
        ) from error
    return folder / sdist.name.removesuffix(".tar.gz")


def check_metadata(files: Sequence[Path], environ: Mapping[str, str]) -> None:
    """`twine check`: what an index refuses. Raises Failed with its words."""
    # Isolated, so that a folder of the project named like a module cannot take its place.
    command = [sys.executable, "-I", "-m", "twine", "--no-color", "check", *map(str, files)]
    try:
        run(command, cwd=files[0].parent, env=for_project(environ))
    except ProcessFailed as error:
        raise Failed(
            "bad-metadata",
            "twine check refuses the distributions",
            hint="fix the README or its content type in pyproject.toml",
            detail=error.detail,
        ) from error


def look_inside(file: Path) -> Contents:
    """The metadata and member names of a distribution. Raises Failed for a file that is none."""
    try:
        with file.open("rb") as stream:
            return archive.read_wheel(stream, file.name) if file.suffix == ".whl" else archive.read_sdist(stream)
    except archive.BadArchiveError as error:
        raise Failed(
            "bad-distribution", f"{file.name}: {error}", hint="correct the build backend's settings"
        ) from error
