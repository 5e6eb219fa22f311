"""The job of a workflow that a stage runs in: its outputs and its summary."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mergeship import disk
from mergeship.errors import Failed

_COMMANDS = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE")
"""What a step tells the runner by.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""


def set_outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Append to GITHUB_OUTPUT, if there is one. Values are one line each."""
    lines = [f"{name}={' '.join(value.splitlines())}" for name, value in values.items()]
    _append(environ.get("GITHUB_OUTPUT"), lines)


def summarize(environ: Mapping[str, str], markdown: str) -> None:
    """Append to GITHUB_STEP_SUMMARY, if there is one."""
    _append(environ.get("GITHUB_STEP_SUMMARY"), [markdown])


def repository(environ: Mapping[str, str]) -> str:
    """`owner/name` of the workflow's repository; empty outside of one."""
    name = environ.get("GITHUB_REPOSITORY", "")
    return name if name.count("/") == 1 and ".." not in name.split("/") else ""


def workflow(environ: Mapping[str, str]) -> str:
    """The path of the workflow file that runs, from its `owner/name/path@ref`; empty outside of one."""
    path = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    return path.split("/", 2)[2] if path.count("/") > 1 else ""


def event(environ: Mapping[str, str]) -> tuple[str, str]:
    """What started the workflow, and the event's payload as text; both empty outside of one."""
    path = environ.get("GITHUB_EVENT_PATH")
    text = Path(path).read_text(encoding="utf-8", errors="replace") if path and Path(path).is_file() else ""
    return environ.get("GITHUB_EVENT_NAME", ""), text


@contextmanager
def unsteered(environ: Mapping[str, str]) -> Iterator[None]:
    """Code of a project runs, and what it tells the runner does not count: the next steps would obey it.

    Raises Failed if it has told anything: its environment names none of these files.
    """
    paths = [Path(environ[name]) for name in _COMMANDS if environ.get(name)]
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    finally:
        changed = [path for path, content in before.items() if _is_other(path, content)]
        for path in changed:
            with suppress(OSError):  # it fails all the same, and the others are put back first
                _put_back(path, before[path] or b"")
    if changed:
        raise Failed(
            "runner-steered",
            f"what was run here wrote to {changed[0].name}, by which a step steers the next ones",
            hint="find what writes there: a test, a build backend, or a module that is imported",
        )


def _put_back(path: Path, content: bytes) -> None:
    if path.is_dir() and not path.is_symlink():
        disk.remove_tree(path)
    else:
        path.unlink(missing_ok=True)  # a link to itself cannot be replaced
    disk.put(str(path), content)


def _is_other(path: Path, before: bytes | None) -> bool:
    """Whether something else lies there: what is longer is not read, as nobody limits what is written."""
    if not path.exists() and not path.is_symlink():
        return before is not None
    same_kind = before is not None and path.is_file() and not path.is_symlink()
    return not same_kind or path.stat().st_size != len(before or b"") or path.read_bytes() != before


def _append(path: str | None, lines: list[str]) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
