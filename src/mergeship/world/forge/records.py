"""The records of a repository on the forge: pull requests, checks, releases, runs and runners."""

from datetime import datetime

import msgspec

from mergeship.world.forge.accounts import MAINTAINER

RUNNER_VERSION = "2.335.0"


class Check(msgspec.Struct, frozen=True):
    """What is said of a commit under one name: success, failure, or empty while it runs."""

    conclusion: str
    app: int
    """The App that says so; 0 for a person."""
    run: bool = True
    """A check run, else a commit status."""


class PullRequest(msgspec.Struct, kw_only=True):
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
    closed: datetime | None = None
    draft: bool = False
    reviews: dict[str, str] = {}
    """The last review of each person: APPROVED, CHANGES_REQUESTED."""
    comments: list[tuple[str, str]] = []
    """Who said what."""
    merged: datetime | None = None
    merged_by: str = ""
    auto_merge: str = ""
    """The message of its commit, as it was fixed when auto-merge was switched on; empty if it was not."""
    brought: tuple[str, ...] = ()
    """The commits that it brought to its base; the last one is its merge commit."""
    edited: datetime | None = None
    editor: str = ""

    @property
    def open(self) -> bool:
        """Whether it can still be merged."""
        return self.merged is None and self.closed is None


class Asset(msgspec.Struct, frozen=True):
    """A file of a release."""

    number: int
    name: str
    kind: str
    size: int
    sha256: str
    by: str
    when: datetime


class Release(msgspec.Struct, kw_only=True):
    """Notes for people about a tag, with files."""

    number: int
    tag: str
    author: str
    created: datetime
    target: str = "main"
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    published: datetime | None = None
    assets: list[Asset] = []


class Run(msgspec.Struct, kw_only=True):
    """A run of a workflow."""

    number: int
    workflow: str
    event: str
    branch: str
    commit: str
    began: datetime
    conclusion: str | None = None
    """success or failure; None while it runs."""
    jobs: dict[str, str] = {}
    """Each job by its name: in_progress, queued, or its conclusion. What is not there was not reached yet."""
    repository: str = ""
    """Whose branch it ran; empty for this repository's."""
    actor: str = "maintainer"
    """Who started it."""


class SelfHostedRunner(msgspec.Struct, frozen=True):
    """A self-hosted runner."""

    number: int
    name: str
    labels: tuple[str, ...] = ("self-hosted", "Linux", "X64")
    online: bool = True
    busy: bool = False
    ephemeral: bool = False
    version: str = RUNNER_VERSION
