"""Who acts on the forge, and what a token may do."""

from collections.abc import Mapping
from typing import Literal

import msgspec

OWNER = "rehearsal"
MAINTAINER = "maintainer"
ACTIONS = "github-actions[bot]"
ACTIONS_APP = 15368
"""The number of the App that is GitHub Actions."""
Permissions = Mapping[str, Literal["read", "write"]]
Access = Literal["admin", "maintain", "write", "read", "none"]
EVERYTHING = "everything"
"""A permission that stands for all: what a person's classic token has."""


class Grant(msgspec.Struct, frozen=True):
    """Whose token it is, and what it may do, in the words of `permissions:`."""

    login: str
    permissions: Permissions

    def allows(self, permission: str, wanted: Literal["read", "write"]) -> bool:
        """Whether the token has a permission, or a stronger one."""
        return EVERYTHING in self.permissions or self.permissions.get(permission) in {wanted, "write"}

    @property
    def refusal(self) -> str:
        """What GitHub says to a token that may not."""
        whose = "integration" if self.by_app else "personal access token"
        return f"Resource not accessible by {whose}"

    @property
    def by_app(self) -> bool:
        """Whether it is an App's, a job's among them: Apps have no role."""
        return self.login.endswith("[bot]")

    @property
    def by_actions(self) -> bool:
        """Whether it is a job's."""
        return self.login == ACTIONS
