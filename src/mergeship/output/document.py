"""The one JSON document of `--json`."""

from functools import singledispatch
from typing import Any

import msgspec

from mergeship.core.bump import Bump
from mergeship.core.event import Event
from mergeship.core.plan import FilePlan
from mergeship.core.result import Built, Problem, Synced
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
    return fields


@_fields.register(Built)
@_fields.register(Synced)
def _(result: Built | Synced) -> dict[str, Any]:
    return {**msgspec.to_builtins(result), "edits": [edit._asdict() for edit in result.edits]}


@_fields.register
def _(result: Bump) -> dict[str, Any]:
    fields = result._asdict()
    del fields["files"]
    return {**fields, "edits": [edit._asdict() for edit in result.edits]}


@_fields.register
def _(result: FilePlan) -> dict[str, Any]:
    changes = [{"path": c.path, "action": c.action, "diff": c.diff} for c in result.changes]
    return {"applied": result.applied, "files": changes}


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
