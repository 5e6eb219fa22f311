"""Self-hosted runners, and what registers them."""

import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, nothing, page
from mergeship.world.forge.records import RUNNER_VERSION

SYSTEMS = (("linux", "x64"), ("linux", "arm64"), ("osx", "x64"), ("win", "x64"))


class Runners(Views):
    """The machines that jobs run on."""

    def routes(self) -> list[Route]:
        """Runners, the program, and tokens that last an hour."""
        above = f"{self.api}/actions/runners"
        return [
            self.route(above, self.runners),
            self.route(f"{above}/downloads", self.downloads),
            self.route(f"{above}/registration-token", self.token, "POST"),
            self.route(f"{above}/remove-token", self.token, "POST"),
            self.route(f"{above}/{{number:int}}", self.runner, "GET", "DELETE"),
        ]

    async def runners(self, request: Request) -> Response:
        """All of them."""
        self.require(request, "administration", "read")
        return page(request, [serializers.runner(runner) for runner in self.repo.runners.values()], "runners")

    async def runner(self, request: Request) -> Response:
        """One of them."""
        self.require(request, "administration", "read" if request.method == "GET" else "write")
        number = request.path_params["number"]
        if number not in self.repo.runners:
            raise HttpError(404, "Not Found")
        if request.method == "DELETE":
            del self.repo.runners[number]
            return nothing()
        return JSONResponse(serializers.runner(self.repo.runners[number]))

    async def downloads(self, request: Request) -> Response:
        """Where the program is."""
        self.require(request, "administration", "read")
        downloads = [serializers.download(base_of(request), RUNNER_VERSION, *system) for system in SYSTEMS]
        return JSONResponse(downloads)

    async def token(self, request: Request) -> Response:
        """A token to register or remove a runner with."""
        self.require(request, "administration", "write")
        ends = self.repo.clock() + timedelta(hours=1)
        return JSONResponse({"token": secrets.token_hex(15).upper(), "expires_at": ends.isoformat()}, 201)
