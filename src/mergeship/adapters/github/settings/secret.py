"""Secrets of GitHub Actions: sealed for GitHub, and never shown again.

Source: https://docs.github.com/rest/actions/secrets
"""

import base64
from collections.abc import Sequence

from mergeship.adapters.github.connection import NOT_FOUND, Connection, unless
from mergeship.adapters.github.settings.handler import Handler, Reading
from mergeship.core.environ import INDEX_TOKEN
from mergeship.core.forge.environment import Environment
from mergeship.core.forge.secret import Secret


async def _read(ask: Connection, reading: Reading) -> Sequence[Secret]:
    has_environment = any(isinstance(setting, Environment) for setting in reading.settings)
    return await _stored(ask, reading.environment if has_environment else "")


async def _again(ask: Connection, secret: Secret) -> Secret | None:
    stored = await _stored(ask, secret.environment)
    return next(
        (other for other in stored if (other.name, other.environment) == (secret.name, secret.environment)), None
    )


async def _write(ask: Connection, before: Secret | None, after: Secret | None, value: str) -> None:
    if after:
        await _store(ask, after, value)
    elif before:
        url = f"{_url(ask, before.environment)}/{before.name}"
        await ask.write("DELETE", url, None, _needs(before.environment, "write"))


async def _stored(ask: Connection, environment: str) -> list[Secret]:
    """Where the token is stored: in the repository, and in an environment, if one is named."""
    secrets = []
    for place in dict.fromkeys(("", environment)):
        answer = await unless(NOT_FOUND, ask.item(f"{_url(ask, place)}/{INDEX_TOKEN}", _needs(place, "read")))
        if answer:
            secrets.append(Secret(INDEX_TOKEN, place, str(answer["updated_at"])))
    return secrets


async def _store(ask: Connection, secret: Secret, value: str) -> None:
    """Store a value, sealed."""
    from nacl.public import PublicKey, SealedBox

    url, needs = _url(ask, secret.environment), _needs(secret.environment, "write")
    key = await ask.item(f"{url}/public-key", needs)
    sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value.encode())
    body = {"encrypted_value": base64.b64encode(sealed).decode(), "key_id": key["key_id"]}
    await ask.write("PUT", f"{url}/{secret.name}", body, needs)


def _url(ask: Connection, environment: str) -> str:
    return f"{ask.base}/environments/{environment}/secrets" if environment else f"{ask.base}/actions/secrets"


def _needs(environment: str, wanted: str) -> str:
    return f"{'environments' if environment else 'secrets'}={wanted}"


HANDLER = Handler(read=_read, again=_again, write=_write)
