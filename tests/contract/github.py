"""GitHub's own description of its API, and everything that is said to the embedded forge held against it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS31Validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.conftest import ROOT

FOLDER = ROOT / ".venv" / "contract"
# Paths that GitHub's description has in another way than they are asked for: a parameter that holds slashes.
SLASHES = {"/git/refs/heads/": "/git/refs/{ref}"}
# GitHub's description demands the old field, and GitHub itself refuses both together.
WRONG = "['required_status_checks']: 'contexts' is a required property"
# Where GitHub's redirects of a renamed repository lead, which its description leaves out.
REPOSITORY = "/repos/rehearsal/obk"
HOST, UPLOADS = "https://api.github.com", "https://uploads.github.com"


class Exchange:
    """A request and its answer."""

    def __init__(self, method: str, url: str, headers: dict[str, str]) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.asked = b""
        self.status = 0
        self.answered = b""
        self.answer_headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"{self.method} {self.url} → {self.status}"


class Recorder:
    """An ASGI application that notes every exchange of another."""

    def __init__(self, application: ASGIApp, into: list[Exchange]) -> None:
        self.application = application
        self.into = into

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        exchange = Exchange(scope["method"], scope["path"] + (f"?{query}" if query else ""), headers)
        self.into.append(exchange)

        async def received() -> Message:
            message = await receive()
            exchange.asked += message.get("body", b"")
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.answer_headers = {name.decode(): value.decode() for name, value in message["headers"]}
            exchange.answered += message.get("body", b"")
            await send(message)

        await self.application(scope, received, sent)


@cache
def description(name: str) -> dict[str, Any]:
    """One of GitHub's descriptions: `openapi`, or `openapi-webhooks`."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    whole: dict[str, Any] = json.loads(text, object_hook=_with_null)
    return whole


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """GitHub leaves null out of the values of what may be null: a job without a conclusion, for one."""
    if schema.get("nullable") is True and isinstance(schema.get("enum"), list):
        schema["enum"].append(None)
    return schema


@cache
def _openapi(paths: tuple[str, ...]) -> OpenAPI:
    """The description, of these paths alone: as a whole it takes seconds."""
    whole = description("openapi")
    return OpenAPI.from_dict(
        {**whole, "paths": {path: whole["paths"][path] for path in paths}}, config=Config(spec_validator_cls=None)
    )


def template_of(path: str) -> str:
    """The path in GitHub's description that an address belongs to, the most literal one first."""
    candidates = [one for one in _paths() if _pattern(one).fullmatch(path)]
    assert candidates, f"GitHub has no such address: {path}"
    return min(candidates, key=lambda one: one.count("{"))


@cache
def _paths() -> tuple[str, ...]:
    return tuple(description("openapi")["paths"])


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)))


def problems(exchange: Exchange) -> Iterator[str]:
    """What of an exchange is not as GitHub describes it."""
    parts = urlsplit(exchange.url)
    path = parts.path.removeprefix("/api/v3").removeprefix("/api/uploads")
    path = re.sub(r"^/repositories/\d+", REPOSITORY, path)
    template = template_of(path)
    described = description("openapi")["paths"][template].get(exchange.method.lower())
    if described is None:
        yield f"GitHub does not know {exchange.method} {template}"
        return
    api = _openapi((template,))
    query = dict(parse_qsl(parts.query))
    kind = exchange.headers.get("content-type", "application/json").partition(";")[0]
    host = UPLOADS if parts.path.startswith("/api/uploads") else HOST
    request = MockRequest(
        host, exchange.method.lower(), path, args=query, data=exchange.asked or None, content_type=kind
    )
    for error in api.iter_request_errors(request):
        told = _told(error)
        if not told.endswith(WRONG):
            yield f"the request: {told}"
    if exchange.status == 304:
        return  # to whoever has the answer already
    if str(exchange.status) not in described["responses"]:
        if exchange.status not in {401, 403, 404, 405, 409, 422, 429}:  # GitHub does not describe all of its refusals
            yield f"GitHub does not answer {exchange.status} to {exchange.method} {template}"
        elif set(json.loads(exchange.answered)) - {"message", "documentation_url", "status", "errors"}:
            yield "a refusal in another shape"
        return
    answered = exchange.answer_headers.get("content-type", "").partition(";")[0]
    response = MockResponse(exchange.answered, exchange.status, content_type=answered or "application/json")
    for error in api.iter_response_errors(request, response):
        yield f"the answer: {_told(error)}"


def _told(error: Exception) -> str:
    inner = getattr(error.__cause__, "schema_errors", None) or getattr(error, "schema_errors", None) or ()
    words = [f"{list(one.absolute_path)}: {one.message[:200]}" for one in inner]
    return f"{type(error).__name__}: {'; '.join(words) or error.__cause__ or error}"


def invalid(schema: str, document: Any) -> list[str]:
    """What of an event is not as GitHub describes it."""
    whole = description("openapi-webhooks")
    spec = {"$ref": f"#/components/schemas/{schema}", "components": whole["components"]}
    return [
        f"{list(error.absolute_path)}: {error.message[:200]}" for error in OAS31Validator(spec).iter_errors(document)
    ]
