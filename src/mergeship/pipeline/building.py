"""Distributions of a commit under a version: built once, in a copy of the tree that nobody else sees."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git
from mergeship.adapters.builder import Frontend
from mergeship.adapters.environment import Venv
from mergeship.adapters.git import Repository
from mergeship.core import declaration, project
from mergeship.core.environ import for_installer
from mergeship.core.progress import Note, Reporter
from mergeship.core.project import Source
from mergeship.core.settings import Build
from mergeship.errors import Misconfigured


class Builder(msgspec.Struct, frozen=True):
    """Where builds are made from: a checkout, and what they may know of its surroundings."""

    repository: Repository
    environ: Mapping[str, str]
    overrides: Sequence[str]
    report: Reporter

    def build(self, commit: str, version: str, work: Path) -> tuple[Path, list[Path]]:
        """The project's folder in a copy of a commit, and the distributions built from it, all below `work`.

        Raises Failed for what does not build, and Misconfigured for what cannot take the version.
        """
        self.repository.copy(commit, work / "tree")
        tree = work / "tree" / self.repository.prefix()
        read = files.reader(tree, git.top(tree))
        if not any(read(name) is not None for name in ("pyproject.toml", "setup.cfg", "setup.py")):
            raise _not_committed("the project")
        source = project.gather(read, tree, self.overrides)
        variables = _write(tree, source, version, self.environ)
        variables["SOURCE_DATE_EPOCH"] = str(self.repository.commit_time(commit))
        return tree, _build(tree, work, source.settings.build, self.environ, variables, self.report)


def _write(tree: Path, source: Source, version: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Write the version into the copy of the tree; if it comes from tags, give back what hands it over.

    Raises Misconfigured if that would be elsewhere.
    """
    vcs = source.declared.vcs
    if vcs:
        if vcs.tag(version):
            Repository(tree, for_installer(environ)).tag(vcs.tag(version))
        return vcs.handed(source.project.normalized, version)
    top = git.top(tree)
    read = files.reader(tree, top)
    for place in source.declared.places:
        if read(place.path) is None:
            raise _not_committed(place.path)
    locks = (lock for lock in source.declared.locks if read(lock.path) is not None)
    places = [*source.declared.places, *locks]
    rewritten, _ = declaration.rewritten(places, read, version)
    files.rewrite(tree, rewritten, within=top or tree)
    return {}


def _not_committed(what: str) -> Misconfigured:
    return Misconfigured(
        "not-committed",
        f"{what} is not in the commit that is built",
        hint="git add and commit it; only commits are built",
    )


def _build(
    tree: Path, work: Path, settings: Build, environ: Mapping[str, str], variables: Mapping[str, str], report: Reporter
) -> list[Path]:
    """The sdist, and unless the settings say otherwise the wheel, each built once."""
    frontend = _frontend(tree, work, environ, variables, report)
    sdist = frontend.sdist(tree, work / "dist")
    if not settings.wheel:
        return [sdist]
    return [sdist, frontend.wheel(sdist, work / "unpacked", work / "dist")]


def editable(folder: Path, work: Path, environ: Mapping[str, str], report: Reporter) -> Path:
    """The wheel that makes a project importable from its folder, built where no password is: an installer has some.

    Raises Failed for what does not build.
    """
    return _frontend(folder, work, environ, {}, report).editable(folder, work / "editable")


def _frontend(
    tree: Path, work: Path, environ: Mapping[str, str], variables: Mapping[str, str], report: Reporter
) -> Frontend:
    isolated = Venv(work / "build-env", environ)
    isolated.create(tree)
    return Frontend(
        isolated.python,
        lambda wanted: isolated.install(wanted, tree),
        environ,
        variables,
        lambda line: report(Note(line)),
    )
