"""GitHub for one repository, asked one question after another."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from mergeship.adapters.github import app
from mergeship.adapters.github.connection import Cache, Connection, connected
from mergeship.adapters.github.token import API, Token, token
from mergeship.core.progress import Reporter
from mergeship.errors import Held
from mergeship.web import within

LAST = 0.9  # of the deadline, after which nothing is asked again
MARGIN = 600.0  # seconds before its end that an App's token is renewed
_T = TypeVar("_T")


class Forge:
    """GitHub for one repository, `owner/name`: where `environ` says, within `deadline` seconds each time.

    Answers are kept with their ETags from one question to the next.
    """

    def __init__(
        self, environ: Mapping[str, str], repository: str, deadline: float, report: Reporter = lambda _: None
    ) -> None:
        self.api = (environ.get("GITHUB_API_URL") or API).rstrip("/")
        self.repository = repository
        self._environ = environ
        self._deadline = deadline
        self._report = report
        self._cache: Cache = {}
        self._token: Token | None = None

    def ask(self, question: Callable[[Connection], Awaitable[_T]]) -> _T:
        """The answer to a question. Raises Held, Refused among it."""

        async def asked() -> _T:
            until = time.monotonic() + self._deadline * LAST  # what GitHub said is reported, not that it was cut short
            token = await self._login(until)
            async with connected(self.api, self.repository, token, until, self._cache, self._report) as connection:
                return await question(connection)

        return within(self._deadline, asked, Held, self.api, "forge")

    def token(self) -> Token:
        """Whose token it is asked with. Raises Held, Refused among it."""
        return within(self._deadline, lambda: self._login(time.monotonic() + self._deadline), Held, self.api, "forge")

    async def _login(self, until: float) -> Token:
        if self._token is None or time.monotonic() > self._token.ends - MARGIN:
            if app.is_set(self._environ):
                self._token = await app.installation_token(self._environ, self.repository, self.api, until)
            else:
                self._token = token(self._environ, self.api)
        return self._token
