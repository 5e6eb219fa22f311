"""What is set in the repository on the forge, as GitHub has it on the day that it is made."""

import base64
from datetime import datetime
from typing import Any

import msgspec
from nacl.public import PrivateKey, SealedBox


class Stored(msgspec.Struct):
    """A secret, opened."""

    value: str
    created: datetime
    updated: datetime


class StoredEnvironment(msgspec.Struct):
    """An environment. The policy is None for any branch."""

    name: str
    created: datetime
    policy: dict[str, bool] | None = None
    branches: list[tuple[int, str, str]] = []
    """Number, pattern, and whether it is a branch or a tag."""
    rules: dict[str, Any] = {}
    secrets: dict[str, Stored] = {}


class Label(msgspec.Struct):
    """A label."""

    number: int
    name: str
    color: str
    description: str | None


class RepositorySettings:
    """Everything that is set."""

    def __init__(self) -> None:
        self.repository: dict[str, Any] = {
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": False,
            "allow_update_branch": False,
            "delete_branch_on_merge": False,
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "merge_commit_title": "MERGE_MESSAGE",
            "merge_commit_message": "PR_TITLE",
        }
        self.actions: dict[str, Any] = {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
        self.workflow: dict[str, Any] = {
            "default_workflow_permissions": "read", "can_approve_pull_request_reviews": False,
        }  # fmt: skip
        self.fork_approval = "first_time_contributors"
        self.environments: dict[str, StoredEnvironment] = {}
        self.secrets: dict[str, Stored] = {}
        self.labels: dict[str, Label] = {}
        self.key = PrivateKey.generate()
        self.numbers = 0
        for name, color in (("bug", "d73a4a"), ("documentation", "0075ca"), ("enhancement", "a2eeef")):
            self.label(name, color, None)

    def number(self) -> int:
        """A new number."""
        self.numbers += 1
        return self.numbers

    def label(self, name: str, color: str, description: str | None) -> Label:
        """A new label."""
        made = Label(self.number(), name, color, description)
        self.labels[name.lower()] = made
        return made

    @property
    def public_key(self) -> str:
        """What secrets are sealed with."""
        return base64.b64encode(bytes(self.key.public_key)).decode()

    def opened(self, sealed: str) -> str:
        """The value of a secret that was sealed. Raises ValueError for what was not."""
        from nacl.exceptions import CryptoError

        try:
            return SealedBox(self.key).decrypt(base64.b64decode(sealed, validate=True)).decode()
        except CryptoError as error:
            raise ValueError("it was not sealed with this key") from error
