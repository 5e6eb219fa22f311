"""Tokens that the embedded index mints for workflows, in warehouse's words.

Source: https://github.com/pypi/warehouse (warehouse/oidc/views.py)
"""

import secrets
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mergeship.world.identity import AUDIENCE
from mergeship.world.index.catalog import Catalog, Minted

LIFE = timedelta(seconds=900)


async def audience(_: Catalog, __: Request) -> Response:
    """For whom an identity has to be."""
    return JSONResponse({"audience": AUDIENCE})


async def mint(catalog: Catalog, request: Request) -> Response:
    """A token for a workflow that may publish."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    identity = body.get("token") if isinstance(body, dict) else None
    if not isinstance(identity, str):
        return _refused("invalid-payload", "body payload is not a JSON object with a token")
    if catalog.issuer is None:
        return _refused("not-enabled", "GitHub-based trusted publishing functionality not enabled")
    try:
        claims = catalog.issuer.claims(identity, AUDIENCE)
    except ValueError:
        return _refused("invalid-token", "malformed JWT")
    return _minted(catalog, claims)


def _minted(catalog: Catalog, claims: dict[str, Any]) -> Response:
    if claims["jti"] in catalog.identities:
        return _refused("invalid-reuse-token", "invalid token: already used")
    fitting = [publisher for publisher in catalog.publishers if publisher.fits(claims)]
    if not fitting:
        return _refused("invalid-publisher", "valid token, but no corresponding publisher")
    publisher = fitting[0]
    if publisher.pending and publisher.project in catalog.foreign:
        return _refused("invalid-pending-publisher", "valid token, but project already exists")
    catalog.identities.add(claims["jti"])
    token = f"pypi-{secrets.token_urlsafe(32)}"
    until = catalog.clock() + LIFE
    catalog.minted[token] = Minted(publisher, until)
    return JSONResponse({"success": True, "token": token, "expires": int(until.timestamp())})


def _refused(code: str, words: str) -> Response:
    errors = [{"code": code, "description": words}]
    return JSONResponse({"message": "Token request failed", "errors": errors}, 422)
