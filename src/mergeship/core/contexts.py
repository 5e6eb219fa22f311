"""The names of the checks that a workflow reports on a pull request.

Source: https://docs.github.com/pull-requests/collaborating-with-pull-requests (troubleshooting required status checks)
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mergeship.core import workflow

_MATRIX = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}")


class Contexts(msgspec.Struct, frozen=True):
    """The checks of a workflow, and what a person has to know of them: why others are not required, for one."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def contexts(text: str, path: str, read: Callable[[str], str | None]) -> Contexts:
    """What the workflow in `text` reports on each pull request into main; `read` gives the files that it calls.

    A workflow that does not run on every pull request reports nothing that could be required: it would be waited for
    for ever. Raises Misconfigured for what is no workflow.
    """
    tree = workflow.tree(text, path)
    event = _event(tree)
    if event is None:
        return Contexts((), (f"{path} does not run on pull requests: none of its jobs is required",))
    if {"paths", "paths-ignore"} & set(event):
        return Contexts((), (f"{path} runs on some pull requests only, by their paths: none of its jobs is required",))
    names: list[str] = []
    notes: list[str] = []
    for identity, job in tree["jobs"].items():
        try:
            names += _of_job(str(identity), job, read)
        except _UnclearError as error:
            notes.append(f"{path}, job {identity} is not required: {error}")
    return Contexts(tuple(dict.fromkeys(names)), tuple(notes))


class _UnclearError(Exception):
    pass


def _event(tree: dict[str, Any]) -> dict[str, Any] | None:
    """The settings of the event pull_request; None where it starts nothing."""
    on = tree.get("on")
    if isinstance(on, dict):
        event = on.get("pull_request", ...)
        return None if event is ... else (event or {})
    return {} if on == "pull_request" or (isinstance(on, list) and "pull_request" in on) else None


def _of_job(identity: str, job: dict[str, Any], read: Callable[[str], str | None]) -> Iterator[str]:
    called = str(job.get("uses", ""))
    names = list(_names(identity, job))
    if not called:
        yield from names
        return
    text = read(called.removeprefix("./")) if called.startswith("./") else None
    if text is None:
        raise _UnclearError(f"it calls {called}, which cannot be read here")
    inner = workflow.tree(text, called)
    for name in names:
        for below, child in inner["jobs"].items():
            yield from (f"{name} / {last}" for last in _of_job(str(below), child, read))


def _names(identity: str, job: dict[str, Any]) -> Iterator[str]:
    name = str(job.get("name") or identity)
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if matrix is None:
        yield _plain(name)
        return
    if not isinstance(matrix, dict) or {"include", "exclude"} & set(matrix):
        raise _UnclearError("its matrix cannot be told; require a job that needs all of it")
    axes = [(axis, values) for axis, values in matrix.items() if isinstance(values, list)]
    if len(axes) != len(matrix) or any("${{" in str(value) for _, values in axes for value in values):
        raise _UnclearError("its matrix is an expression")
    for values in itertools.product(*(values for _, values in axes)):
        chosen = {str(axis): str(value) for (axis, _), value in zip(axes, values, strict=True)}
        filled = _MATRIX.sub(lambda match, chosen=chosen: chosen.get(match[1], match[0]), name)  # type: ignore[misc]
        yield _plain(filled if filled != name else f"{name} ({', '.join(chosen.values())})")


def _plain(name: str) -> str:
    if "${{" in name:
        raise _UnclearError(f"its name is an expression: {name}")
    return name
