"""What protects main and the tags: rulesets, or classic branch protection, whichever is in use.

A ruleset is in use here if it is about main alone: one that is about more is somebody else's, and counts besides.
Source: https://docs.github.com/rest/repos/rules and https://docs.github.com/rest/branches/branch-protection
"""

from collections.abc import Iterable
from typing import Any

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, NOT_FOUND, Connection, Refused, unless
from mergeship.core.forge.setting import (
    ADMINISTRATORS,
    MAIN,
    OUR_TAGS,
    OURS,
    TAGS,
    Check,
    Protection,
    Setting,
    TagProtection,
)
from mergeship.errors import Held

_MAIN_ALONE = ({"refs/heads/main"}, {"~DEFAULT_BRANCH"})
_TAGS_ALONE = ({f"refs/tags/{TAGS}"},)
_DEFAULTS = {
    "pull_request": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
}
"""What GitHub wants to be told, and a plan says nothing about: as it is, or else like this."""
_KEPT_BY_US = {"creation", "deletion", "non_fast_forward", "required_linear_history"}
"""Rules that a squash merge of a pull request keeps anyway."""
Json = dict[str, Any]


async def of_main(ask: Connection) -> Protection | None:
    """What protects main; None for nothing. Raises Refused where it cannot be protected."""
    ruleset = await _ruleset(ask, "branch", OURS, _MAIN_ALONE)
    if ruleset:
        return _of_ruleset(ruleset)
    try:
        return _of_classic(await ask.item(_classic_url(ask), ADMIN_READ))
    except Refused as refused:
        # Also somebody who may not see it gets a 404.
        if refused.status == NOT_FOUND and "not protected" in refused.said.lower():
            return None
        raise


async def besides(ask: Connection, found: Iterable[Setting]) -> tuple[str, ...]:
    """What rulesets of others, and classic protection beside a ruleset, demand of main, in words."""
    own = next((one for one in found if isinstance(one, Protection)), None)
    names = {one["id"]: one["name"] for one in await ask.all(f"{ask.base}/rulesets?includes_parents=true&per_page=100")}
    demanded: dict[str, list[str]] = {}
    for rule in await ask.all(f"{ask.base}/rules/branches/{MAIN}?per_page=100"):
        name = names.get(rule["ruleset_id"], "")
        if own and own.ruleset == name and rule["ruleset_source_type"] == "Repository":
            continue
        whose = f"the ruleset {name!r} of {rule['ruleset_source']}"
        demanded.setdefault(whose, []).extend(_demands(rule["type"], rule.get("parameters") or {}))
    if own and own.by == "ruleset":
        classic = await unless(NOT_FOUND, ask.item(_classic_url(ask), ADMIN_READ))
        demanded["classic branch protection"] = _demands_of(_of_classic(classic)) if classic else []
    return tuple(f"{whose} demands {', '.join(words)}" for whose, words in demanded.items() if words)


def _demands(kind: str, parameters: Json) -> list[str]:
    """What a rule demands that a pull request could fail at."""
    if kind == "pull_request":
        number = int(parameters.get("required_approving_review_count", 0))
        methods = parameters.get("allowed_merge_methods", ["squash"])
        return [*_reviews(number), *([] if "squash" in methods else ["no squash merges"])]
    if kind == "required_status_checks":
        return [f"the check {one['context']!r}" for one in parameters.get("required_status_checks", ())]
    return [] if kind in _KEPT_BY_US else [kind.replace("_", " ")]


def _demands_of(classic: Protection) -> list[str]:
    checks = [f"the check {check.context!r}" for check in classic.checks]
    return [*_reviews(classic.reviews), *checks]


def _reviews(number: int) -> list[str]:
    return [f"{number} review{'' if number == 1 else 's'}"] if number else []


async def of_tags(ask: Connection) -> TagProtection | None:
    """What protects the tags of releases; None for nothing."""
    ruleset = await _ruleset(ask, "tag", OUR_TAGS, _TAGS_ALONE)
    if ruleset is None:
        return None
    rules = _rules(ruleset)
    return TagProtection(
        ruleset=ruleset["name"],
        active=ruleset["enforcement"] == "active",
        covers=_is_about(ruleset, _TAGS_ALONE),
        creations="creation" not in rules,
        updates="update" not in rules,
        deletions="deletion" not in rules,
        bypass=_bypass(ruleset),
    )


async def write(ask: Connection, wanted: Protection) -> None:
    """Protect main."""
    if wanted.by == "classic":
        have = await ask.item(_classic_url(ask), ADMIN_READ)
        await ask.write("PUT", _classic_url(ask), _as_classic(wanted, have), ADMIN_WRITE)
        return
    rules: Json = {"deletion": {}, "non_fast_forward": {}, "required_linear_history": {}}
    have = await _ruleset(ask, "branch", OURS, _MAIN_ALONE)
    methods = ((_rules(have) if have else {}).get("pull_request") or {}).get("allowed_merge_methods")
    rules["pull_request"] = {"required_approving_review_count": wanted.reviews}
    if methods is not None:
        rules["pull_request"]["allowed_merge_methods"] = sorted({*methods, "squash"})
    gone = set() if wanted.checks else {"required_status_checks"}
    if wanted.checks:
        rules["required_status_checks"] = {
            "strict_required_status_checks_policy": wanted.strict,
            "required_status_checks": [
                {"context": check.context} | ({"integration_id": check.app} if check.app else {})
                for check in wanted.checks
            ],
        }
    about = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    if have and _is_about(have, _MAIN_ALONE):
        about = have["conditions"]
    body = _ruleset_body(have, wanted.ruleset, "branch", about, rules, gone, wanted.bypass)
    await _write_ruleset(ask, have, body)


async def write_tags(ask: Connection, wanted: TagProtection) -> None:
    """Protect the tags of releases: new ones are free."""
    have = await _ruleset(ask, "tag", OUR_TAGS, _TAGS_ALONE)
    about = {"ref_name": {"include": [f"refs/tags/{TAGS}"], "exclude": []}}
    rules: Json = {"update": {}, "deletion": {}}
    gone = {"creation"} if wanted.creations else set()
    await _write_ruleset(ask, have, _ruleset_body(have, wanted.ruleset, "tag", about, rules, gone, wanted.bypass))


def _ruleset_body(  # noqa: PLR0917 - a ruleset has as many parts
    have: Json | None, name: str, target: str, about: Json, rules: Json, gone: set[str], bypass: tuple[str, ...]
) -> Json:
    """A ruleset as it is written. Rules that it has besides stay, and so does what a rule demands besides."""
    together: Json = {kind: own for kind, own in (_rules(have) if have else {}).items() if kind not in gone}
    for kind, parameters in rules.items():
        together[kind] = {**_DEFAULTS.get(kind, {}), **(together.get(kind) or {}), **parameters}
    return {
        "name": name,
        "target": target,
        "enforcement": "active",
        "bypass_actors": [actor for actor in (have or {}).get("bypass_actors", ()) if _actor(actor) in bypass],
        "conditions": about,
        "rules": [
            {"type": kind} | ({"parameters": parameters} if parameters else {}) for kind, parameters in together.items()
        ],
    }


async def _write_ruleset(ask: Connection, have: Json | None, body: Json) -> None:
    if have:
        await ask.write("PUT", f"{ask.base}/rulesets/{int(have['id'])}", body, ADMIN_WRITE)
    else:
        await ask.write("POST", f"{ask.base}/rulesets", body, ADMIN_WRITE)


async def _ruleset(ask: Connection, target: str, ours: str, about: tuple[set[str], ...]) -> Json | None:
    """The repository's own ruleset about exactly that: ours, else one of somebody else that is in force.

    One that is switched off holds what nobody wants yet, and one about more is somebody else's alone.
    """
    listed = await ask.all(f"{ask.base}/rulesets?includes_parents=false&per_page=100", ADMIN_READ)
    own = sorted((one for one in listed if one.get("target") == target), key=lambda one: one["name"] != ours)
    for one in own:
        if one["name"] != ours and one.get("enforcement") != "active":
            continue
        found: Json = await ask.item(f"{ask.base}/rulesets/{int(one['id'])}", ADMIN_READ)
        if one["name"] == ours or (_is_about(found, about) and (target != "branch" or "pull_request" in _rules(found))):
            return found
    return None


def _is_about(ruleset: Json, about: tuple[set[str], ...]) -> bool:
    names = (ruleset.get("conditions") or {}).get("ref_name") or {}
    return set(names.get("include", ())) in about and not names.get("exclude")


def _rules(ruleset: Json) -> Json:
    return {rule["type"]: rule.get("parameters") for rule in ruleset.get("rules", ())}


def _of_ruleset(ruleset: Json) -> Protection:
    rules = _rules(ruleset)
    pulls, checks = rules.get("pull_request") or {}, rules.get("required_status_checks") or {}
    return Protection(
        by="ruleset",
        ruleset=ruleset["name"],
        active=ruleset["enforcement"] == "active",
        covers=_is_about(ruleset, _MAIN_ALONE),
        pull_requests="pull_request" in rules,
        reviews=int(pulls.get("required_approving_review_count", 0)),
        squash="squash" in pulls.get("allowed_merge_methods", ("squash",)),
        checks=_checks((one["context"], one.get("integration_id")) for one in checks.get("required_status_checks", ())),
        strict=bool(checks.get("strict_required_status_checks_policy", True)),
        linear="required_linear_history" in rules,
        force_pushes="non_fast_forward" not in rules,
        deletions="deletion" not in rules,
        bypass=_bypass(ruleset),
    )


def _checks(named: Iterable[tuple[str, int | None]]) -> tuple[Check, ...]:
    return tuple(sorted({Check(context, max(0, app or 0)) for context, app in named}))


def _bypass(ruleset: Json) -> tuple[str, ...]:
    if "bypass_actors" not in ruleset:
        raise Held(
            "forge-permission",
            f"GitHub does not tell who may bypass the ruleset {ruleset['name']}",
            hint="it tells those who may change it: the token needs the permission administration=write",
        )
    return tuple(sorted(map(_actor, ruleset["bypass_actors"] or ())))


def _actor(actor: Json) -> str:
    identity = "" if actor.get("actor_id") is None else f" {actor['actor_id']}"
    return f"{actor['actor_type']}{identity} {actor.get('bypass_mode', 'always')}"


def _classic_url(ask: Connection) -> str:
    return f"{ask.base}/branches/{MAIN}/protection"


def _of_classic(found: Json) -> Protection:
    reviews, checks = found.get("required_pull_request_reviews"), found.get("required_status_checks") or {}
    named = checks.get("checks") or [{"context": context} for context in checks.get("contexts", ())]
    allowances = _named((reviews or {}).get("bypass_pull_request_allowances") or {})
    bypass = [f"{kind} {name}" for kind, names in allowances.items() for name in names]
    bypass += [] if _enabled(found, "enforce_admins") else [ADMINISTRATORS]
    return Protection(
        by="classic",
        ruleset="",
        active=True,
        covers=True,
        pull_requests=reviews is not None,
        reviews=int((reviews or {}).get("required_approving_review_count", 0)),
        squash=True,
        checks=_checks((one["context"], one.get("app_id")) for one in named),
        strict=bool(checks.get("strict", True)),
        linear=_enabled(found, "required_linear_history"),
        force_pushes=_enabled(found, "allow_force_pushes"),
        deletions=_enabled(found, "allow_deletions"),
        bypass=tuple(sorted(bypass)),
    )


def _enabled(found: Json, name: str) -> bool:
    return bool((found.get(name) or {}).get("enabled"))


def _as_classic(wanted: Protection, have: Json) -> Json:
    """The whole protection as it is written: reading gives objects where writing takes names."""
    reviews = have.get("required_pull_request_reviews") or {}
    restrictions = have.get("restrictions")
    bypass = {
        kind: [who.partition(" ")[2] for who in wanted.bypass if who.startswith(f"{kind} ")]
        for kind in ("users", "teams", "apps")
    }
    body: Json = {
        "required_status_checks": {
            "strict": wanted.strict,
            # Never with the old field `contexts`: GitHub takes one of both, whatever its description demands.
            "checks": [{"context": check.context, "app_id": check.app or _ANY} for check in wanted.checks],
        } if wanted.checks else None,
        "enforce_admins": True,
        "required_pull_request_reviews": {
            "required_approving_review_count": wanted.reviews,
            "dismiss_stale_reviews": bool(reviews.get("dismiss_stale_reviews", True)),
            "require_code_owner_reviews": bool(reviews.get("require_code_owner_reviews")),
            "require_last_push_approval": bool(reviews.get("require_last_push_approval")),
            **({"dismissal_restrictions": _named(reviews[_DISMISSAL])} if _DISMISSAL in reviews else {}),
            **({"bypass_pull_request_allowances": bypass} if _ALLOWANCES in reviews else {}),
        },
        "restrictions": _named(restrictions) if restrictions else None,
        "required_linear_history": True,
        "allow_force_pushes": False,
        "allow_deletions": False,
    }  # fmt: skip
    kept = ("required_conversation_resolution", "block_creations", "lock_branch", "allow_fork_syncing")
    return body | {name: _enabled(have, name) for name in kept if name in have}


_ANY = -1
"""Any App may report the check."""
_DISMISSAL, _ALLOWANCES = "dismissal_restrictions", "bypass_pull_request_allowances"


def _named(people: Json) -> Json:
    return {
        "users": [one["login"] for one in people.get("users", ())],
        "teams": [one["slug"] for one in people.get("teams", ())],
        "apps": [one["slug"] for one in people.get("apps", ())],
    }
