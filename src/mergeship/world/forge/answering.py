"""How every address of the forge answers: who may ask, faults on purpose, limits, ETags, pages, errors."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.fault import Fault
from mergeship.world.forge import serializers
from mergeship.world.forge.accounts import Grant
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import PullRequest

View = Callable[[Request], Awaitable[Response]]
LIMIT = 5000  # requests an hour


class HttpError(Exception):
    """An answer that is an error. `errors` are GitHub's words for the fields that are wrong."""

    def __init__(
        self,
        status: int,
        message: str,
        headers: dict[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self.errors = errors


def invalid(resource: str, field: str, code: str) -> HttpError:
    """The answer to a field that is missing, wrong, or there already."""
    errors = [{"resource": resource, "field": field, "code": code}]
    return HttpError(422, "Validation Failed", errors=errors)


class Views:
    """What a family of addresses answers with."""

    def __init__(self, repo: FakeRepository) -> None:
        self.repo = repo
        self.api = f"/api/v3/repos/{repo.name}"

    def routes(self) -> list[Route]:
        """The family's addresses."""
        raise NotImplementedError

    def route(self, path: str, view: View, *methods: str) -> Route:
        """An address, guarded as all are."""
        return Route(path, self.guarded(view), methods=list(methods or ("GET",)))

    def guarded(self, view: View) -> View:
        """The view, asked only by those who may, and with what GitHub says to every answer."""

        async def answer(request: Request) -> Response:
            self.repo.asked.append(f"{request.method} {request.url.path}")
            try:
                fault = await self._fault(request)
                self._limit()
                response = await view(request)
                if fault:
                    _go_wrong(fault)
            except HttpError as refused:
                body = serializers.error(refused.status, refused.message, refused.errors)
                response = JSONResponse(body, refused.status, refused.headers)
            return self._dressed(request, response)

        return answer

    def _dressed(self, request: Request, response: Response) -> Response:
        response.headers.setdefault("x-ratelimit-limit", str(LIMIT))
        response.headers.setdefault("x-ratelimit-remaining", str(max(0, self.repo.remaining)))
        response.headers.setdefault("x-ratelimit-reset", str(int(self.repo.resets.timestamp())))
        response.headers["x-github-media-type"] = "github.v3; format=json"
        if request.method != "GET" or response.status_code != 200:  # noqa: PLR2004
            return response
        etag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()}"'
        response.headers["etag"] = etag
        if request.headers.get("if-none-match") == etag:
            self.repo.remaining += 1  # it costs nothing
            kept = {name: value for name, value in response.headers.items() if name.startswith("x-")}
            left = {"x-ratelimit-remaining": str(max(0, self.repo.remaining))}
            return Response(status_code=304, headers={**kept, **left, "etag": etag})
        return response

    def _limit(self) -> None:
        """Every request counts."""
        self.repo.remaining -= 1
        if self.repo.remaining < 0 and self.repo.clock() < self.repo.resets:
            raise HttpError(403, "API rate limit exceeded for user ID 1.", {"x-ratelimit-remaining": "0"})
        if self.repo.remaining < 0:
            self.repo.renew_limit()

    async def _fault(self, request: Request) -> Fault | None:
        """Go wrong, if that is due; what goes wrong afterwards comes back."""
        fault = self.repo.faults.next(request.method, request.url.path)
        if fault is None:
            return None
        await asyncio.sleep(fault.delay)
        if not fault.done:
            _go_wrong(fault)
        return fault if fault.done else None

    def has_permission(self, request: Request, permission: str, wanted: Literal["read", "write"]) -> Grant | None:
        """Like GitHub: a wrong token is refused, none may read what is public, and one without the right gets 403."""
        grant = self.grant(request)
        public = wanted == "read" and permission in _PUBLIC and not self.repo.private
        if grant is None:
            if public:
                return None
            raise (HttpError(401, "Requires authentication") if not self.repo.private else HttpError(404, "Not Found"))
        if not self._role_allows(grant, permission, wanted):
            admin = permission in _ADMINISTRATORS and self.repo.access.get(grant.login) == "write"
            raise HttpError(403, "Must have admin rights to Repository." if admin else grant.refusal)
        if not grant.allows(permission, wanted):
            needed = {"X-Accepted-GitHub-Permissions": f"{permission.replace('-', '_')}={wanted}"}
            raise HttpError(403, grant.refusal, needed)
        if wanted == "write" and self.repo.archived:
            raise HttpError(403, "Repository was archived so is read-only.")
        return grant

    def _role_allows(self, grant: Grant, permission: str, wanted: str) -> bool:
        """A person's token may never do more than the person; Apps have no role."""
        if grant.by_app:
            return True
        role = self.repo.access.get(grant.login, "none")
        if role == "admin":
            return True
        if permission in _ADMINISTRATORS:
            return False
        return role == "write" or (wanted == "read" and (role == "read" or not self.repo.private))

    def require(self, request: Request, permission: str, wanted: Literal["read", "write"]) -> Grant:
        """The same, for what nobody may without a token."""
        grant = self.has_permission(request, permission, wanted)
        if grant is None:
            raise HttpError(401, "Requires authentication")
        return grant

    def grant(self, request: Request) -> Grant | None:
        """Whose token it is; None for none. Refuses one that is not known."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not given:
            return None
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        if given not in self.repo.tokens:
            raise HttpError(401, "Bad credentials")
        return self.repo.tokens[given]

    def pull_request(self, request: Request) -> PullRequest:
        """The pull request of that number."""
        pull_request = self.repo.pull_requests.get(request.path_params["number"])
        if pull_request is None:
            raise HttpError(404, "Not Found")
        return pull_request


def _go_wrong(fault: Fault) -> None:
    if fault.status is not None:
        raise HttpError(fault.status, fault.words, dict(fault.headers))


async def body(request: Request) -> dict[str, Any]:
    """The JSON object of a request; empty for none."""
    content = await request.body()
    try:
        document = msgspec.json.decode(content) if content else {}
    except msgspec.DecodeError as error:
        raise HttpError(400, "Problems parsing JSON") from error
    if not isinstance(document, dict):
        raise HttpError(400, "Body should be a JSON object")
    return document


def page(request: Request, items: list[dict[str, Any]], key: str = "") -> Response:
    """One page of a list, with the address of the next one; `key` is the list's name if there is more to say.

    Source: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    size = max(1, min(100, int(request.query_params.get("per_page", "30"))))
    number = max(1, int(request.query_params.get("page", "1")))
    headers = {}
    if len(items) > number * size:
        following = request.url.include_query_params(page=number + 1)
        headers["Link"] = f'<{following}>; rel="next"'
    shown = items[(number - 1) * size : number * size]
    return JSONResponse({"total_count": len(items), key: shown} if key else shown, headers=headers)


def base_of(request: Request) -> str:
    """The address of the forge."""
    return str(request.base_url).rstrip("/")


def nothing() -> Response:
    """Done, and nothing to say."""
    return Response(status_code=204)


_ADMINISTRATORS = {"administration", "secrets", "environments"}
_PUBLIC = {"metadata", "contents", "pull-requests", "actions", "issues", "checks", "statuses"}
