"""`mergeship rehearse`: the repository's real workflow, offline, against an embedded index."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git
from mergeship.core import project, workflow
from mergeship.core.progress import Reporter
from mergeship.core.result import Drilled, Rehearsed
from mergeship.core.settings import Settings
from mergeship.errors import Failed, Misconfigured

NEEDED = ("email_validator", "multipart", "psutil", "rfc3986", "starlette", "trove_classifiers", "uvicorn")


def rehearse(  # noqa: PLR0913 - one argument an option
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    merges: int = 2,
    keep: Path | None = None,
    port: int = 0,
    workflow_path: str = workflow.PATH,
) -> Rehearsed:
    """Rehearse `merges` merges of the project in `path`, which is not touched.

    Gives back what was seen, also when a proof failed. Raises what keeps a rehearsal from happening.
    """
    name, settings, written = _of_project(path, overrides, workflow_path)
    _require_extra()
    if keep is not None and keep.resolve().is_relative_to(path.resolve()):
        raise Misconfigured("keep-inside", f"{keep} lies inside the project", hint="use a folder outside the project")
    from mergeship.rehearsal.run_rehearsal import RehearsalRequest, run_rehearsal
    from mergeship.rehearsal.sandbox import sandbox

    request = RehearsalRequest(path.resolve(), name, tuple(overrides), merges, port, workflow_path, settings, written)
    with sandbox(environ, keep) as box:
        result = run_rehearsal(request, box, report)
    return msgspec.structs.replace(result, kept=str(keep or ""))


def drill(
    path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str] = (), *, names: Sequence[str]
) -> Drilled:
    """Play drills on the project in `path`, which is not touched: one fault each, and one outcome that is demanded.

    Gives back what was seen, also when a drill failed. Raises Misconfigured for a drill that there is not.
    """
    _require_extra()
    from mergeship.drills.running import chosen, drilled

    chosen(names)
    name, _, _ = _of_project(path, overrides, workflow.PATH)
    return drilled(path.resolve(), name, names, environ, overrides, report)


def _require_extra() -> None:
    missing = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise Failed(
            "no-rehearse-extra",
            f"a rehearsal needs what is not installed: {', '.join(missing)}",
            hint="pip install 'mergeship[rehearse]'",
        )


def _of_project(path: Path, overrides: Sequence[str], workflow_path: str) -> tuple[str, Settings, bool]:
    """The project's normalized name; its settings where its workflow is mergeship's; whether its version is written.

    What mergeship's own stages would refuse is refused before anything starts.
    """
    if not path.is_dir():
        raise Misconfigured("not-a-project", f"{path} is not a folder", hint="name the folder of a Python project")
    read = files.reader(path, git.top(path))
    text = read(workflow_path)
    if text is None or workflow.read(text, workflow_path).ours:
        source = project.gather(read, path.resolve(), overrides)
        return source.project.normalized, source.settings, source.declared.version is not None
    name, _ = project.identified(read, path.resolve(), overrides)
    return name, Settings(), False
