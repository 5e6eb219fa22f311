"""The fields of GitHub's answers that matter here; what GitHub leaves out or adds besides them does no harm.

Source: https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit and
https://docs.github.com/rest/pulls/pulls
"""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from mergeship.core.release.decision import Pull
from mergeship.errors import Held

_T = TypeVar("_T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: others could not be compared."""


class User(msgspec.Struct):
    """An account."""

    login: str


class _Repository(msgspec.Struct):
    full_name: str


class _End(msgspec.Struct):
    ref: str
    sha: str = ""
    repo: _Repository | None = None  # None for a fork that is gone


class _Label(msgspec.Struct):
    name: str


class _AutoMerge(msgspec.Struct):
    commit_title: str | None = None
    commit_message: str | None = None

    @property
    def message(self) -> str:
        """Of the commit that it will make, if that is fixed."""
        return f"{self.commit_title or ''}\n\n{self.commit_message or ''}".strip()


class PullRequest(msgspec.Struct):
    """A pull request, short or whole."""

    number: int
    title: str
    head: _End
    base: _End
    body: str | None = None
    user: User | None = None
    labels: list[_Label] = []
    state: str = ""
    merge_commit_sha: str | None = None
    merged_at: Moment | None = None
    updated_at: Moment | None = None
    auto_merge: _AutoMerge | None = None

    def merged_into(self, repository: str, branch: str) -> bool:
        """Whether it was merged into a branch of that repository, and not of a fork."""
        here = self.base.repo is None or self.base.repo.full_name.lower() == repository.lower()
        return self.merged_at is not None and self.base.ref == branch and here

    def pull(self, repository: str) -> Pull:
        """As the core knows it."""
        return Pull(
            number=self.number,
            title=self.title,
            body=self.body or "",
            labels=tuple(label.name for label in self.labels),
            branch=self.head.ref,
            own_branch=self.head.repo is not None and self.head.repo.full_name.lower() == repository.lower(),
            author=self.user.login if self.user else "ghost",
            head=self.head.sha,
            commit=(self.merge_commit_sha or "") if self.merged_at else "",
            open=self.state == "open",
            merged=self.merged_at,
            updated=self.updated_at,
            auto_message=self.auto_merge.message if self.auto_merge else "",
        )


class App(msgspec.Struct):
    """An App that reports checks."""

    id: int


class CheckRun(msgspec.Struct):
    """What a job says of a commit."""

    name: str
    status: str
    conclusion: str | None = None
    app: App | None = None
    html_url: str | None = None


class WorkflowRun(msgspec.Struct):
    """A run of a workflow."""

    id: int
    path: str
    status: str | None = None
    conclusion: str | None = None
    html_url: str = ""
    updated_at: Moment | None = None
    event: str = ""
    head_branch: str | None = None
    head_sha: str = ""
    run_attempt: int = 1
    head_repository: _Repository | None = None
    actor: User | None = None


class WorkflowRuns(msgspec.Struct):
    """A page of them."""

    workflow_runs: list[WorkflowRun]


class Runner(msgspec.Struct):
    """A self-hosted runner."""

    status: str = ""


class WorkflowJob(msgspec.Struct):
    """A job of a run."""

    name: str
    status: str = ""
    conclusion: str | None = None
    runner_id: int | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None

    @property
    def begun(self) -> bool:
        """Whether a runner has taken it: what was skipped, or cancelled or refused before that, has done nothing."""
        return self.status == "in_progress" or (self.conclusion not in {None, "skipped"} and bool(self.runner_id))


class File(msgspec.Struct):
    """A file that a pull request changes."""

    filename: str
    previous_filename: str = ""


class Permission(msgspec.Struct):
    """What a person may do: admin, write, read or none, and the role behind it, which may be one of an organization."""

    permission: str
    role_name: str = ""


class Owner(msgspec.Struct):
    """Of a repository."""

    type: str = ""


class Owned(msgspec.Struct):
    """A repository, as far as its owner."""

    owner: Owner


class _Edit(msgspec.Struct, rename="camel"):
    last_edited_at: Moment | None
    editor: User | None


class _EditOf(msgspec.Struct, rename="camel"):
    pull_request: _Edit


class Edited(msgspec.Struct):
    """The GraphQL answer about the last change of a body."""

    repository: _EditOf


def shaped(answer: Any, kind: type[_T], url: str) -> _T:  # noqa: ANN401 - JSON
    """An answer with its fields checked. Raises Held for what GitHub would not say."""
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Held(
            "forge-unreadable", f"{url} did not answer like GitHub: {error}", hint="check GITHUB_API_URL"
        ) from error
