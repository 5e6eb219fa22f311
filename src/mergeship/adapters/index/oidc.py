"""Who this job is, as GitHub vouches for it.

Source: https://docs.github.com/actions/reference/security/oidc
"""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from mergeship.adapters.index.questions import get_json
from mergeship.errors import Misconfigured
from mergeship.web import refuse_clear

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


class _Identity(msgspec.Struct):
    value: str


def require_identity(environ: Mapping[str, str]) -> None:
    """Raises Misconfigured if the job may not ask for its identity."""
    if not (environ.get(REQUEST_URL) and environ.get(REQUEST_TOKEN)):
        raise Misconfigured(
            "no-identity",
            f"auth is trusted, and {REQUEST_URL} is not set: this job may not ask for its identity",
            hint="the deploy job needs `permissions: id-token: write`: mergeship init; elsewhere set auth to token",
        )


async def oidc_token(environ: Mapping[str, str], audience: str) -> str:
    """A signed identity for one audience, good for some minutes. Raises Failed if GitHub gives none."""
    refuse_clear(environ[REQUEST_URL], REQUEST_URL)
    url = f"{environ[REQUEST_URL]}&audience={quote(audience, safe='')}"
    login = {"Authorization": f"bearer {environ[REQUEST_TOKEN]}"}
    return (await get_json(url, _Identity, login, "no-identity")).value
