"""What a run looks up on GitHub, all within one deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from mergeship.adapters.github.connection import Connection, RequestRefused, gathered
from mergeship.adapters.github.forge import Forge
from mergeship.adapters.github.pulls import Pulls, graphql_of
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.release.decision import Pull, neutral_kind

_PAUSE = 0.5  # seconds until GitHub is asked again for a pull request that it does not know yet; then twice as many
_T = TypeVar("_T")


class Lookup:
    """GitHub for one repository, `owner/name`: where `environ` says, within `deadline` seconds each time."""

    def __init__(self, environ: Mapping[str, str], repository: str, deadline: float) -> None:
        self._forge = Forge(environ, repository, deadline)
        self._graphql = environ.get("GITHUB_GRAPHQL_URL") or graphql_of(self._forge.api)
        self._deadline = deadline

    def pulls_of(self, commits: Sequence[str], alone: str = "") -> dict[str, tuple[Pull, ...]]:
        """For each commit the pull requests that brought it to main, with what is needed to judge them.

        A commit without one is asked for again during half of the deadline, as GitHub may lag behind a merge; but not
        one that may stand `alone`.
        """
        return self._ask(lambda pulls: self._pulls_of(pulls, commits, alone))

    def pull(self, number: int) -> Pull:
        """One pull request, with what is needed to judge it."""

        async def ask(pulls: Pulls) -> Pull:
            return await _complete(pulls, await pulls.pull(number))

        return self._ask(ask)

    async def _pulls_of(self, pulls: Pulls, commits: Sequence[str], alone: str) -> dict[str, tuple[Pull, ...]]:
        until = time.monotonic() + self._deadline / 2
        brought_by: dict[str, tuple[Pull, ...]] = dict.fromkeys(commits, ())
        pause = _PAUSE
        while lacking := [commit for commit, brought in brought_by.items() if not brought]:
            answers = await gathered([pulls.of_commit(commit) for commit in lacking])
            brought_by.update(zip(lacking, answers, strict=True))
            if (
                all(brought or commit == alone for commit, brought in brought_by.items())
                or time.monotonic() + pause > until
            ):
                break
            await asyncio.sleep(pause)
            pause *= 2
        once = {pull.number: pull for brought in brought_by.values() for pull in brought}
        complete = await gathered([_complete(pulls, pull) for pull in once.values()])
        known = {pull.number: pull for pull in complete}
        return {commit: tuple(known[pull.number] for pull in brought) for commit, brought in brought_by.items()}

    def _ask(self, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
        async def asked(connection: Connection) -> _T:
            return await question(Pulls(connection, self._graphql))

        try:
            return self._forge.ask(asked)
        except RequestRefused as refused:
            refused.hint = f"{refused.hint}; or {DISPATCH}"
            raise


async def _complete(pulls: Pulls, pull: Pull) -> Pull:
    """With its files, if those decide, and with whoever changed its body after the merge."""
    if neutral_kind(pull):
        return await pulls.with_files(pull)
    return await pulls.with_editor(pull)
