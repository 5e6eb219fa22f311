"""Pull requests, as GitHub reports them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from mergeship.adapters.github import people, shapes
from mergeship.adapters.github.connection import UNPROCESSABLE, Connection, RequestRefused, unless
from mergeship.adapters.github.forge import Forge
from mergeship.core.release.decision import Pull
from mergeship.errors import Overtaken

# REST does not say when a body was changed, and by whom.
_EDITED = """
query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { lastEditedAt editor { login } } }
}
"""
_T = TypeVar("_T")
_READ, _WRITE = "pull_requests=read", "pull_requests=write"
_ALREADY = "already exists"
_WRITERS = {"admin", "write"}


class Pulls:
    """The pull requests of one repository. `graphql` is the address of the other API."""

    def __init__(self, connection: Connection, graphql: str) -> None:
        self._ask = connection
        self._repository = connection.repository
        self._base = connection.base
        self._graphql = graphql

    async def of_commit(self, commit: str) -> tuple[Pull, ...]:
        """The pull requests that brought a commit to main. Just after a merge there may be none yet."""
        url = f"{self._base}/commits/{commit}/pulls?per_page=100"
        # Just after a push, GitHub may not know the commit itself: 422.
        answer = await unless(UNPROCESSABLE, self._ask.all(url, _READ)) or []
        pulls = shapes.shaped(answer, list[shapes.PullRequest], url)
        return tuple(pull.pull(self._repository) for pull in pulls if pull.merged_into(self._repository, "main"))

    async def pull(self, number: int) -> Pull:
        """One pull request."""
        url = f"{self._base}/pulls/{number}"
        return shapes.shaped(await self._ask.item(url, _READ), shapes.PullRequest, url).pull(self._repository)

    async def with_files(self, pull: Pull) -> Pull:
        """The same, with the files that it changes."""
        url = f"{self._base}/pulls/{pull.number}/files?per_page=100"
        files = shapes.shaped(await self._ask.all(url, _READ), list[shapes.File], url)
        names = {name for file in files for name in (file.filename, file.previous_filename) if name}
        return msgspec.structs.replace(pull, files=tuple(sorted(names)))

    async def with_editor(self, pull: Pull) -> Pull:
        """The same, with the person who changed its body after the merge, unless that one may write here."""
        if pull.merged is None or pull.updated is None or pull.updated < pull.merged:
            return pull
        owner, _, name = self._repository.partition("/")
        answer = await self._ask.graphql(_EDITED, self._graphql, owner=owner, name=name, number=pull.number)
        edit = shapes.shaped(answer, shapes.Edited, self._graphql).repository.pull_request
        if edit.last_edited_at is None or edit.last_edited_at < pull.merged:
            return pull
        login = edit.editor.login if edit.editor else ""
        stranger = "" if await self._writes(login) else login or "someone whose account is gone"
        return msgspec.structs.replace(pull, edited=True, edited_by=stranger)

    async def _writes(self, login: str) -> bool:
        """Whether a person may write here; nobody whom GitHub does not know as a collaborator does."""
        return not _WRITERS.isdisjoint(await people.roles_of(self._ask, login))

    async def of_branches(self, prefix: str) -> list[Pull]:
        """The open ones into main from this repository's own branches that begin so, the newest first."""
        url = f"{self._base}/pulls?state=open&base=main&sort=created&direction=desc&per_page=100"
        answers = shapes.shaped(await self._ask.all(url, _READ), list[shapes.PullRequest], url)
        pulls = (shape.pull(self._repository) for shape in answers)
        return [pull for pull in pulls if pull.own_branch and pull.branch.startswith(prefix)]

    async def of_branch(self, branch: str) -> list[Pull]:
        """All pull requests that a branch of this repository has, or had, the newest first."""
        owner = self._repository.partition("/")[0]
        url = f"{self._base}/pulls?state=all&head={owner}:{branch}&sort=created&direction=desc&per_page=100"
        pulls = shapes.shaped(await self._ask.all(url, _READ), list[shapes.PullRequest], url)
        return [pull.pull(self._repository) for pull in pulls]

    async def merge(self, number: int, head: str) -> None:
        """Squash a pull request into main, if its branch is still at `head`. Raises RequestRefused."""
        url = f"{self._base}/pulls/{number}/merge"
        await self._ask.write("PUT", url, {"merge_method": "squash", "sha": head}, "contents=write")

    async def had(self, branch: str) -> bool:
        """Whether a branch of this repository has, or had, a pull request."""
        owner = self._repository.partition("/")[0]
        url = f"{self._base}/pulls?state=all&head={owner}:{branch}&per_page=1"
        return bool(await self._ask.item(url, _READ))

    async def open(self, branch: str, title: str, body: str) -> Pull:
        """A new pull request from a branch into main.

        Raises RequestRefused if that may not be done, and Overtaken if there is one already.
        """
        url = f"{self._base}/pulls"
        fields = {"title": title, "body": body, "head": branch, "base": "main", "maintainer_can_modify": False}
        try:
            answer = await self._ask.write("POST", url, fields, _WRITE)
        except RequestRefused as refused:
            if refused.status == UNPROCESSABLE and _ALREADY in refused.words:
                raise Overtaken("pull-request-exists", refused.words) from refused
            raise
        return shapes.shaped(answer, shapes.PullRequest, url).pull(self._repository)

    async def update(self, number: int, **fields: str) -> Pull:
        """A pull request with another title, body or state."""
        url = f"{self._base}/pulls/{number}"
        answer = await self._ask.write("PATCH", url, fields, _WRITE)
        return shapes.shaped(answer, shapes.PullRequest, url).pull(self._repository)

    async def comment(self, number: int, text: str) -> None:
        """Say something below a pull request."""
        await self._ask.write("POST", f"{self._base}/issues/{number}/comments", {"body": text}, _WRITE)


def ask_pulls(forge: Forge, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
    """What the forge answers to a question about pull requests. Raises Held, RequestRefused among it."""

    async def ask(connection: Connection) -> _T:
        return await question(Pulls(connection, graphql_of(forge.api)))

    return forge.ask(ask)


def graphql_of(api: str) -> str:
    """The address of the other API of the same server."""
    base = api.removesuffix("/")
    return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"
