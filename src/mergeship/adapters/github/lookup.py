"""What a run looks up on GitHub, all within one deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from mergeship.adapters.github.pulls import GitHub, connected, gathered
from mergeship.core.decision import Pull, neutral_kind
from mergeship.errors import Held
from mergeship.web import within

API, GRAPHQL = "https://api.github.com", "https://api.github.com/graphql"
TOKEN = "GITHUB_TOKEN"  # noqa: S105 - a name
_PAUSE = 0.5  # seconds until GitHub is asked again for a pull request that it does not know yet; then twice as many
_T = TypeVar("_T")


class Lookup:
    """GitHub for one repository, `owner/name`: where `environ` says, within `deadline` seconds each time."""

    def __init__(self, environ: Mapping[str, str], repository: str, deadline: float) -> None:
        self._api = environ.get("GITHUB_API_URL") or API
        self._graphql = environ.get("GITHUB_GRAPHQL_URL") or GRAPHQL
        self._token = environ.get(TOKEN, "").strip()
        self._repository = repository
        self._deadline = deadline

    def pulls_of(self, commits: Sequence[str]) -> dict[str, tuple[Pull, ...]]:
        """For each commit the pull requests that brought it to main, with what is needed to judge them.

        A commit without one is asked for again during half of the deadline: GitHub may lag behind a merge.
        """
        return self._ask(lambda github: self._pulls_of(github, commits))

    def pull(self, number: int) -> Pull:
        """One pull request, with what is needed to judge it."""

        async def ask(github: GitHub) -> Pull:
            return await _complete(github, await github.pull(number))

        return self._ask(ask)

    async def _pulls_of(self, github: GitHub, commits: Sequence[str]) -> dict[str, tuple[Pull, ...]]:
        until = time.monotonic() + self._deadline / 2
        found: dict[str, tuple[Pull, ...]] = dict.fromkeys(commits, ())
        pause = _PAUSE
        while lacking := [commit for commit, pulls in found.items() if not pulls]:
            answers = await gathered([github.pulls_of(commit) for commit in lacking])
            found.update(zip(lacking, answers, strict=True))
            if all(found.values()) or time.monotonic() + pause > until:
                break
            await asyncio.sleep(pause)
            pause *= 2
        once = {pull.number: pull for pulls in found.values() for pull in pulls}
        complete = await gathered([_complete(github, pull) for pull in once.values()])
        known = {pull.number: pull for pull in complete}
        return {commit: tuple(known[pull.number] for pull in pulls) for commit, pulls in found.items()}

    def _ask(self, question: Callable[[GitHub], Awaitable[_T]]) -> _T:
        async def asked() -> _T:
            until = time.monotonic() + self._deadline
            async with connected(self._api, self._graphql, self._repository, self._token, until) as github:
                return await question(github)

        return within(self._deadline, asked, Held, self._api, "forge")


async def _complete(github: GitHub, pull: Pull) -> Pull:
    """With its files, where those decide, and with whoever changed its body after the merge."""
    if neutral_kind(pull):
        return await github.with_files(pull)
    return await github.with_editor(pull)
