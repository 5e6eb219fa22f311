"""A GitHub App's token for one repository.

Source: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mergeship.adapters.github.token import APP_ID, APP_KEY, Token
from mergeship.errors import Misconfigured


def is_set(environ: Mapping[str, str]) -> bool:
    """Whether the environment names an App."""
    return bool(environ.get(APP_ID, "").strip())


def _signed(environ: Mapping[str, str], identity: str) -> str:
    from gidgethub.apps import get_jwt
    from jwt import PyJWTError

    name = environ.get(APP_KEY, "").strip()
    try:
        key = Path(name).read_text(encoding="ascii")
        return get_jwt(app_id=identity, private_key=key)
    # A key with a password raises TypeError, a public one AttributeError.
    except (OSError, ValueError, TypeError, AttributeError, PyJWTError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no private key in PEM without a password"
        # Whoever puts the key itself there does not want to read it in a log.
        shown = name if len(name.splitlines()) == 1 and "PRIVATE KEY" not in name else "(not the name of a file)"
        raise Misconfigured(
            "app-key",
            f"{APP_KEY}: {shown} cannot be read: {reason}",
            hint="name the .pem file that GitHub made for the App (Settings, Developer settings, GitHub Apps)",
        ) from None  # the error may quote what was read


async def installation_token(environ: Mapping[str, str], repository: str, api: str, until: float) -> Token:
    """A token of the App that the environment names, as installed on a repository.

    Raises Misconfigured for a key that is none, Refused if the App is not installed.
    """
    from mergeship.adapters.github.connection import connected

    identity = environ[APP_ID].strip()
    signed = _signed(environ, identity)
    whose = f"the App {identity}"
    async with connected(api, repository, Token(signed, whose, signed=True), until) as connection:
        installation = await connection.item(f"{connection.base}/installation")
        made = await connection.write(
            "POST", f"/app/installations/{int(installation['id'])}/access_tokens", {}, "metadata=read"
        )
    lasts = (datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)).total_seconds()
    return Token(str(made["token"]), whose, ends=time.monotonic() + lasts)
