"""Environments, and the branches that may deploy to them.

Source: https://docs.github.com/rest/deployments/environments
"""

from collections.abc import Collection, Sequence
from typing import Any

from mergeship.adapters.github.connection import ADMIN_WRITE, NOT_FOUND, UPGRADE, Connection, unless
from mergeship.adapters.github.settings.handler import Handler, Reading
from mergeship.core.forge.environment import PROTECTED_BRANCHES, Environment

_TAG = "tag: "


async def _read(ask: Connection, reading: Reading) -> Sequence[Environment]:
    environment = await _one(ask, reading.environment)
    return [] if environment is None else [environment]


async def _again(ask: Connection, environment: Environment) -> Environment | None:
    return await _one(ask, environment.name)


def _unavailable(reading: Reading) -> str:
    if not reading.environment:
        return "not asked for"
    # An empty list is what GitHub says to the question itself; it refuses when one is made.
    words = reading.lacking.get("protection", "")
    return words if reading.private and UPGRADE in words.lower() else ""


def _left_with(leave: Collection[str]) -> bool:
    return "secret" in leave  # a secret belongs to its environment, which is read for its sake


async def _one(ask: Connection, name: str) -> Environment | None:
    """An environment; None if it is not there. Raises Refused if there are no environments at all."""
    answer = await unless(NOT_FOUND, ask.item(f"{ask.base}/environments/{name}", "actions=read"))
    if answer is None:
        await ask.all(f"{ask.base}/environments?per_page=1", "actions=read", key="environments")
        return None
    policy = answer.get("deployment_branch_policy")
    if policy is None:
        return Environment(name, ())
    if policy["protected_branches"]:
        return Environment(name, (PROTECTED_BRANCHES,))
    return Environment(name, tuple(sorted(_called(branch) for branch in await _policies(ask, name))))


async def _write(ask: Connection, before: Environment | None, after: Environment, _: str) -> None:
    """Make an environment what it should be; its reviewers and its timer stay."""
    url = f"{ask.base}/environments/{after.name}"
    if before is None or not before.branches or before.branches == (PROTECTED_BRANCHES,):
        current = await unless(NOT_FOUND, ask.item(url, "actions=read")) or {}
        policy = {"protected_branches": False, "custom_branch_policies": True}
        body = {**_rules(current), "deployment_branch_policy": policy}
        await ask.write("PUT", url, body, ADMIN_WRITE)
    present = {_called(branch): branch for branch in await _policies(ask, after.name)}
    for branch in sorted(set(after.branches) - set(present)):
        await ask.write("POST", f"{url}/{_POLICIES}", {"name": branch, "type": "branch"}, ADMIN_WRITE)
    for called in sorted(set(present) - set(after.branches)):
        address = f"{url}/{_POLICIES}/{int(present[called]['id'])}"
        await unless(NOT_FOUND, ask.write("DELETE", address, None, ADMIN_WRITE))


_POLICIES = "deployment-branch-policies"


async def _policies(ask: Connection, name: str) -> list[dict[str, Any]]:
    url = f"{ask.base}/environments/{name}/{_POLICIES}?per_page=100"
    return await ask.all(url, "actions=read", key="branch_policies")


def _called(policy: dict[str, Any]) -> str:
    return f"{_TAG if policy.get('type') == 'tag' else ''}{policy['name']}"


def _rules(environment: dict[str, Any]) -> dict[str, object]:
    """What an environment demands besides, as it is written."""
    rules: dict[str, object] = {}
    for rule in environment.get("protection_rules", ()):
        if rule["type"] == "wait_timer":
            rules["wait_timer"] = rule["wait_timer"]
        elif rule["type"] == "required_reviewers":
            rules["prevent_self_review"] = rule.get("prevent_self_review", False)
            reviewers = rule["reviewers"]
            rules["reviewers"] = [{"type": each["type"], "id": each["reviewer"]["id"]} for each in reviewers]
    return rules


HANDLER = Handler(
    read=_read,
    again=_again,
    write=_write,
    unavailable=_unavailable,
    absent=frozenset({NOT_FOUND}),
    left_with=_left_with,
)
