"""The embedded Sigstore: its authority and its log, at one address.

Source: https://github.com/sigstore/fulcio/blob/main/fulcio.proto and https://github.com/sigstore/rekor
"""

import base64

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.sigstore.instance import AUDIENCE, Sigstore
from mergeship.world.sigstore.log import Proposed

_CREATED, _BAD, _UNAUTHENTICATED = 201, 400, 401


class _Wish(msgspec.Struct, rename="camel"):
    certificate_signing_request: str


def application(sigstore: Sigstore) -> Starlette:
    """A Sigstore as an ASGI application."""

    async def certificate(request: Request) -> Response:
        return _fault(sigstore, request) or _certificate(sigstore, request, await request.body())

    async def entry(request: Request) -> Response:
        return _fault(sigstore, request) or _entry(sigstore, await request.body())

    return Starlette(
        routes=[
            Route("/api/v2/signingCert", certificate, methods=["POST"]),
            Route("/api/v1/log/entries", entry, methods=["POST"]),
        ]
    )


def _fault(sigstore: Sigstore, request: Request) -> Response | None:
    fault = sigstore.faults.next(request.method, request.url.path)
    return _refused(fault.status, fault.words) if fault and fault.status else None


def _certificate(sigstore: Sigstore, request: Request, body: bytes) -> Response:
    scheme, _, identity = request.headers.get("authorization", "").partition(" ")
    try:
        claims = sigstore.issuer.claims(identity if scheme.lower() == "bearer" else "", AUDIENCE)
    except ValueError:
        return _refused(_UNAUTHENTICATED, "There was an error processing the identity token")
    try:
        wish = msgspec.json.decode(body, type=_Wish)
        requested = x509.load_pem_x509_csr(base64.b64decode(wish.certificate_signing_request))
    except ValueError:
        return _refused(_BAD, "The certificate signing request could not be parsed")
    if not requested.is_signature_valid:
        return _refused(_BAD, "The signature supplied in the request could not be verified")
    chain = (sigstore.authority.certificate(requested, claims), sigstore.authority.root)
    certificates = [certificate.public_bytes(Encoding.PEM).decode() for certificate in chain]
    return JSONResponse({"signedCertificateEmbeddedSct": {"chain": {"certificates": certificates}}})


def _entry(sigstore: Sigstore, body: bytes) -> Response:
    try:
        proposed = msgspec.json.decode(body, type=Proposed)
        return JSONResponse(sigstore.log.enter(proposed), _CREATED)
    except ValueError:
        return _refused(_BAD, "error processing entry: invalid request body")


def _refused(status: int, words: str) -> Response:
    return JSONResponse({"code": status, "message": words}, status)
