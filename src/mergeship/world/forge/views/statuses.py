"""Checks and statuses of commits."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.accounts import ACTIONS_APP
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, page

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
        if not await run_in_threadpool(self.repo.knows, sha):
            raise HttpError(422, f"No commit found for SHA: {sha}")
        return sha

    async def report(self, request: Request) -> Response:
        """Say something of a commit."""
        grant = self.require(request, "statuses", "write")
        sha, given = await self._commit(request), await body(request)
        if given.get("state") not in _STATES:
            raise invalid("Status", "state", "invalid")
        name = str(given.get("context", "default"))
        app = ACTIONS_APP if grant.by_actions else 0
        self.repo.report(sha, name, _STATES[given["state"]], app, run=False)
        check = self.repo.checks[sha][name]
        return JSONResponse(serializers.status(self.repo, base_of(request), sha, name, check), 201)

    async def status(self, request: Request) -> Response:
        """All statuses of a commit together."""
        self.has_permission(request, "statuses", "read")
        sha = await self._commit(request)
        return JSONResponse(serializers.combined(self.repo, base_of(request), sha))

    async def runs(self, request: Request) -> Response:
        """The check runs of a commit."""
        self.has_permission(request, "checks", "read")
        sha = await self._commit(request)
        runs = [(name, check) for name, check in self.repo.checks.get(sha, {}).items() if check.run]
        shown = [serializers.check_run(self.repo, base_of(request), sha, name, check) for name, check in runs]
        return page(request, shown, "check_runs")
