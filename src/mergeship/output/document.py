"""The one JSON document of `--json`."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import msgspec

from mergeship.core.bump import Bump
from mergeship.core.declaration import Edit
from mergeship.core.plan import FilePlan
from mergeship.core.progress import Event
from mergeship.core.result import Problem
from mergeship.errors import MergeshipError

SCHEMA = 1


def success(result: object) -> str:
    """The document of a result. A result that carries a problem is not ok."""
    fields = _fields(result)
    fields.pop("error", None)
    problem = getattr(result, "error", None)
    document: dict[str, Any] = {"schema": SCHEMA, "ok": problem is None, **fields}
    if problem is not None:
        document["error"] = msgspec.to_builtins(problem)
    return _text(document)


def failure(error: MergeshipError) -> str:
    """The document of a failure."""
    problem = Problem(error.code, error.message, error.hint)
    document = {"schema": SCHEMA, "ok": False, "error": msgspec.to_builtins(problem)}
    if error.detail:
        document["detail"] = error.detail
    return _text(document)


def event(happened: Event) -> str:
    """One event as one line."""
    return msgspec.json.encode(happened).decode()


@singledispatch
def _fields(result: object) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(result)
    return fields | _edits(result)


@_fields.register
def _(result: Bump) -> dict[str, Any]:
    fields = result._asdict()
    del fields["files"]
    return fields | _edits(result)


@_fields.register
def _(result: FilePlan) -> dict[str, Any]:
    changes = [{"path": c.path, "action": c.action, "diff": c.diff} for c in result.changes]
    return {"applied": result.applied, "files": changes}


def _edits(result: object) -> dict[str, Any]:
    """Edits with the names of their fields; they are tuples, as `bump` goes without msgspec."""
    edits: Iterable[Edit] | None = getattr(result, "edits", None)
    return {} if edits is None else {"edits": [edit._asdict() for edit in edits]}


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
