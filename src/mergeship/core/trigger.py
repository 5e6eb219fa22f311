"""What started a workflow run, from its event: a push, a pull request, or a person.

Source: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import re
from typing import Literal

import msgspec

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.release.decision import ByHand
from mergeship.core.text import one_line
from mergeship.errors import Misconfigured

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")


class Trigger(msgspec.Struct, frozen=True):
    """What matters of an event; everything empty outside of a workflow."""

    pushed: tuple[str, str] | None = None
    """Before and after, of a push."""
    pull: int | None = None
    """The number of the pull request."""
    by_hand: ByHand | None = None


class _Inputs(msgspec.Struct, frozen=True):
    decision: str = ""
    reason: str = ""
    commit: str = ""


class _Sender(msgspec.Struct, frozen=True):
    login: str = "someone"


class _Number(msgspec.Struct, frozen=True):
    number: int


class _Event(msgspec.Struct):
    before: str = ""
    after: str = ""
    pull_request: _Number | None = None
    inputs: _Inputs | None = None
    sender: _Sender = _Sender()


def read(name: str, payload: str) -> Trigger:
    """The trigger behind an event's name and payload. Raises Misconfigured for a payload that is none."""
    if not payload or name not in {"push", "pull_request", "workflow_dispatch"}:
        return Trigger()
    try:
        event = decoded(payload, _Event)
    except UnreadableError as error:
        raise Misconfigured(
            "bad-event", f"GITHUB_EVENT_PATH holds no valid {name} event: {error}", hint="do not set it yourself"
        ) from error
    if name == "push":
        return Trigger(pushed=(event.before, event.after))
    if name == "pull_request":
        return Trigger(pull=event.pull_request.number if event.pull_request else None)
    return Trigger(by_hand=_by_hand(event.inputs or _Inputs(), event.sender.login))


def _by_hand(inputs: _Inputs, actor: str) -> ByHand:
    decisions: dict[str, Literal["ship", "skip"]] = {"ship": "ship", "skip": "skip"}
    reason = one_line(inputs.reason)
    if inputs.decision not in decisions or not reason:
        raise Misconfigured(
            "bad-dispatch",
            f"decision is {one_line(inputs.decision)!r}, with the reason {reason!r}",
            hint="dispatch the workflow with decision=ship or decision=skip, and a reason",
        )
    if inputs.commit and not _COMMIT.fullmatch(inputs.commit):
        raise Misconfigured(
            "bad-dispatch",
            f"commit is {one_line(inputs.commit)[:80]!r}",
            hint="dispatch the workflow with commit= and at least 7 digits of the commit's name, or without it",
        )
    return ByHand(decisions[inputs.decision], reason, one_line(actor), inputs.commit.lower())
