"""What a private index asks for: from the environment, from netrc, and at last from the keyring, as pip does."""

import asyncio
import netrc
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mergeship.core.text import without_password
from mergeship.errors import Misconfigured

if TYPE_CHECKING:
    import httpx2

USERNAME, PASSWORD = "MERGESHIP_INDEX_USERNAME", "MERGESHIP_INDEX_PASSWORD"
TOKEN_USER = "__token__"  # noqa: S105 - a name


class Credentials:
    """User and password for one index. Those in its address go before all others."""

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self._address = address
        self._host = urlsplit(address).hostname or ""
        self._in_address = without_password(address) != address
        self._found = None if self._in_address else _from_environ(environ) or _from_netrc(self._host, environ)
        self._asked_keyring = self._in_address or self._found is not None

    def auth(self) -> "httpx2.Auth | None":
        """What to send along; None for nothing, or for what the address itself holds."""
        import httpx2

        return httpx2.BasicAuth(*self._found) if self._found else None

    async def look_further(self) -> bool:
        """After a refusal: whether the keyring knows something that was not tried yet."""
        if self._asked_keyring:
            return False
        self._asked_keyring = True
        self._found = await asyncio.to_thread(_from_keyring, self._address, self._host)
        return self._found is not None


def _from_environ(environ: Mapping[str, str]) -> tuple[str, str] | None:
    password = environ.get(PASSWORD)
    return (environ.get(USERNAME) or TOKEN_USER, password) if password else None


def _from_netrc(host: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    path = Path(environ.get("NETRC") or Path(environ.get("HOME") or "/nonexistent") / ".netrc")
    try:
        found = netrc.netrc(str(path)).authenticators(host)
    except FileNotFoundError:
        return None
    except (netrc.NetrcParseError, UnicodeDecodeError) as error:
        raise Misconfigured("bad-netrc", f"{path} cannot be read: {error}", hint="mend that line") from error
    return (found[0], found[2] or "") if found else None


def _from_keyring(address: str, host: str) -> tuple[str, str] | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        for service in (address, host):
            found = keyring.get_credential(service, None)
            if found and found.password:
                return found.username, found.password
    except (KeyringError, RuntimeError):  # none installed, or locked: the index has refused, and that is told
        return None
    return None
