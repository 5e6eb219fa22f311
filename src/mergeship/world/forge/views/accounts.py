"""People, Apps and their tokens."""

from datetime import timedelta

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import shapes
from mergeship.world.forge.answering import Refused, Views, base_of, page
from mergeship.world.forge.hosting import ACTIONS_APP, Grant


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
        grant = self.must(request, "metadata", "read")
        if not grant.by_app and self.hosting.access.get(grant.login) not in {"admin", "write"}:
            raise Refused(403, "Must have push access to view repository collaborators.")
        wanted = request.query_params.get("permission", "pull")
        roles = {"push": {"admin", "write"}, "admin": {"admin"}}.get(wanted, {"admin", "write", "read"})
        people = [login for login, role in self.hosting.access.items() if role in roles]
        return page(request, [shapes.collaborator(self.hosting, base_of(request), login) for login in people])

    async def permission(self, request: Request) -> Response:
        """What one person may do here."""
        self.must(request, "metadata", "read")
        login = request.path_params["login"]
        if login not in self.hosting.access:
            raise Refused(404, f"{login} is not a user")
        return JSONResponse(shapes.permission(self.hosting, base_of(request), login))

    async def app(self, request: Request) -> Response:
        """GitHub Actions, which is an App."""
        if request.path_params["slug"] != "github-actions":
            raise Refused(404, "Not Found")
        return JSONResponse(shapes.app(base_of(request), ACTIONS_APP, "github-actions", self.hosting.clock()))

    def _app_of(self, request: Request) -> int:
        """The App that signed the request. Refuses a signature that is not its own."""
        signed = request.headers.get("authorization", "").partition(" ")[2]
        for number, key in self.hosting.apps.items():
            try:
                jwt.decode(signed, key, algorithms=["RS256"], issuer=str(number), options={"require": ["exp", "iat"]})
            except jwt.PyJWTError:
                continue
            return number
        raise Refused(401, "A JSON web token could not be decoded")

    async def installation(self, request: Request) -> Response:
        """Where an App is installed: here."""
        number = self._app_of(request)
        return JSONResponse(shapes.installation(self.hosting, base_of(request), number))

    async def token(self, request: Request) -> Response:
        """A token of an App for an hour."""
        number = self._app_of(request)
        if request.path_params["number"] != number:
            raise Refused(404, "Not Found")
        value = self.hosting.new_token(Grant(f"app-{number}[bot]", self.hosting.app_permissions))
        ends = shapes.time(self.hosting.clock() + timedelta(hours=1))
        return JSONResponse({"token": value, "expires_at": ends, "repository_selection": "selected"}, 201)
