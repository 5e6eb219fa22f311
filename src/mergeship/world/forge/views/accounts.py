"""People, Apps and their tokens."""

from datetime import timedelta

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.accounts import ACTIONS_APP, Grant
from mergeship.world.forge.answering import HttpError, Views, base_of, page


class Accounts(Views):
    """Who there is, and what they may."""

    def routes(self) -> list[Route]:
        """Collaborators, the App that is GitHub Actions, and the tokens of Apps."""
        return [
            self.route(f"{self.api}/collaborators", self.collaborators),
            self.route(f"{self.api}/collaborators/{{login}}/permission", self.permission),
            self.route(f"{self.api}/installation", self.installation),
            self.route("/api/v3/apps/{slug}", self.app),
            self.route("/api/v3/app/installations/{number:int}/access_tokens", self.token, "POST"),
        ]

    async def collaborators(self, request: Request) -> Response:
        """Those who have at least a permission."""
        grant = self.require(request, "metadata", "read")
        if not grant.by_app and self.repo.access.get(grant.login) not in {"admin", "write"}:
            raise HttpError(403, "Must have push access to view repository collaborators.")
        wanted = request.query_params.get("permission", "pull")
        roles = {"push": {"admin", "write"}, "admin": {"admin"}}.get(wanted, {"admin", "write", "read"})
        people = [login for login, role in self.repo.access.items() if role in roles]
        return page(request, [serializers.collaborator(self.repo, base_of(request), login) for login in people])

    async def permission(self, request: Request) -> Response:
        """What one person may do here."""
        self.require(request, "metadata", "read")
        login = request.path_params["login"]
        if login not in self.repo.access:
            raise HttpError(404, f"{login} is not a user")
        return JSONResponse(serializers.permission(self.repo, base_of(request), login))

    async def app(self, request: Request) -> Response:
        """GitHub Actions, which is an App."""
        if request.path_params["slug"] != "github-actions":
            raise HttpError(404, "Not Found")
        return JSONResponse(serializers.app(base_of(request), ACTIONS_APP, "github-actions", self.repo.clock()))

    def _app_of(self, request: Request) -> int:
        """The App that signed the request. Refuses a signature that is not its own."""
        signed = request.headers.get("authorization", "").partition(" ")[2]
        for number, key in self.repo.apps.items():
            try:
                jwt.decode(signed, key, algorithms=["RS256"], issuer=str(number), options={"require": ["exp", "iat"]})
            except jwt.PyJWTError:
                continue
            return number
        raise HttpError(401, "A JSON web token could not be decoded")

    async def installation(self, request: Request) -> Response:
        """Where an App is installed: here."""
        number = self._app_of(request)
        return JSONResponse(serializers.installation(self.repo, base_of(request), number))

    async def token(self, request: Request) -> Response:
        """A token of an App for an hour."""
        number = self._app_of(request)
        if request.path_params["number"] != number:
            raise HttpError(404, "Not Found")
        value = self.repo.new_token(Grant(f"app-{number}[bot]", self.repo.app_permissions))
        ends = serializers.time(self.repo.clock() + timedelta(hours=1))
        return JSONResponse({"token": value, "expires_at": ends, "repository_selection": "selected"}, 201)
