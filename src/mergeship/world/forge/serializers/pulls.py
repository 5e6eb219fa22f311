"""Pull requests in GitHub's shape.

Source: https://docs.github.com/rest/pulls/pulls
"""

from typing import Any

from mergeship.world.forge import merge_rules
from mergeship.world.forge.accounts import MAINTAINER
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import PullRequest
from mergeship.world.forge.serializers.common import account, label, time
from mergeship.world.forge.serializers.common import maybe_time as _time
from mergeship.world.forge.serializers.repository import repository

_STATUS = {"A": "added", "M": "modified", "D": "removed", "T": "changed", "R": "renamed"}


def pull_request(repo: FakeRepository, base: str, pull: PullRequest) -> dict[str, Any]:
    """A pull request, as lists of them show it."""
    url = f"{base}/api/v3/repos/{repo.name}"
    page = f"{base}/{repo.name}/pull/{pull.number}"
    return {
        "url": f"{url}/pulls/{pull.number}",
        "id": pull.number,
        "node_id": f"PR_{pull.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": f"{url}/issues/{pull.number}",
        "commits_url": f"{url}/pulls/{pull.number}/commits",
        "review_comments_url": f"{url}/pulls/{pull.number}/comments",
        "review_comment_url": f"{url}/pulls/comments{{/number}}",
        "comments_url": f"{url}/issues/{pull.number}/comments",
        "statuses_url": f"{url}/statuses/{pull.head}",
        "number": pull.number,
        "state": "open" if pull.open else "closed",
        "locked": False,
        "title": pull.title,
        "user": account(base, pull.author),
        "body": pull.body,
        "labels": [_labelled(repo, url, name) for name in pull.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": _time(pull.created),
        "updated_at": _time(pull.updated),
        "closed_at": _time(pull.closed),
        "merged_at": _time(pull.merged),
        "merge_commit_sha": pull.brought[-1] if pull.brought else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(repo, base, pull.branch, pull.head, pull.fork or repo.name),
        "base": _end(repo, base, pull.base, pull.base_commit, repo.name),
        "_links": {name: {"href": url} for name in _LINKS},
        "author_association": "COLLABORATOR" if repo.access.get(pull.author) else "NONE",
        "auto_merge": _auto_merge(base, pull) if pull.auto_merge else None,
        "draft": pull.draft,
    }


def whole(repo: FakeRepository, base: str, pull: PullRequest) -> dict[str, Any]:
    """A pull request, as asked for by its number."""
    files = repo.files(pull)
    fits = repo.mergeable(pull) if pull.open else None
    state = "unknown" if fits is None else "clean" if fits and not merge_rules.violations(repo, pull) else "blocked"
    return pull_request(repo, base, pull) | {
        "merged": pull.merged is not None,
        "mergeable": fits,
        "rebaseable": fits,
        "mergeable_state": state if fits is not False else "dirty",
        "merged_by": account(base, pull.merged_by) if pull.merged else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 0,
        "deletions": 0,
        "changed_files": len(files),
    }


def _auto_merge(base: str, pull: PullRequest) -> dict[str, Any]:
    """What is merged as soon as it may be, with the message that was fixed then."""
    title, _, message = pull.auto_merge.partition("\n\n")
    return {
        "enabled_by": account(base, MAINTAINER),
        "merge_method": "squash",
        "commit_title": title,
        "commit_message": message,
    }


def file(repo: FakeRepository, base: str, pull: PullRequest, change: tuple[str, str, str]) -> dict[str, Any]:
    """A file that a pull request changes."""
    letter, path, before = change
    renamed = {"previous_filename": before} if before else {}
    raw = f"{base}/{repo.name}/raw/{pull.head}/{path}"
    return {
        "sha": pull.head,
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


def edited(pull: PullRequest) -> dict[str, Any]:
    """The GraphQL answer about the last change of the body."""
    fields = {"lastEditedAt": _time(pull.edited), "editor": {"login": pull.editor} if pull.editor else None}
    return {"data": {"repository": {"pullRequest": fields}}}


def review(repo: FakeRepository, base: str, pull: PullRequest, login: str, state: str) -> dict[str, Any]:
    """What a person thinks of a pull request."""
    number = list(pull.reviews).index(login) + 1
    page = f"{base}/{repo.name}/pull/{pull.number}"
    return {
        "id": number, "node_id": f"PRR_{number}", "user": account(base, login), "body": "", "state": state,
        "commit_id": pull.head, "html_url": f"{page}#pullrequestreview-{number}", "pull_request_url": page,
        "_links": {"html": {"href": page}, "pull_request": {"href": page}}, "author_association": "COLLABORATOR",
        "submitted_at": time(pull.updated),
    }  # fmt: skip


def comment(repo: FakeRepository, base: str, pull: PullRequest, number: int) -> dict[str, Any]:
    """A comment."""
    login, words = pull.comments[number]
    url = f"{base}/api/v3/repos/{repo.name}"
    return {
        "id": number + 1, "node_id": f"IC_{number}", "url": f"{url}/issues/comments/{number + 1}", "body": words,
        "html_url": f"{base}/{repo.name}/pull/{pull.number}", "issue_url": f"{url}/issues/{pull.number}",
        "user": account(base, login), "created_at": time(pull.updated), "updated_at": time(pull.updated),
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
