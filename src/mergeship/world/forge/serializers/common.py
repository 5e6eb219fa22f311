"""What all answers have in common: errors, people, times, labels."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from mergeship.world.forge.settings import Label


def error(status: int, message: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """An error's body."""
    more = {"errors": errors} if errors else {}
    return {"message": message, **more, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


def account(base: str, login: str) -> dict[str, Any]:
    """A person."""
    url = f"{base}/api/v3/users/{login}"
    links = dict.fromkeys(_OF_ACCOUNTS, url)
    kind = "Bot" if login.endswith("[bot]") else "User"
    plain = {"login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "type": kind, "site_admin": False}
    return plain | links


def label(url: str, of: Label) -> dict[str, Any]:
    """A label."""
    return {
        "id": of.number, "node_id": f"L_{of.number}", "url": f"{url}/labels/{quote(of.name)}", "name": of.name,
        "color": of.color, "default": False, "description": of.description,
    }  # fmt: skip


def time(moment: datetime) -> str:
    """A time, as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_time(moment: datetime | None) -> str | None:
    """The same, or none."""
    return time(moment) if moment else None


_OF_ACCOUNTS = (
    "avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url",
    "organizations_url", "repos_url", "events_url", "received_events_url",
)  # fmt: skip
