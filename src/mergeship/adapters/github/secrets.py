"""Secrets of GitHub Actions: sealed for GitHub alone, and never told again.

Source: https://docs.github.com/rest/actions/secrets
"""

import base64

from mergeship.adapters.github.connection import NOT_FOUND, Connection, unless
from mergeship.core.forge.setting import TOKEN, Secret


async def stored(ask: Connection, environment: str) -> list[Secret]:
    """Where the token is stored: in the repository, and in an environment, if one is named."""
    found = []
    for where in dict.fromkeys(("", environment)):
        one = await unless(NOT_FOUND, ask.item(f"{_url(ask, where)}/{TOKEN}", _needs(where, "read")))
        if one:
            found.append(Secret(TOKEN, where, str(one["updated_at"])))
    return found


async def store(ask: Connection, secret: Secret, value: str) -> None:
    """Store a value, sealed."""
    from nacl.public import PublicKey, SealedBox

    url, needs = _url(ask, secret.environment), _needs(secret.environment, "write")
    key = await ask.item(f"{url}/public-key", needs)
    sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value.encode())
    body = {"encrypted_value": base64.b64encode(sealed).decode(), "key_id": key["key_id"]}
    await ask.write("PUT", f"{url}/{secret.name}", body, needs)


async def remove(ask: Connection, secret: Secret) -> None:
    """Delete a secret."""
    await ask.write(
        "DELETE", f"{_url(ask, secret.environment)}/{secret.name}", None, _needs(secret.environment, "write")
    )


def _url(ask: Connection, environment: str) -> str:
    return f"{ask.base}/environments/{environment}/secrets" if environment else f"{ask.base}/actions/secrets"


def _needs(environment: str, wanted: str) -> str:
    return f"{'environments' if environment else 'secrets'}={wanted}"
