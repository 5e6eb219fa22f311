"""The plan: every change that leads from the settings that are there to those that are wanted, as data."""

import hashlib
from typing import Literal, cast

import msgspec

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.forge.registry import AnySetting, desired
from mergeship.core.forge.setting import Actual, Desired, PlanRequest
from mergeship.errors import Misconfigured

SCHEMA = 1


class Change(msgspec.Struct, frozen=True):
    """One setting, before and after."""

    action: Literal["create", "update", "remove"]
    kind: str
    name: str
    before: AnySetting | None
    after: AnySetting | None
    why: str


class PlanOrigin(msgspec.Struct, frozen=True):
    """What a plan was made by, and for."""

    version: str
    """Of mergeship."""
    api: str
    repository: str
    allow_remove: bool
    replace_token: bool


class Plan(msgspec.Struct, frozen=True):
    """What would be changed, shown and applied: the same list."""

    schema: int
    origin: PlanOrigin
    state: str
    """The sha256 of the settings that it was made on."""
    changes: tuple[Change, ...]
    kept: tuple[str, ...]
    """What should go, and stays without --allow-remove."""
    notes: tuple[str, ...]


class _Schema(msgspec.Struct):
    schema: int


def planned(actual: Actual, request: PlanRequest, origin: PlanOrigin) -> Plan:
    """The plan for a repository."""
    wanted, notes = desired(actual, request)
    changes = [change for each in wanted if (change := _change(each, allow_remove=origin.allow_remove))]
    kept = tuple(each.removes for each in wanted if each.removes and not origin.allow_remove)
    return Plan(SCHEMA, origin, _digest(actual), tuple(changes), kept, tuple(notes))


def _change(desired: Desired, *, allow_remove: bool) -> Change | None:
    before = desired.current
    after = desired.stripped if desired.removes and allow_remove else desired.wanted
    if before == after:
        return None
    about = cast("AnySetting", after or before)  # one of them is there, or they were equal
    removes = f"removes {desired.removes}" if desired.removes and allow_remove else ""
    why = "; ".join(filter(None, [desired.why, removes]))
    action: Literal["create", "update", "remove"] = "update"
    if before is None:
        action = "create"
    elif after is None:
        action = "remove"
    return Change(
        action, about.kind(), about.name, cast("AnySetting | None", before), cast("AnySetting | None", after), why
    )


def _digest(actual: Actual) -> str:
    return hashlib.sha256(msgspec.json.encode(actual, order="deterministic")).hexdigest()


def encode(plan: Plan) -> str:
    """A plan as the document of a plan file."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2).decode() + "\n"


def decode(text: str, path: str) -> Plan:
    """The plan in a plan file. Raises Misconfigured for what is none."""
    again = "make a new one: mergeship forge plan --out FILE"
    try:
        schema = decoded(text, _Schema).schema
        if schema != SCHEMA:
            words = f"{path} is a plan of schema {schema}, and this is {SCHEMA}"
            raise Misconfigured("other-version", words, hint=again)
        return decoded(text, Plan)
    except UnreadableError as error:
        raise Misconfigured("bad-plan", f"{path} is not a plan: {error}", hint=again) from error


def refuse_another(given: Plan, now: Plan, path: str) -> None:
    """Refuse a plan file that is not the plan that would be made now. Raises Misconfigured."""
    again = "review and apply a new plan: mergeship forge plan"
    for field, what in (("version", "mergeship"), ("api", "the API at"), ("repository", "the repository")):
        theirs, ours = getattr(given.origin, field), getattr(now.origin, field)
        if theirs != ours:
            raise Misconfigured("other-plan", f"{path} was made for {what} {theirs}, and this is {ours}", hint=again)
    if given.state != now.state:
        moved = [change for change in now.changes if change not in given.changes]
        moved += [change for change in given.changes if change not in now.changes]
        names = ", ".join(dict.fromkeys(f"{change.kind} {change.name}" for change in moved))
        words = f": {names}" if names else ""
        raise Misconfigured("stale-plan", f"the settings have changed since {path} was made{words}", hint=again)
    if given.changes != now.changes:
        words = f"{path} differs from what would be planned now: the file or the project's settings were edited"
        raise Misconfigured("edited-plan", words, hint=again)
