"""A repository, its people and its settings in GitHub's shape.

Source: https://docs.github.com/rest/repos/repos
"""

from datetime import datetime
from typing import Any

from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.serializers.common import account, time
from mergeship.world.forge.serializers.common import maybe_time as _time
from mergeship.world.forge.settings import Stored, StoredEnvironment


def repository(repo: FakeRepository, base: str, *, whole: bool, fork: str = "") -> dict[str, Any]:
    """The repository, or a fork of it; its settings only for those who may see them (`whole`)."""
    owner, _, name = (fork or repo.name).partition("/")
    url, page = f"{base}/api/v3/repos/{owner}/{name}", f"{base}/{owner}/{name}"
    links = {f"{kind}_url": f"{url}/{kind}" for kind in _OF_REPOSITORIES}
    numbers = dict.fromkeys(_COUNTS, 0)
    made = _time(repo.clock())
    return {
        **links, **numbers,
        "id": 2 if fork else 1, "node_id": "R_1", "name": name, "full_name": f"{owner}/{name}",
        "owner": account(base, owner) | ({"type": "Organization"} if repo.of_organization else {}),
        "private": repo.private, "html_url": page, "description": None, "fork": bool(fork), "url": url,
        "clone_url": f"{page}.git", "git_url": f"{page}.git", "ssh_url": f"{page}.git", "svn_url": page,
        "mirror_url": None, "homepage": None, "language": None, "license": None, "default_branch": "main",
        "has_issues": True, "has_downloads": True, "has_projects": False, "has_wiki": False, "has_pages": False,
        "has_discussions": False,
        "archived": repo.archived, "disabled": False, "created_at": made, "updated_at": made, "pushed_at": made,
        "visibility": "private" if repo.private else "public",
        **(repo.settings.repository if whole else {}),
    }  # fmt: skip


def permission(repo: FakeRepository, base: str, login: str) -> dict[str, Any]:
    """What a person may do here."""
    access = repo.access.get(login, "none")
    permission = "write" if access == "maintain" else access
    return {"permission": permission, "role_name": access, "user": collaborator(repo, base, login)}


def branch(repo: FakeRepository, base: str, name: str, commit: str) -> dict[str, Any]:
    """A branch and its commit."""
    url = f"{base}/api/v3/repos/{repo.name}"
    person = {"name": "Maintainer", "email": "maintainer@example.org", "date": time(repo.clock())}
    detail: dict[str, Any] = {"url": f"{url}/git/commits/{commit}", "author": person, "committer": person}
    detail |= {"message": "", "comment_count": 0, "tree": {"sha": commit, "url": url}}
    page = f"{url}/branches/{name}"
    who = {"author": account(base, "maintainer"), "committer": account(base, "maintainer")}
    whole = {"url": f"{url}/commits/{commit}", "sha": commit, "node_id": "C_1", "html_url": url, "comments_url": url}
    protected = bool(repo.rules.about(f"refs/heads/{name}"))
    return {
        "name": name, "protected": protected, "protection": {"enabled": protected},
        "protection_url": f"{page}/protection",
        "commit": {**whole, **who, "commit": detail, "parents": []},
        "_links": {"html": page, "self": page},
    }  # fmt: skip


def collaborator(repo: FakeRepository, base: str, login: str) -> dict[str, Any]:
    """A person who may do something here."""
    access = repo.access[login]
    may = {"admin": access == "admin", "maintain": access == "admin", "push": access in {"admin", "write"}}
    may |= {"triage": may["push"], "pull": True}
    return account(base, login) | {"permissions": may, "role_name": access}


def app(base: str, number: int, slug: str, when: datetime) -> dict[str, Any]:
    """An App."""
    return {
        "id": number, "slug": slug, "node_id": f"A_{number}", "owner": account(base, "github"), "name": slug,
        "description": None, "external_url": base, "html_url": f"{base}/apps/{slug}", "created_at": time(when),
        "updated_at": time(when), "permissions": {"metadata": "read"}, "events": [],
    }  # fmt: skip


def installation(repo: FakeRepository, base: str, number: int) -> dict[str, Any]:
    """An App, as installed here."""
    url = f"{base}/api/v3"
    when = time(repo.clock())
    return {
        "id": number, "app_id": number, "app_slug": f"app-{number}", "target_id": 1, "target_type": "User",
        "single_file_name": None, "repository_selection": "selected", "events": [], "suspended_by": None,
        "suspended_at": None, "access_tokens_url": f"{url}/app/installations/{number}/access_tokens",
        "html_url": f"{base}/settings/installations/{number}", "repositories_url": f"{url}/installation/repositories",
        "account": account(base, repo.name.partition("/")[0]), "permissions": {"metadata": "read"},
        "created_at": when, "updated_at": when,
    }  # fmt: skip


def environment(url: str, of: StoredEnvironment) -> dict[str, Any]:
    """An environment. `url` is that of the repository's API."""
    rules: list[dict[str, Any]] = []
    if of.rules.get("wait_timer"):
        rules.append({"id": 1, "node_id": "GA_1", "type": "wait_timer", "wait_timer": of.rules["wait_timer"]})
    if of.rules.get("reviewers"):
        people = [{"type": who["type"], "reviewer": {"id": who["id"]}} for who in of.rules["reviewers"]]
        kind = {"type": "required_reviewers", "prevent_self_review": of.rules.get("prevent_self_review", False)}
        rules.append({"id": 2, "node_id": "GA_2", **kind, "reviewers": people})
    if of.policy is not None:
        rules.append({"id": 3, "node_id": "GA_3", "type": "branch_policy"})
    return {
        "id": 1, "node_id": f"EN_{of.name}", "name": of.name, "url": f"{url}/environments/{of.name}",
        "html_url": f"{url}/environments/{of.name}", "created_at": time(of.created), "updated_at": time(of.created),
        "protection_rules": rules, "deployment_branch_policy": of.policy,
    }  # fmt: skip


def branch_policy(policy: tuple[int, str, str]) -> dict[str, Any]:
    """A pattern of branches or tags that may deploy."""
    number, name, kind = policy
    return {"id": number, "node_id": f"BP_{number}", "name": name, "type": kind}


def secret(name: str, stored: Stored) -> dict[str, Any]:
    """A secret, by its name."""
    return {"name": name, "created_at": time(stored.created), "updated_at": time(stored.updated)}


def protection(base: str, api: str, branch: str, written: dict[str, Any]) -> dict[str, Any]:
    """Classic protection: names become objects."""
    url = f"{base}{api}/branches/{branch}/protection"
    shown: dict[str, Any] = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": bool(written["enforce_admins"])},
    }
    for name in _SWITCHES:
        shown[name] = {"enabled": bool(written.get(name))}
    checks = written["required_status_checks"]
    if checks is not None:
        named = checks.get("checks") or [{"context": context} for context in checks.get("contexts", ())]
        contexts = [check["context"] for check in named]
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks", "contexts_url": f"{url}/required_status_checks/contexts",
            "strict": checks["strict"], "contexts": contexts,
            "checks": [{"context": check["context"], "app_id": check.get("app_id")} for check in named],
        }  # fmt: skip
    reviews = written["required_pull_request_reviews"]
    if reviews is not None:
        more = {name: _people(base, reviews[name]) for name in _ALLOWANCES if name in reviews}
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": reviews.get("dismiss_stale_reviews", False),
            "require_code_owner_reviews": reviews.get("require_code_owner_reviews", False),
            "require_last_push_approval": reviews.get("require_last_push_approval", False),
            "required_approving_review_count": reviews.get("required_approving_review_count", 1),
            **more,
        }
    if written["restrictions"] is not None:
        shown["restrictions"] = {
            "url": f"{url}/restrictions", "users_url": f"{url}/restrictions/users",
            "teams_url": f"{url}/restrictions/teams", "apps_url": f"{url}/restrictions/apps",
            **_people(base, written["restrictions"]),
        }  # fmt: skip
    return shown


_ALLOWANCES = ("dismissal_restrictions", "bypass_pull_request_allowances")
_SWITCHES = (
    "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations",
    "required_conversation_resolution", "lock_branch", "allow_fork_syncing",
)  # fmt: skip


def _people(base: str, named: dict[str, Any]) -> dict[str, Any]:
    return {"users": [account(base, login) for login in named.get("users", ())], "teams": [], "apps": []}


_OF_REPOSITORIES = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications",
    "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)  # fmt: skip
_COUNTS = (
    "forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
    "watchers_count", "network_count", "subscribers_count",
)  # fmt: skip
