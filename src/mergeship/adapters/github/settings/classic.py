"""Classic branch protection.

Source: https://docs.github.com/rest/branches/branch-protection
"""

from typing import Any

from mergeship.adapters.github.connection import Connection
from mergeship.adapters.github.settings.rulesets import checks_of
from mergeship.core.forge.protection import ADMINISTRATORS, Protection
from mergeship.core.forge.setting import MAIN

_ANY = -1
"""Any App may report the check."""
_DISMISSAL, _ALLOWANCES = "dismissal_restrictions", "bypass_pull_request_allowances"
Json = dict[str, Any]


def url(ask: Connection) -> str:
    """Where it is read and written."""
    return f"{ask.base}/branches/{MAIN}/protection"


def read(answer: Json) -> Protection:
    """The protection, as GitHub answers."""
    reviews, checks = answer.get("required_pull_request_reviews"), answer.get("required_status_checks") or {}
    named = checks.get("checks") or [{"context": context} for context in checks.get("contexts", ())]
    allowances = _named((reviews or {}).get("bypass_pull_request_allowances") or {})
    bypass = [f"{kind} {name}" for kind, names in allowances.items() for name in names]
    bypass += [] if _enabled(answer, "enforce_admins") else [ADMINISTRATORS]
    return Protection(
        by="classic",
        ruleset="",
        active=True,
        covers=True,
        pull_requests=reviews is not None,
        reviews=int((reviews or {}).get("required_approving_review_count", 0)),
        squash=True,
        checks=checks_of((check["context"], check.get("app_id")) for check in named),
        strict=bool(checks.get("strict", True)),
        linear=_enabled(answer, "required_linear_history"),
        force_pushes=_enabled(answer, "allow_force_pushes"),
        deletions=_enabled(answer, "allow_deletions"),
        bypass=tuple(sorted(bypass)),
    )


def _enabled(answer: Json, name: str) -> bool:
    return bool((answer.get(name) or {}).get("enabled"))


def written(wanted: Protection, current: Json) -> Json:
    """The whole protection as it is written: reading gives objects where writing takes names."""
    reviews = current.get("required_pull_request_reviews") or {}
    restrictions = current.get("restrictions")
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
    return body | {name: _enabled(current, name) for name in kept if name in current}


def _named(people: Json) -> Json:
    return {
        "users": [each["login"] for each in people.get("users", ())],
        "teams": [each["slug"] for each in people.get("teams", ())],
        "apps": [each["slug"] for each in people.get("apps", ())],
    }
