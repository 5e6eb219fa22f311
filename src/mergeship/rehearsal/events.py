"""The events that GitHub sends, and that start workflows.

Source: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from mergeship.rehearsal.origin import Merge
from mergeship.world.forge import serializers
from mergeship.world.forge.accounts import MAINTAINER
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import PullRequest


class Event(msgspec.Struct, frozen=True):
    """What starts a workflow, and everything that it carries."""

    name: Literal["push", "pull_request"]
    payload: dict[str, Any]


def pushed(repo: FakeRepository, base: str, merge: Merge) -> Event:
    """A push to main, which a merge is. `base` is the address of the forge."""
    page = f"{base}/{repo.name}"
    person = {"name": MAINTAINER, "email": f"{MAINTAINER}@example.org", "username": MAINTAINER}
    commit = {
        "id": merge.after,
        "tree_id": merge.tree,
        "distinct": True,
        "message": merge.message,
        "timestamp": datetime.fromtimestamp(merge.when, UTC).isoformat(),
        "url": f"{page}/commit/{merge.after}",
        "author": person,
        "committer": person,
        "added": list(merge.added),
        "removed": [],
        "modified": list(merge.modified),
    }
    payload = {
        "ref": "refs/heads/main",
        "before": merge.before,
        "after": merge.after,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{page}/compare/{merge.before[:12]}...{merge.after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": MAINTAINER, "email": person["email"]},
        "sender": serializers.account(base, MAINTAINER),
        "repository": _repository(repo, base) | {"master_branch": "main"},
    }
    return Event("push", payload)


def pull_request(repo: FakeRepository, base: str, pull_request: PullRequest, action: str) -> Event:
    """A pull request that was opened, synchronized or edited."""
    payload: dict[str, Any] = {
        "action": action,
        "number": pull_request.number,
        "pull_request": serializers.whole(repo, base, pull_request),
        "repository": _repository(repo, base),
        "sender": serializers.account(base, pull_request.author),
    }
    if action == "edited":
        payload["changes"] = {"body": {"from": ""}}
    return Event("pull_request", payload)


def _repository(repo: FakeRepository, base: str) -> dict[str, Any]:
    return serializers.repository(repo, base, whole=False) | {"topics": [], "web_commit_signoff_required": False}
