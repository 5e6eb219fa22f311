"""The push event that GitHub sends when a pull request is merged.

Source: https://docs.github.com/webhooks/webhook-events-and-payloads#push
"""

from datetime import UTC, datetime
from typing import Any

OWNER = "rehearsal"
_LOGIN = "maintainer"


def push_event(
    project: str, before: str, after: str, message: str, files: list[str], when: int
) -> dict[str, Any]:
    """The payload for `before..after` on main; `when` is in seconds since 1970."""
    name = f"{OWNER}/{project}"
    base = f"https://github.com/{name}"
    time = datetime.fromtimestamp(when, UTC).isoformat()
    person = {"name": _LOGIN, "email": f"{_LOGIN}@example.org", "username": _LOGIN}
    account = {"login": _LOGIN, "id": 1, "node_id": "U_1", "type": "User", "site_admin": False}
    commit = {
        "id": after,
        "tree_id": after,
        "distinct": True,
        "message": message,
        "timestamp": time,
        "url": f"{base}/commit/{after}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": files,
    }
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{base}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": _LOGIN, "email": person["email"]},
        "sender": account,
        "repository": {
            "id": 1,
            "node_id": "R_1",
            "name": project,
            "full_name": name,
            "private": False,
            "fork": False,
            "owner": account,
            "html_url": base,
            "clone_url": f"{base}.git",
            "default_branch": "main",
            "master_branch": "main",
        },
    }
