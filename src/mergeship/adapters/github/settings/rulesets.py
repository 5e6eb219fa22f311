"""Rulesets: those about exactly one thing are read and written; what they say besides stays.

Source: https://docs.github.com/rest/repos/rules
"""

from collections.abc import Iterable
from typing import Any

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, Connection
from mergeship.core.forge.protection import Check
from mergeship.errors import Held

_DEFAULTS = {
    "pull_request": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
}
"""What GitHub requires, and a plan says nothing about: as it is, or else like this."""
Json = dict[str, Any]


async def find(ask: Connection, target: str, ours: str, about: tuple[set[str], ...]) -> Json | None:
    """The repository's own ruleset about exactly that: ours, else one of someone else that is in force.

    One that is switched off holds what nobody wants yet, and one about more belongs to someone else.
    """
    listed = await ask.all(f"{ask.base}/rulesets?includes_parents=false&per_page=100", ADMIN_READ)
    own = sorted(
        (ruleset for ruleset in listed if ruleset.get("target") == target), key=lambda ruleset: ruleset["name"] != ours
    )
    for ruleset in own:
        if ruleset["name"] != ours and ruleset.get("enforcement") != "active":
            continue
        whole: Json = await ask.item(f"{ask.base}/rulesets/{int(ruleset['id'])}", ADMIN_READ)
        if ruleset["name"] == ours or (
            is_about(whole, about) and (target != "branch" or "pull_request" in rules_of(whole))
        ):
            return whole
    return None


def is_about(ruleset: Json, about: tuple[set[str], ...]) -> bool:
    """Whether a ruleset is about exactly one of these."""
    names = (ruleset.get("conditions") or {}).get("ref_name") or {}
    return set(names.get("include", ())) in about and not names.get("exclude")


def rules_of(ruleset: Json) -> Json:
    """A ruleset's rules, each with its parameters."""
    return {rule["type"]: rule.get("parameters") for rule in ruleset.get("rules", ())}


def bypass_of(ruleset: Json) -> tuple[str, ...]:
    """Who may bypass it. Raises Held if GitHub does not say."""
    if "bypass_actors" not in ruleset:
        raise Held(
            "forge-permission",
            f"GitHub does not say who may bypass the ruleset {ruleset['name']}",
            hint="GitHub shows it only to those who may change it: the token needs administration=write",
        )
    return tuple(sorted(map(_actor, ruleset["bypass_actors"] or ())))


def checks_of(named: Iterable[tuple[str, int | None]]) -> tuple[Check, ...]:
    """Checks by their contexts, each with the App that may report it."""
    return tuple(sorted({Check(context, max(0, app or 0)) for context, app in named}))


def body(  # noqa: PLR0917 - a ruleset has as many parts
    current: Json | None, name: str, target: str, about: Json, rules: Json, gone: set[str], bypass: tuple[str, ...]
) -> Json:
    """A ruleset as it is written. Rules that it has besides stay, and so does what a rule demands besides."""
    together: Json = {kind: own for kind, own in (rules_of(current) if current else {}).items() if kind not in gone}
    for kind, parameters in rules.items():
        together[kind] = {**_DEFAULTS.get(kind, {}), **(together.get(kind) or {}), **parameters}
    return {
        "name": name,
        "target": target,
        "enforcement": "active",
        "bypass_actors": [actor for actor in (current or {}).get("bypass_actors", ()) if _actor(actor) in bypass],
        "conditions": about,
        "rules": [
            {"type": kind} | ({"parameters": parameters} if parameters else {}) for kind, parameters in together.items()
        ],
    }


async def write(ask: Connection, current: Json | None, body: Json) -> None:
    """Change a ruleset, or make it."""
    if current:
        await ask.write("PUT", f"{ask.base}/rulesets/{int(current['id'])}", body, ADMIN_WRITE)
    else:
        await ask.write("POST", f"{ask.base}/rulesets", body, ADMIN_WRITE)


def _actor(actor: Json) -> str:
    identity = "" if actor.get("actor_id") is None else f" {actor['actor_id']}"
    return f"{actor['actor_type']}{identity} {actor.get('bypass_mode', 'always')}"
