"""Pull requests in GitHub's shape.

Source: https://docs.github.com/rest/pulls/pulls
"""

from typing import Any

from mergeship.world.forge import merge_rules
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import PullRequest
from mergeship.world.forge.serializers.common import account, label, time
from mergeship.world.forge.serializers.common import maybe_time as _time
from mergeship.world.forge.serializers.repository import repository

_STATUS = {"A": "added", "M": "modified", "D": "removed", "T": "changed", "R": "renamed"}


def pull_request(repo: FakeRepository, base: str, one: PullRequest) -> dict[str, Any]:
    """A pull request, as lists of them show it."""
    url = f"{base}/api/v3/repos/{repo.name}"
    page = f"{base}/{repo.name}/pull/{one.number}"
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
        "state": "open" if one.open else "closed",
        "locked": False,
        "title": one.title,
        "user": account(base, one.author),
        "body": one.body,
        "labels": [_labelled(repo, url, name) for name in one.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": _time(one.created),
        "updated_at": _time(one.updated),
        "closed_at": _time(one.closed),
        "merged_at": _time(one.merged),
        "merge_commit_sha": one.brought[-1] if one.brought else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(repo, base, one.branch, one.head, one.fork or repo.name),
        "base": _end(repo, base, one.base, one.base_commit, repo.name),
        "_links": {name: {"href": url} for name in _LINKS},
        "author_association": "COLLABORATOR" if repo.access.get(one.author) else "NONE",
        "auto_merge": None,
        "draft": one.draft,
    }


def whole(repo: FakeRepository, base: str, one: PullRequest) -> dict[str, Any]:
    """A pull request, as asked for by its number."""
    changed = repo.files(one)
    fits = repo.mergeable(one) if one.open else None
    state = "unknown" if fits is None else "clean" if fits and not merge_rules.violations(repo, one) else "blocked"
    return pull_request(repo, base, one) | {
        "merged": one.merged is not None,
        "mergeable": fits,
        "rebaseable": fits,
        "mergeable_state": state if fits is not False else "dirty",
        "merged_by": account(base, one.merged_by) if one.merged else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 0,
        "deletions": 0,
        "changed_files": len(changed),
    }


def file(repo: FakeRepository, base: str, one: PullRequest, change: tuple[str, str, str]) -> dict[str, Any]:
    """A file that a pull request changes."""
    letter, path, before = change
    renamed = {"previous_filename": before} if before else {}
    raw = f"{base}/{repo.name}/raw/{one.head}/{path}"
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


def edited(one: PullRequest) -> dict[str, Any]:
    """The GraphQL answer about the last change of the body."""
    told = {"lastEditedAt": _time(one.edited), "editor": {"login": one.editor} if one.editor else None}
    return {"data": {"repository": {"pullRequest": told}}}


def review(repo: FakeRepository, base: str, one: PullRequest, login: str, state: str) -> dict[str, Any]:
    """What a person thinks of a pull request."""
    number = list(one.reviews).index(login) + 1
    page = f"{base}/{repo.name}/pull/{one.number}"
    return {
        "id": number, "node_id": f"PRR_{number}", "user": account(base, login), "body": "", "state": state,
        "commit_id": one.head, "html_url": f"{page}#pullrequestreview-{number}", "pull_request_url": page,
        "_links": {"html": {"href": page}, "pull_request": {"href": page}}, "author_association": "COLLABORATOR",
        "submitted_at": time(one.updated),
    }  # fmt: skip


def comment(repo: FakeRepository, base: str, one: PullRequest, number: int) -> dict[str, Any]:
    """A comment."""
    login, words = one.comments[number]
    url = f"{base}/api/v3/repos/{repo.name}"
    return {
        "id": number + 1, "node_id": f"IC_{number}", "url": f"{url}/issues/comments/{number + 1}", "body": words,
        "html_url": f"{base}/{repo.name}/pull/{one.number}", "issue_url": f"{url}/issues/{one.number}",
        "user": account(base, login), "created_at": time(one.updated), "updated_at": time(one.updated),
        "author_association": "COLLABORATOR",
    }  # fmt: skip


def _labelled(repo: FakeRepository, url: str, name: str) -> dict[str, Any]:
    """A label of a pull request, made on the way if it was not there."""
    return label(url, repo.settings.labels.get(name.lower()) or repo.settings.label(name, "ededed", ""))


def _end(repo: FakeRepository, base: str, branch: str, commit: str, name: str) -> dict[str, Any]:
    fork = "" if name == repo.name else name
    owner = name.partition("/")[0]
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": commit,
        "user": account(base, owner),
        "repo": repository(repo, base, whole=False, fork=fork),
    }


_LINKS = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
