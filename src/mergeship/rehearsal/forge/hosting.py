"""What the forge hosts: one repository, its pull requests, accounts, tokens and artifacts, and faults on purpose."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from mergeship.adapters.git import Repository
from mergeship.errors import Misconfigured
from mergeship.rehearsal.forge import merging
from mergeship.rehearsal.forge.merging import Method

OWNER = "rehearsal"
MAINTAINER = "maintainer"
ACTIONS = "github-actions[bot]"
Permissions = Mapping[str, Literal["read", "write"]]
Access = Literal["admin", "write", "read", "none"]


class Grant(msgspec.Struct, frozen=True):
    """Whose token it is, and what it may do, in the words of `permissions:`."""

    login: str
    permissions: Permissions

    def allows(self, permission: str, wanted: Literal["read", "write"]) -> bool:
        """Whether the token has a permission, or a stronger one."""
        return self.permissions.get(permission) in {wanted, "write"}


class Fault(msgspec.Struct, frozen=True):
    """The next request whose path contains `path` is answered like this. `delay` is in seconds."""

    path: str
    status: int
    words: str = "Server Error"
    headers: Mapping[str, str] = {}
    delay: float = 0.0


class Proposal(msgspec.Struct, kw_only=True):
    """A pull request."""

    number: int
    title: str
    body: str
    branch: str
    head: str
    base: str = "main"
    base_commit: str
    author: str = MAINTAINER
    labels: list[str] = []
    fork: str = ""
    """`owner/name` of the fork that its branch is in; empty for a branch of this repository."""
    created: datetime
    updated: datetime
    merged: datetime | None = None
    brought: tuple[str, ...] = ()
    """The commits that it brought to its base; the last one is its merge commit."""
    edited: datetime | None = None
    editor: str = ""


class Hosting:
    """A repository on the forge. `bare` is where its commits lie; the clock can be another one's."""

    def __init__(
        self, bare: Repository, name: str, artifacts: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.bare = bare
        self.name = name
        """`owner/name`."""
        self.artifacts = artifacts
        """A folder for each run, with a folder for each artifact in it."""
        self.clock = clock
        self.proposals: dict[int, Proposal] = {}
        self.access: dict[str, Access] = {MAINTAINER: "admin"}
        self.tokens: dict[str, Grant] = {}
        self.faults: list[Fault] = []
        self.lag = 0
        """So many questions for the pull requests of a commit are answered with none."""
        self.asked: list[str] = []
        """Every request: method and path."""
        self.lock = threading.Lock()

    def propose(
        self,
        branch: str,
        title: str,
        body: str,
        *,
        base: str = "main",
        author: str = MAINTAINER,
        labels: tuple[str, ...] = (),
        fork: str = "",
    ) -> Proposal:
        """Open a pull request for a branch that was pushed."""
        number = len(self.proposals) + 1
        head = self.bare.resolved(f"refs/heads/{branch}")
        now = self.clock()
        proposal = Proposal(
            number=number, title=title, body=body, branch=branch, head=head, base=base, author=author, fork=fork,
            base_commit=self.bare.resolved(f"refs/heads/{base}"), labels=list(labels), created=now, updated=now,
        )  # fmt: skip
        self.bare.git("update-ref", f"refs/pull/{number}/head", head)
        self.proposals[number] = proposal
        return proposal

    def merge(self, number: int, method: Method = "squash", message: str | None = None) -> str:
        """Merge a pull request into its base as GitHub would, and give the new tip of that branch back.

        `message` is that of a squash commit, by default the title with the number, and the body.
        """
        proposal = self.proposals[number]
        before = self.bare.resolved(f"refs/heads/{proposal.base}")
        said = f"{proposal.title} (#{number})\n\n{proposal.body}" if message is None else message
        brought = merging.merge(self.bare, before, proposal.head, method, said, number)
        self.bare.git("update-ref", f"refs/heads/{proposal.base}", brought[-1], before)
        proposal.brought = brought
        proposal.merged = proposal.updated = self.clock()
        return brought[-1]

    def edit(self, number: int, body: str, editor: str) -> None:
        """Change a pull request's body, which GitHub allows after the merge too."""
        proposal = self.proposals[number]
        proposal.body, proposal.editor = body, editor
        proposal.edited = proposal.updated = self.clock()

    def of_commit(self, commit: str) -> list[Proposal]:
        """The pull requests that brought a commit; for one that is on no branch of theirs, the open ones with it."""
        merged = [one for one in self.proposals.values() if commit in one.brought]
        return merged or [one for one in self.proposals.values() if one.merged is None and one.head == commit]

    def files(self, proposal: Proposal) -> list[tuple[str, str, str]]:
        """What a pull request changes against its base: git's letter, the path, and the path before a renaming."""
        base = self.bare.git("merge-base", proposal.base_commit, proposal.head).strip()
        told = iter(self.bare.git("diff", "--name-status", "--find-renames", "-z", base, proposal.head).split("\0"))
        found = []
        for letter in filter(None, told):
            before = next(told) if letter.startswith("R") else ""
            found.append((letter[0], next(told), before))
        return found

    def knows(self, commit: str) -> bool:
        """Whether there is such a commit."""
        try:
            self.bare.resolved(commit)
        except Misconfigured:
            return False
        return True
