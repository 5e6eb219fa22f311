"""Failures, files and edits, for people."""

from collections.abc import Iterable

from mergeship.core.declaration import Edit
from mergeship.core.distribution import Distribution
from mergeship.errors import MergeshipError
from mergeship.output.style import Style


def failure(error: MergeshipError, style: Style) -> str:
    """A failure as text: someone else's output first, then what happened, then what to do next."""
    lines = [f"  {line}" for line in error.detail.splitlines()]
    lines.append(f"{style.bad('error:')} {error.message} [{error.code}]")
    if error.hint:
        lines.append(f"  {style.warn('next:')} {error.hint}")
    return "\n".join(lines)


def annotation(error: MergeshipError) -> str:
    """A failure as a line that GitHub shows on the run's page."""
    return annotated("error", f"mergeship {error.code}", f"{error.message} {error.hint}".strip())


def annotated(level: str, title: str, text: str) -> str:
    """An annotation of the run's page.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for character, escaped in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, escaped)
    return f"::{level} title={title}::{text}"


def files(distributions: Iterable[Distribution]) -> list[str]:
    """Distributions, one a line."""
    return [f"  {file.name}  {file.size} bytes  sha256 {file.sha256}" for file in distributions]


def edits(made: Iterable[Edit]) -> list[str]:
    """Edits, each with its place and both lines."""
    lines = []
    for edit in made:
        lines += [f"  {edit.path}:{edit.line}", f"  - {edit.before.strip()}", f"  + {edit.after.strip()}"]
    return lines
