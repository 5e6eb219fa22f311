import json

import pytest

from mergeship.core import trigger
from mergeship.core.release.decision import ByHand
from mergeship.core.trigger import Trigger
from mergeship.errors import Misconfigured


def test_each_event_says_what_started_it() -> None:
    push = trigger.read("push", '{"before": "a", "after": "b", "commits": []}')
    assert push == Trigger(pushed=("a", "b"))
    assert trigger.read("pull_request", '{"pull_request": {"number": 7}}') == Trigger(pull=7)
    assert trigger.read("pull_request", "{}") == Trigger()
    by_hand = '{"inputs": {"decision": "ship", "reason": "it was\\nmeant"}, "sender": {"login": "me"}}'
    assert trigger.read("workflow_dispatch", by_hand) == Trigger(by_hand=ByHand("ship", "it was meant", "me"))


def test_outside_of_a_workflow_nothing_did() -> None:
    assert trigger.read("", "") == trigger.read("push", "") == trigger.read("schedule", "{}") == Trigger()


@pytest.mark.parametrize("payload", ["{", "[]", '{"before": 1}'])
def test_what_is_no_event_is_refused(payload: str) -> None:
    with pytest.raises(Misconfigured, match="no valid push event"):
        trigger.read("push", payload)


@pytest.mark.parametrize(
    "payload", ["{}", '{"inputs": {"decision": "ship"}}', '{"inputs": {"decision": "maybe", "reason": "x"}}',
                '{"inputs": {"decision": "skip", "reason": " \\u001b[2J "}}'],
)  # fmt: skip
def test_a_decision_by_hand_has_a_reason(payload: str) -> None:
    with pytest.raises(Misconfigured, match="decision is"):
        trigger.read("workflow_dispatch", payload)


@pytest.mark.parametrize("commit", ["abc", "HEAD", "1234567 ", "$(id)1234567", "g" * 40, "1" * 65])
def test_a_commit_is_named_by_its_digits(commit: str) -> None:
    """T13"""
    payload = json.dumps({"inputs": {"decision": "ship", "reason": "why", "commit": commit}})
    with pytest.raises(Misconfigured, match="commit is"):
        trigger.read("workflow_dispatch", payload)


def test_a_commit_that_is_confirmed_is_read() -> None:
    payload = json.dumps({"inputs": {"decision": "ship", "reason": "why", "commit": "ABCDEF1"}})
    found = trigger.read("workflow_dispatch", payload).by_hand
    assert found is not None
    assert found.commit == "abcdef1"
