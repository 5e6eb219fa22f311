"""The routes of the embedded index."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable

from packaging.utils import canonicalize_name
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mergeship.core.listing import JSON
from mergeship.world.fault import Fault
from mergeship.world.identity import Publisher
from mergeship.world.index import minting, pages
from mergeship.world.index.catalog import Catalog, StoredFile
from mergeship.world.index.upload import HELP, RefusedError, Sent, receive
from mergeship.world.protocol import CUT, REASON

TICK = 0.05  # seconds
MAX_FIELD = 10 * 1024 * 1024  # bytes of one form field: a description may be long


def application(catalog: Catalog) -> Starlette:
    """An index over a catalog, as an ASGI application."""

    def bound(
        view: Callable[[Catalog, Request], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await view(catalog, request)

        return endpoint

    return Starlette(
        routes=[
            Route("/legacy/", bound(_upload), methods=["POST"]),
            Route("/legacy", _missing_slash, methods=["POST"]),
            Route("/_/oidc/audience", bound(minting.audience)),
            Route("/_/oidc/mint-token", bound(minting.mint), methods=["POST"]),
            Route("/simple/", bound(_root)),
            Route("/simple/{name}", bound(_project)),
            Route("/simple/{name}/", bound(_project)),
            Route("/integrity/{name}/{version}/{filename}/provenance", bound(_provenance)),
            Route("/files/{blake2}/{filename}", bound(_download)),
        ]
    )


async def _missing_slash(request: Request) -> Response:
    return RedirectResponse(request.url.replace(path="/legacy/"), status_code=308)


async def _upload(catalog: Catalog, request: Request) -> Response:
    filename = "?"
    try:
        fault = catalog.faults.next(request.method, request.url.path)
        if fault and not fault.done:
            await _go_wrong(fault, request)
        publisher = _authenticate(catalog, request.headers.get("authorization", ""))
        async with request.form(max_part_size=MAX_FIELD, max_fields=10_000) as form:
            fields, sent = _read(form)
            filename = sent.filename if sent else "?"
            fault = fault or catalog.faults.next(request.method, request.url.path, filename)
            if fault and not fault.done:
                await _go_wrong(fault, request)
            await run_in_threadpool(receive, catalog, fields, sent, publisher)
            if fault:
                await _go_wrong(fault, request)
    except RefusedError as refusal:
        answer = _refuse(request, refusal)
    except (MultiPartException, HTTPException):
        answer = _refuse(request, RefusedError(400, "Upload payload does not have a file."))
    except ClientDisconnect:
        answer = Response(status_code=400)
    else:
        answer = Response("OK", media_type="text/plain")
    catalog.uploads.append((filename, answer.status_code))
    return answer


async def _go_wrong(fault: Fault, request: Request) -> None:
    """Answer as the fault has it, unless the client has gone before."""
    for _ in range(int(fault.delay / TICK)):
        if await request.is_disconnected():
            raise ClientDisconnect
        await asyncio.sleep(TICK)
    if fault.status is not None:
        raise RefusedError(fault.status, fault.words, fault.headers)


def _read(form: FormData) -> tuple[dict[str, list[str]], Sent | None]:
    """The fields of an upload, and its file."""
    fields: dict[str, list[str]] = {}
    sent = None
    for key, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(key, []).append(value)
        elif key == "content":
            sent = _sent(value)
        elif key != "gpg_signature":
            raise RefusedError(400, f"{key}: Should not be a tuple.")
    return fields, sent


def _sent(value: UploadFile) -> Sent:
    # A part without the header is text/plain (RFC 7578), and uv sends none; an empty header is refused.
    content_type = "text/plain" if value.content_type is None else value.content_type
    return Sent(value.filename or "", content_type, value.file)


def _authenticate(catalog: Catalog, header: str) -> Publisher | None:
    """The publisher that uploads, if it is one."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, password = "", ""
    valid = scheme.lower() == "basic" and user == "__token__"
    if not (valid and catalog.takes(password)):
        words = "Invalid or non-existent authentication information."
        raise RefusedError(403, f"{words} {HELP.format('invalid-auth')}")
    return catalog.publisher(password)


def _refuse(request: Request, refusal: RefusedError) -> Response:
    """The words in the reason phrase and in the body, as pyramid gives them."""
    words = " ".join(refusal.words.encode("iso-8859-1", "replace").decode("iso-8859-1").split())
    status = f"{refusal.status} {words}"
    headers = {REASON: words, **refusal.headers, **({} if refusal.status else {CUT: "1"})}
    if "application/json" in request.headers.get("accept", ""):
        body = {"message": words, "code": status, "title": words}
        return JSONResponse(body, refusal.status or 500, headers)
    from html import escape

    page = f"<html>\n <head>\n  <title>{escape(status)}</title>\n </head>\n <body>\n  <h1>{escape(status)}</h1>\n"
    return HTMLResponse(f"{page} </body>\n</html>\n", refusal.status or 500, headers)


async def _root(catalog: Catalog, request: Request) -> Response:
    if _wants_json(request):
        return JSONResponse(pages.root_json(catalog), media_type=JSON)
    return HTMLResponse(pages.root_html(catalog))


async def _project(catalog: Catalog, request: Request) -> Response:
    name = request.path_params["name"]
    normalized = canonicalize_name(name)
    if request.url.path != f"/simple/{normalized}/":
        return RedirectResponse(request.url.replace(path=f"/simple/{normalized}/"), status_code=301)
    project = catalog.on_page(name)
    if project is None:
        return Response("404 Not Found", 404, media_type="text/plain")
    headers = {"X-PyPI-Last-Serial": str(catalog.serial), "Cache-Control": "max-age=600, public"}
    if _wants_json(request):
        body = pages.project_json(catalog, normalized, project)
        return JSONResponse(body, headers=headers, media_type=JSON)
    return HTMLResponse(pages.project_html(normalized, project), headers=headers)


def _wants_json(request: Request) -> bool:
    """JSON if it is asked for by name and not rated below the HTML."""
    rated: dict[str, float] = {}
    for part in request.headers.get("accept", "").split(","):
        kind, _, quality = part.strip().partition(";")
        number = quality.strip().removeprefix("q=")
        rated[kind.strip()] = float(number) if number.replace(".", "", 1).isdigit() else 1.0
    wanted = max(rated.get(JSON, 0), rated.get("application/vnd.pypi.simple.latest+json", 0))
    others = (rated.get(kind, 0) for kind in ("text/html", "application/vnd.pypi.simple.v1+html"))
    return wanted > 0 and wanted >= max(others)


async def _download(catalog: Catalog, request: Request) -> Response:
    filename: str = request.path_params["filename"]
    file = catalog.file(filename.removesuffix(".metadata"))
    if file is None or file.blake2_256 != request.path_params["blake2"]:
        return Response("404 Not Found", 404, media_type="text/plain")
    if filename.endswith(".metadata"):
        return _metadata(file)
    return FileResponse(catalog.path(file), media_type="application/octet-stream")


async def _provenance(catalog: Catalog, request: Request) -> Response:
    given = request.path_params
    file = catalog.file(given["filename"])
    known = file and catalog.project(given["name"]) and file.version == given["version"]
    if file is None or not known or not file.provenance:
        message = f"No provenance available for {given['filename']}" if known else "Not Found"
        return JSONResponse({"message": message}, 404)
    return Response(file.provenance, media_type="application/vnd.pypi.integrity.v1+json")


def _metadata(file: StoredFile) -> Response:
    if file.metadata is None:
        return Response("404 Not Found", 404, media_type="text/plain")
    return Response(file.metadata, media_type="application/octet-stream")
