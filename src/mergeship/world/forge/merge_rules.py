"""Whether the rules let a pull request be merged, in GitHub's words."""

from typing import Any

from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import PullRequest
from mergeship.world.forge.rules import Rule

WRITERS = {"admin", "write"}


def violations(repo: FakeRepository, pull_request: PullRequest, by: str = "") -> list[str]:
    """Why a person may not merge a pull request; without a person, why no one without a bypass may."""
    role = repo.access.get(by, "none")
    problems = []
    for rule in repo.rules.about(f"refs/heads/{pull_request.base}"):
        if role not in rule.bypass:
            problems += _broken(repo, pull_request, rule)
    return list(dict.fromkeys(problems))


def _broken(repo: FakeRepository, pull_request: PullRequest, rule: Rule) -> list[str]:
    if rule.kind == "pull_request":
        return _unreviewed(repo, pull_request, int(rule.parameters.get("required_approving_review_count", 0)))
    if rule.kind == "required_status_checks":
        return _unchecked(repo, pull_request, rule.parameters, classic=rule.classic)
    return []


def _unreviewed(repo: FakeRepository, pull_request: PullRequest, wanted: int) -> list[str]:
    if any(state == "CHANGES_REQUESTED" for state in pull_request.reviews.values()):
        return ["Changes requested by reviewers with write access."]
    given = [
        who for who, state in pull_request.reviews.items() if state == "APPROVED" and repo.access.get(who) in WRITERS
    ]
    if len(given) >= wanted:
        return []
    reviews = "review is" if wanted == 1 else "reviews are"
    return [f"At least {wanted} approving {reviews} required by reviewers with write access."]


def _unchecked(
    repo: FakeRepository, pull_request: PullRequest, parameters: dict[str, Any], *, classic: bool
) -> list[str]:
    reported = repo.checks.get(pull_request.head, {})
    required = parameters["required_status_checks"]
    expected, failing = [], []
    for check in required:
        run = reported.get(check["context"])
        if run is None or not run.conclusion or check.get("integration_id") not in {None, -1, run.app}:
            expected.append(check["context"])
        elif run.conclusion not in {"success", "neutral", "skipped"}:
            failing.append(check["context"])
    words = [f'Required status check "{name}" is failing.' for name in failing]
    if expected and (classic or len(required) == 1):
        words += [f'Required status check "{name}" is expected.' for name in expected]
    elif expected:
        words.append(f"{len(expected)} of {len(required)} required status checks are expected.")
    if parameters["strict_required_status_checks_policy"] and required and repo.behind(pull_request):
        words.append("This branch is out-of-date with the base branch.")
    return words
