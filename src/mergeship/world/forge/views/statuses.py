"""Checks and statuses of commits."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import shapes
from mergeship.world.forge.answering import Refused, Views, base_of, body, invalid, page
from mergeship.world.forge.hosting import ACTIONS_APP

_STATES = {"success": "success", "failure": "failure", "error": "failure", "pending": ""}


class Statuses(Views):
    """How commits are."""

    def routes(self) -> list[Route]:
        """Of a commit: what was reported, all of it together, and something new."""
        return [
            self.route(f"{self.api}/statuses/{{sha}}", self.report, "POST"),
            self.route(f"{self.api}/commits/{{sha}}/status", self.status),
            self.route(f"{self.api}/commits/{{sha}}/check-runs", self.runs),
        ]

    async def _commit(self, request: Request) -> str:
        sha: str = request.path_params["sha"]
        if not await run_in_threadpool(self.hosting.knows, sha):
            raise Refused(422, f"No commit found for SHA: {sha}")
        return sha

    async def report(self, request: Request) -> Response:
        """Say something of a commit."""
        grant = self.must(request, "statuses", "write")
        sha, given = await self._commit(request), await body(request)
        if given.get("state") not in _STATES:
            raise invalid("Status", "state", "invalid")
        name = str(given.get("context", "default"))
        app = ACTIONS_APP if grant.by_actions else 0
        self.hosting.report(sha, name, _STATES[given["state"]], app, run=False)
        check = self.hosting.checks[sha][name]
        return JSONResponse(shapes.status(self.hosting, base_of(request), sha, name, check), 201)

    async def status(self, request: Request) -> Response:
        """All statuses of a commit together."""
        self.may(request, "statuses", "read")
        sha = await self._commit(request)
        return JSONResponse(shapes.combined(self.hosting, base_of(request), sha))

    async def runs(self, request: Request) -> Response:
        """The check runs of a commit."""
        self.may(request, "checks", "read")
        sha = await self._commit(request)
        found = [(name, check) for name, check in self.hosting.checks.get(sha, {}).items() if check.run]
        shown = [shapes.check_run(self.hosting, base_of(request), sha, name, check) for name, check in found]
        return page(request, shown, "check_runs")
