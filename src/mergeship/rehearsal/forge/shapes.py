"""Answers in GitHub's shape.

Source: https://docs.github.com/rest/pulls/pulls, https://docs.github.com/rest/actions/artifacts
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mergeship.rehearsal.forge.hosting import Hosting, Proposal

_STATUS = {"A": "added", "M": "modified", "D": "removed", "T": "changed", "R": "renamed"}


def pull_request(hosting: Hosting, base: str, one: Proposal) -> dict[str, Any]:
    """A pull request, as lists of them show it."""
    url = f"{base}/api/v3/repos/{hosting.name}"
    page = f"{base}/{hosting.name}/pull/{one.number}"
    return {
        "url": f"{url}/pulls/{one.number}",
        "id": one.number,
        "node_id": f"PR_{one.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": f"{url}/issues/{one.number}",
        "commits_url": f"{url}/pulls/{one.number}/commits",
        "review_comments_url": f"{url}/pulls/{one.number}/comments",
        "review_comment_url": f"{url}/pulls/comments{{/number}}",
        "comments_url": f"{url}/issues/{one.number}/comments",
        "statuses_url": f"{url}/statuses/{one.head}",
        "number": one.number,
        "state": "closed" if one.merged else "open",
        "locked": False,
        "title": one.title,
        "user": account(base, one.author),
        "body": one.body,
        "labels": [label(url, name) for name in one.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": _time(one.created),
        "updated_at": _time(one.updated),
        "closed_at": _time(one.merged),
        "merged_at": _time(one.merged),
        "merge_commit_sha": one.brought[-1] if one.brought else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(hosting, base, one.branch, one.head, one.fork or hosting.name),
        "base": _end(hosting, base, one.base, one.base_commit, hosting.name),
        "_links": {name: {"href": url} for name in _LINKS},
        "author_association": "COLLABORATOR" if hosting.access.get(one.author) else "NONE",
        "auto_merge": None,
        "draft": False,
    }


def whole(hosting: Hosting, base: str, one: Proposal) -> dict[str, Any]:
    """A pull request, as asked for by its number."""
    changed = hosting.files(one)
    return pull_request(hosting, base, one) | {
        "merged": one.merged is not None,
        "mergeable": None if one.merged else True,
        "rebaseable": None if one.merged else True,
        "mergeable_state": "unknown" if one.merged else "clean",
        "merged_by": account(base, "maintainer") if one.merged else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 0,
        "deletions": 0,
        "changed_files": len(changed),
    }


def file(hosting: Hosting, base: str, one: Proposal, change: tuple[str, str, str]) -> dict[str, Any]:
    """A file that a pull request changes."""
    letter, path, before = change
    renamed = {"previous_filename": before} if before else {}
    raw = f"{base}/{hosting.name}/raw/{one.head}/{path}"
    return {
        "sha": one.head,
        "filename": path,
        "status": _STATUS[letter],
        "additions": 0,
        "deletions": 0,
        "changes": 0,
        "blob_url": raw,
        "raw_url": raw,
        "contents_url": raw,
        "patch": "",
        **renamed,
    }


def permission(hosting: Hosting, base: str, login: str) -> dict[str, Any]:
    """What a person may do here."""
    access = hosting.access.get(login, "none")
    return {"permission": access, "role_name": access, "user": account(base, login)}


def edited(one: Proposal) -> dict[str, Any]:
    """The GraphQL answer about the last change of the body."""
    told = {"lastEditedAt": _time(one.edited), "editor": {"login": one.editor} if one.editor else None}
    return {"data": {"repository": {"pullRequest": told}}}


def artifact(hosting: Hosting, base: str, run: str, number: int, folder: Path) -> dict[str, Any]:
    """An artifact of a run."""
    url = f"{base}/api/v3/repos/{hosting.name}/actions/artifacts/{number}"
    made = datetime.fromtimestamp(int(folder.stat().st_mtime), UTC)
    return {
        "id": number,
        "node_id": f"A_{number}",
        "name": folder.name,
        "size_in_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": False,
        "created_at": _time(made),
        "updated_at": _time(made),
        "expires_at": _time(made + timedelta(days=90)),
        "workflow_run": {"id": int(run), "repository_id": 1, "head_repository_id": 1, "head_branch": "main"},
    }


def error(status: int, message: str) -> dict[str, Any]:
    """An error's body."""
    return {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


def account(base: str, login: str) -> dict[str, Any]:
    """A person."""
    url = f"{base}/api/v3/users/{login}"
    links = dict.fromkeys(_OF_ACCOUNTS, url)
    kind = "Bot" if login.endswith("[bot]") else "User"
    plain = {"login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "type": kind, "site_admin": False}
    return plain | links


def label(url: str, name: str) -> dict[str, Any]:
    """A label."""
    return {
        "id": 1, "node_id": "L_1", "url": f"{url}/labels/{name}", "name": name, "color": "ededed", "default": False,
        "description": None,
    }  # fmt: skip


def _end(hosting: Hosting, base: str, branch: str, commit: str, repository: str) -> dict[str, Any]:
    owner, _, name = repository.partition("/")
    person = account(base, owner)
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": commit,
        "user": person,
        "repo": {
            "id": 1 if repository == hosting.name else 2,
            "node_id": "R_1",
            "name": name,
            "full_name": repository,
            "private": False,
            "fork": repository != hosting.name,
            "owner": person,
            "html_url": f"{base}/{repository}",
            "url": f"{base}/api/v3/repos/{repository}",
            "default_branch": "main",
        },
    }


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


_LINKS = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
_OF_ACCOUNTS = (
    "avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url",
    "organizations_url", "repos_url", "events_url", "received_events_url",
)  # fmt: skip
