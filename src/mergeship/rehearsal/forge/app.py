"""The routes of the embedded forge: GitHub's API below `/api`, as on a server of one's own, and git beside it."""

import asyncio
import base64
import binascii
import io
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.rehearsal.forge import shapes, smart_http
from mergeship.rehearsal.forge.hosting import Grant, Hosting, Proposal

View = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def application(hosting: Hosting) -> Starlette:
    """The forge, as an ASGI application."""
    views = _Views(hosting)
    api = f"/api/v3/repos/{hosting.name}"
    git = f"/{hosting.name}.git"

    def route(path: str, view: View, *methods: str) -> Route:
        return Route(path, views.guarded(view), methods=methods or ("GET",))

    return Starlette(
        routes=[
            route(f"{api}/commits/{{sha}}/pulls", views.pulls_of_commit),
            route(f"{api}/pulls/{{number:int}}", views.pull),
            route(f"{api}/pulls/{{number:int}}/files", views.files),
            route(f"{api}/collaborators/{{login}}/permission", views.permission),
            route(f"{api}/actions/runs/{{run}}/artifacts", views.artifacts),
            route(f"{api}/actions/artifacts/{{artifact:int}}/zip", views.artifact),
            route("/api/graphql", views.graphql, "POST"),
            route(f"{git}/{{rest:path}}", views.git, "GET", "POST"),
            route("/{rest:path}", views.missing, "GET", "POST", "PUT", "PATCH", "DELETE"),
        ]
    )


class _Views:
    def __init__(self, hosting: Hosting) -> None:
        self.hosting = hosting

    def guarded(self, view: View) -> View:
        async def answer(request: Request) -> Response:
            self.hosting.asked.append(f"{request.method} {request.url.path}")
            try:
                await self._fault(request)
                return await view(request)
            except Refused as refused:
                body = shapes.error(refused.status, refused.message)
                return JSONResponse(body, refused.status, refused.headers)

        return answer

    async def _fault(self, request: Request) -> None:
        with self.hosting.lock:
            fault = next((fault for fault in self.hosting.faults if fault.path in request.url.path), None)
            if fault:
                self.hosting.faults.remove(fault)
        if fault:
            await asyncio.sleep(fault.delay)
            if fault.status:
                raise Refused(fault.status, fault.words, dict(fault.headers))

    def _may(self, request: Request, permission: str, wanted: Literal["read", "write"]) -> None:
        """Like GitHub: a wrong token is refused, none may read what is public, and one without the right is told so."""
        grant = self._grant(request)
        if grant is None:
            if wanted == "write":
                raise Refused(401, "Requires authentication")
            return
        if not grant.allows(permission, wanted):
            needed = {"X-Accepted-GitHub-Permissions": f"{permission.replace('-', '_')}={wanted}"}
            raise Refused(403, "Resource not accessible by integration", needed)

    def _grant(self, request: Request) -> Grant | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not given:
            return None
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        if given not in self.hosting.tokens:
            raise Refused(401, "Bad credentials")
        return self.hosting.tokens[given]

    def _proposal(self, request: Request) -> Proposal:
        proposal = self.hosting.proposals.get(request.path_params["number"])
        if proposal is None:
            raise Refused(404, "Not Found")
        return proposal

    async def pulls_of_commit(self, request: Request) -> Response:
        self._may(request, "pull-requests", "read")
        sha = request.path_params["sha"]
        if not await run_in_threadpool(self.hosting.knows, sha):
            raise Refused(422, f"No commit found for SHA: {sha}")
        found = self.hosting.of_commit(sha)
        if self.hosting.lag:
            self.hosting.lag -= 1
            found = []
        return _page(request, [shapes.pull_request(self.hosting, _base(request), one) for one in found])

    async def pull(self, request: Request) -> Response:
        self._may(request, "pull-requests", "read")
        proposal = self._proposal(request)
        return JSONResponse(await run_in_threadpool(shapes.whole, self.hosting, _base(request), proposal))

    async def files(self, request: Request) -> Response:
        self._may(request, "pull-requests", "read")
        proposal = self._proposal(request)
        changed = await run_in_threadpool(self.hosting.files, proposal)
        return _page(request, [shapes.file(self.hosting, _base(request), proposal, one) for one in changed])

    async def permission(self, request: Request) -> Response:
        self._may(request, "metadata", "read")
        login = request.path_params["login"]
        if self._grant(request) is None:
            raise Refused(401, "Requires authentication")
        if login not in self.hosting.access:
            raise Refused(404, f"{login} is not a user")
        return JSONResponse(shapes.permission(self.hosting, _base(request), login))

    async def graphql(self, request: Request) -> Response:
        """The one question that the product asks in this way."""
        if self._grant(request) is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        asked = await request.json()
        proposal = self.hosting.proposals.get(asked["variables"]["number"])
        if "lastEditedAt" not in asked["query"] or proposal is None:
            message = "Could not resolve to a PullRequest with that number."
            return JSONResponse({"data": None, "errors": [{"type": "NOT_FOUND", "message": message}]})
        return JSONResponse(shapes.edited(proposal))

    async def artifacts(self, request: Request) -> Response:
        self._may(request, "actions", "read")
        run = request.path_params["run"]
        found = [
            shapes.artifact(self.hosting, _base(request), run, number, folder)
            for number, folder in _artifacts(self.hosting)
            if folder.parent.name == run
        ]
        return JSONResponse({"total_count": len(found), "artifacts": found})

    async def artifact(self, request: Request) -> Response:
        self._may(request, "actions", "read")
        if self._grant(request) is None:
            raise Refused(401, "Requires authentication")
        folder = dict(_artifacts(self.hosting)).get(request.path_params["artifact"])
        if folder is None:
            raise Refused(404, "Not Found")
        return Response(await run_in_threadpool(_zipped, folder), media_type="application/zip")

    async def git(self, request: Request) -> Response:
        writes = "git-receive-pack" in str(request.url)
        try:
            self._may(request, "contents", "write" if writes else "read")
        except Refused as refused:
            if refused.status == 401:  # noqa: PLR2004 - what makes git ask for a login
                return Response("", 401, {"WWW-Authenticate": 'Basic realm="GitHub"'})
            words = f"Permission to {self.hosting.name}.git denied."
            return Response(words, 403, media_type="text/plain")
        body = await request.body()
        return await run_in_threadpool(smart_http.answer, self.hosting.bare, request, body)

    async def missing(self, _: Request) -> Response:
        raise Refused(404, "Not Found")


def _page(request: Request, items: list[dict[str, Any]]) -> Response:
    """One page of a list, with the address of the next one.

    Source: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    size = max(1, min(100, int(request.query_params.get("per_page", "30"))))
    number = max(1, int(request.query_params.get("page", "1")))
    headers = {}
    if len(items) > number * size:
        following = request.url.include_query_params(page=number + 1)
        headers["Link"] = f'<{following}>; rel="next"'
    return JSONResponse(items[(number - 1) * size : number * size], headers=headers)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _artifacts(hosting: Hosting) -> list[tuple[int, Path]]:
    """Every artifact with its number."""
    found = sorted(folder for folder in hosting.artifacts.glob("*/*") if folder.is_dir())
    return list(enumerate(found, start=1))


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
