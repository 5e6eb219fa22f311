"""The names of the checks that a workflow reports on a pull request.

Source: https://docs.github.com/pull-requests/collaborating-with-pull-requests (troubleshooting required status checks)
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
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
    why = _sometimes(_event(tree))
    if why:
        return Contexts((), (f"{path} {why}: none of its jobs is required",))
    names: list[str] = []
    notes: list[str] = []
    for identity, job in tree["jobs"].items():
        try:
            names += [name for _, name in _of_job(str(identity), job, read, (path,))]
        except _UnclearError as error:
            notes.append(f"{path}, job {identity} is not required: {error}")
    return Contexts(tuple(dict.fromkeys(names)), tuple(notes))


def by_run(text: str, path: str) -> dict[str, str]:
    """The check of each job of a workflow, by what the engine calls its runs: `test`, or `test (3.11)` of a matrix.

    Jobs whose checks cannot be determined are called as the engine does.
    """
    contexts: dict[str, str] = {}
    for identity, job in workflow.tree(text, path)["jobs"].items():
        with suppress(_UnclearError):
            contexts |= dict(_names(str(identity), job))
    return contexts


class _UnclearError(Exception):
    pass


def _event(tree: Mapping[str, Any]) -> dict[str, Any] | None:
    """The settings of the event pull_request; None if it starts nothing."""
    on = tree.get("on")
    if isinstance(on, dict):
        event = on.get("pull_request", ...)
        return None if event is ... else (event or {})
    return {} if on == "pull_request" or (isinstance(on, list) and "pull_request" in on) else None


def _sometimes(event: dict[str, Any] | None) -> str:
    """Why a workflow does not run on every pull request into main; empty if it does."""
    if event is None:
        return "does not run on pull requests"
    if {"paths", "paths-ignore"} & set(event):
        return "runs on some pull requests only, by their paths"
    branches, ignored = event.get("branches"), event.get("branches-ignore") or ()
    if ignored or (branches is not None and "main" not in _listed(branches) and "**" not in _listed(branches)):
        return "does not run on every pull request into main, by its branches"
    if not {"opened", "synchronize"} <= set(_listed(event.get("types") or ["opened", "synchronize"])):
        return "does not run when a pull request is opened, and when it changes"
    return ""


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - YAML
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _of_job(
    identity: str, job: dict[str, Any], read: Callable[[str], str | None], above: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    called = str(job.get("uses", ""))
    names = list(_names(identity, job))
    if not called:
        yield from names
        return
    path = called.removeprefix("./")
    text = read(path) if called.startswith("./") and path not in above else None
    if text is None:
        raise _UnclearError(f"it calls {called}, which cannot be read here")
    inner = workflow.tree(text, called)
    for run, name in names:
        for below, child in inner["jobs"].items():
            for last, words in _of_job(str(below), child, read, (*above, path)):
                yield f"{run} / {last}", f"{name} / {words}"


def _names(identity: str, job: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each run of a job, as the engine calls it, with the name of its check."""
    name = str(job.get("name") or identity)
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if matrix is None:
        yield identity, _plain(name)
        return
    if not isinstance(matrix, dict) or {"include", "exclude"} & set(matrix) or "if" in job:
        raise _UnclearError("its matrix cannot be determined; require a job that needs all of it")
    axes = [(axis, values) for axis, values in matrix.items() if isinstance(values, list)]
    if len(axes) != len(matrix):
        raise _UnclearError("its matrix is an expression")
    for values in itertools.product(*(values for _, values in axes)):
        chosen = {str(axis): _scalar(value) for (axis, _), value in zip(axes, values, strict=True)}
        filled = _MATRIX.sub(lambda match, chosen=chosen: chosen.get(match[1], match[0]), name)  # type: ignore[misc]
        listed = ", ".join(chosen.values())
        yield f"{identity} ({listed})", _plain(filled if filled != name else f"{name} ({listed})")


def _scalar(value: Any) -> str:  # noqa: ANN401 - YAML
    """A value of a matrix as GitHub writes it into a name."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int)) or "${{" in str(value) or not str(value):
        raise _UnclearError(f"its matrix has the value {value!r}; put texts in quotes")
    return str(value)


def _plain(name: str) -> str:
    if "${{" in name:
        raise _UnclearError(f"its name is an expression: {name}")
    return name
