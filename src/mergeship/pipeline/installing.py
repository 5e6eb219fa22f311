"""The project in a fresh environment, with what its tests need."""

from collections.abc import Mapping
from pathlib import Path

from mergeship.adapters import files, git
from mergeship.adapters.environment import LocalProject, Venv
from mergeship.core import project
from mergeship.core.progress import Note, Reporter
from mergeship.core.project import Source
from mergeship.pipeline.building import editable


def install_for_tests(path: Path, source: Source, work: Path, environ: Mapping[str, str], report: Reporter) -> Venv:
    """The project of a folder, installed so that it can be tested there, in an environment below `work`.

    Beside a password of a package source uv builds nothing: what lies in the repository is built where none is, and
    all else has to come as a wheel. Raises Failed.
    """
    wanted = source.settings.test
    extras = project.test_extras(source.project, wanted.extras)
    groups = project.test_groups(source.project, wanted.groups, extras)
    named = ", ".join((*extras, *groups)) or "no extra"
    report(Note(f"installing {source.project.name} ({named}) into a fresh environment"))
    environment = Venv(work / "env", environ)
    environment.create(path)
    extra = f"[{','.join(extras)}]" if extras else ""
    if source.locked or (environment.has_password and _sources(path)):
        environment.sync(path, extras, groups)
        if environment.has_password:
            local = environment.local_projects(path, extras, groups)
            wheels = [_wheel(one, work, environ, report) for one in local]
            environment.install(["--no-deps", *wheels], path)
        environment.install(wanted.requires, path)
    elif environment.has_password:
        itself = editable(path, work / "local", environ, report).as_uri()
        environment.install([f"{source.project.name}{extra} @ {itself}", *wanted.requires], path, groups=groups)
    else:
        environment.install(["-e", f".{extra}", *wanted.requires], path, groups=groups)
    return environment


def _wheel(local: LocalProject, work: Path, environ: Mapping[str, str], report: Reporter) -> str:
    """The requirement of a project in a folder, which is built here, or of a distribution as it is."""
    path = local.path.resolve()
    wheel = editable(path, work / "local" / local.name, environ, report) if path.is_dir() else path
    return f"{local.name} @ {wheel.as_uri()}{local.marker and f' ; {local.marker}'}"


def _sources(path: Path) -> bool:
    """Whether uv is told where a dependency comes from, here or above: the metadata of a wheel does not say it."""
    read = files.reader(path, git.top(path))
    above = ("../" * level + "pyproject.toml" for level in range(len(path.resolve().parts)))
    return any(project.has_uv_sources(text) for text in map(read, above) if text is not None)
