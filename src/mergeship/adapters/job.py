"""The job of a workflow that a stage runs in: its outputs and its summary."""

from collections.abc import Mapping
from pathlib import Path


def set_outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Append to GITHUB_OUTPUT, where there is one. Values are one line each."""
    lines = [f"{name}={' '.join(value.splitlines())}" for name, value in values.items()]
    _append(environ.get("GITHUB_OUTPUT"), lines)


def summarize(environ: Mapping[str, str], markdown: str) -> None:
    """Append to GITHUB_STEP_SUMMARY, where there is one."""
    _append(environ.get("GITHUB_STEP_SUMMARY"), [markdown])


def _append(path: str | None, lines: list[str]) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
