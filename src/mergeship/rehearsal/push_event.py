"""The push event that GitHub sends when a pull request is merged.

Source: https://docs.github.com/webhooks/webhook-events-and-payloads#push
"""

from datetime import UTC, datetime
from typing import Any

from mergeship.rehearsal.forge.hosting import MAINTAINER, OWNER
from mergeship.rehearsal.origin import Merge


def push_event(project: str, merge: Merge) -> dict[str, Any]:
    """The payload for one merge into main of a project, by its normalized name."""
    name = f"{OWNER}/{project}"
    base = f"https://github.com/{name}"
    time = datetime.fromtimestamp(merge.when, UTC).isoformat()
    person = {"name": MAINTAINER, "email": f"{MAINTAINER}@example.org", "username": MAINTAINER}
    account = {"login": MAINTAINER, "id": 1, "node_id": "U_1", "type": "User", "site_admin": False}
    commit = {
        "id": merge.after,
        "tree_id": merge.tree,
        "distinct": True,
        "message": merge.message,
        "timestamp": time,
        "url": f"{base}/commit/{merge.after}",
        "author": person,
        "committer": person,
        "added": list(merge.added),
        "removed": [],
        "modified": list(merge.modified),
    }
    return {
        "ref": "refs/heads/main",
        "before": merge.before,
        "after": merge.after,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{base}/compare/{merge.before[:12]}...{merge.after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": MAINTAINER, "email": person["email"]},
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
