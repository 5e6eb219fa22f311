"""What protects main: a ruleset, or classic branch protection, whichever is in use.

A ruleset is in use here if it is only about main: one that is about more is someone else's, and counts besides.
"""

from collections.abc import Iterable
from typing import Any

from mergeship.adapters.github.connection import ADMIN_READ, ADMIN_WRITE, NOT_FOUND, Connection, RequestRefused, unless
from mergeship.adapters.github.settings import classic, rulesets
from mergeship.adapters.github.settings.handler import single
from mergeship.core.forge.protection import OURS, Protection
from mergeship.core.forge.setting import MAIN, Setting

_MAIN_ALONE = ({"refs/heads/main"}, {"~DEFAULT_BRANCH"})
_KEPT_BY_US = {"creation", "deletion", "non_fast_forward", "required_linear_history"}
"""Rules that a squash merge of a pull request keeps anyway."""
Json = dict[str, Any]


async def _read(ask: Connection) -> Protection | None:
    """What protects main; None for nothing. Raises RequestRefused if it cannot be protected."""
    ruleset = await rulesets.find(ask, "branch", OURS, _MAIN_ALONE)
    if ruleset:
        return _of_ruleset(ruleset)
    try:
        return classic.read(await ask.item(classic.url(ask), ADMIN_READ))
    except RequestRefused as refused:
        # Also someone who may not see it gets a 404.
        if refused.status == NOT_FOUND and "not protected" in refused.words.lower():
            return None
        raise


async def besides(ask: Connection, settings: Iterable[Setting]) -> tuple[str, ...]:
    """What rulesets of others, and classic protection beside a ruleset, demand of main, in words."""
    own = next((each for each in settings if isinstance(each, Protection)), None)
    names = {
        each["id"]: each["name"] for each in await ask.all(f"{ask.base}/rulesets?includes_parents=true&per_page=100")
    }
    demanded: dict[str, list[str]] = {}
    for rule in await ask.all(f"{ask.base}/rules/branches/{MAIN}?per_page=100"):
        name = names.get(rule["ruleset_id"], "")
        if own and own.ruleset == name and rule["ruleset_source_type"] == "Repository":
            continue
        whose = f"the ruleset {name!r} of {rule['ruleset_source']}"
        demanded.setdefault(whose, []).extend(_demands(rule["type"], rule.get("parameters") or {}))
    if own and own.by == "ruleset":
        found_classic = await unless(NOT_FOUND, ask.item(classic.url(ask), ADMIN_READ))
        demanded["classic branch protection"] = _demands_of(classic.read(found_classic)) if found_classic else []
    return tuple(f"{whose} demands {', '.join(words)}" for whose, words in demanded.items() if words)


def _demands(kind: str, parameters: Json) -> list[str]:
    """What a rule demands that a pull request could fail at."""
    if kind == "pull_request":
        number = int(parameters.get("required_approving_review_count", 0))
        methods = parameters.get("allowed_merge_methods", ["squash"])
        return [*_reviews(number), *([] if "squash" in methods else ["no squash merges"])]
    if kind == "required_status_checks":
        return [f"the check {check['context']!r}" for check in parameters.get("required_status_checks", ())]
    return [] if kind in _KEPT_BY_US else [kind.replace("_", " ")]


def _demands_of(classic_rules: Protection) -> list[str]:
    checks = [f"the check {check.context!r}" for check in classic_rules.checks]
    return [*_reviews(classic_rules.reviews), *checks]


def _reviews(number: int) -> list[str]:
    return [f"{number} review{'' if number == 1 else 's'}"] if number else []


async def _write(ask: Connection, wanted: Protection) -> None:
    """Protect main."""
    if wanted.by == "classic":
        current = await ask.item(classic.url(ask), ADMIN_READ)
        await ask.write("PUT", classic.url(ask), classic.written(wanted, current), ADMIN_WRITE)
        return
    rules: Json = {"deletion": {}, "non_fast_forward": {}, "required_linear_history": {}}
    current = await rulesets.find(ask, "branch", OURS, _MAIN_ALONE)
    methods = ((rulesets.rules_of(current) if current else {}).get("pull_request") or {}).get("allowed_merge_methods")
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
    if current and rulesets.is_about(current, _MAIN_ALONE):
        about = current["conditions"]
    body = rulesets.body(current, wanted.ruleset, "branch", about, rules, gone, wanted.bypass)
    await rulesets.write(ask, current, body)


def _of_ruleset(ruleset: Json) -> Protection:
    rules = rulesets.rules_of(ruleset)
    pulls, checks = rules.get("pull_request") or {}, rules.get("required_status_checks") or {}
    named = checks.get("required_status_checks", ())
    return Protection(
        by="ruleset",
        ruleset=ruleset["name"],
        active=ruleset["enforcement"] == "active",
        covers=rulesets.is_about(ruleset, _MAIN_ALONE),
        pull_requests="pull_request" in rules,
        reviews=int(pulls.get("required_approving_review_count", 0)),
        squash="squash" in pulls.get("allowed_merge_methods", ("squash",)),
        checks=rulesets.checks_of((check["context"], check.get("integration_id")) for check in named),
        strict=bool(checks.get("strict_required_status_checks_policy", True)),
        linear="required_linear_history" in rules,
        force_pushes="non_fast_forward" not in rules,
        deletions="deletion" not in rules,
        bypass=rulesets.bypass_of(ruleset),
    )


HANDLER = single(_read, _write)
