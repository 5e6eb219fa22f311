"""The job of a workflow that a stage runs in: its outputs and its summary."""

from collections.abc import Mapping
from pathlib import Path


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
    text = Path(path).read_text(encoding="utf-8") if path and Path(path).is_file() else ""
    return environ.get("GITHUB_EVENT_NAME", ""), text


def _append(path: str | None, lines: list[str]) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
