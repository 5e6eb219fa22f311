"""What a private index asks for: from the environment, from netrc, and at last from the keyring, as pip does.

Each of them names the host that it is meant for: an address may be changed by whoever can change pyproject.toml, and
a password is sent to no other host, and over nothing but https (or within this machine).
"""

import asyncio
import netrc
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from mergeship.core.text import without_password
from mergeship.errors import Held, Misconfigured
from mergeship.web import LOOPBACK

if TYPE_CHECKING:
    import httpx2

LOGIN = "MERGESHIP_INDEX_LOGIN"
"""`https://user:password@host`"""
Login = tuple[str, str]


class Credentials:
    """User and password for one index. Those in its address go before all others."""

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        self._address = address
        self._host = parts.hostname or ""
        in_address = without_password(address) != address
        safe = parts.scheme == "https" or self._host in LOOPBACK
        self._in_job = environ.get("GITHUB_ACTIONS") == "true"
        self._asked = in_address or not safe
        self._found = None if self._asked else _from_environ(address, environ) or _from_netrc(self._host, environ)

    def auth(self) -> "httpx2.Auth | None":
        """What to send along; None for nothing, or for what the address itself holds."""
        import httpx2

        return httpx2.BasicAuth(*self._found) if self._found else None

    async def look_further(self) -> bool:
        """After a refusal: whether the keyring knows something that was not tried yet."""
        if self._asked or self._found or self._in_job:
            return False  # what a keyring runs is configured in the home, where any job can write
        self._asked = True
        self._found = await _in_thread(self._address, self._host)
        return self._found is not None


def _from_environ(address: str, environ: Mapping[str, str]) -> Login | None:
    given = environ.get(LOGIN)
    if not given:
        return None
    try:
        login = urlsplit(given)
        if not login.hostname or login.password is None:
            raise ValueError
        same = _place(login) == _place(urlsplit(address))
    except ValueError:
        hint = "write https://user:password@host, with %5B for a [ in the password"
        raise Misconfigured("bad-login", f"{LOGIN} is no login", hint=hint) from None
    if not same:
        return None  # of another index
    return unquote(login.username or ""), unquote(login.password)


def _place(address: SplitResult) -> tuple[str, str | None, int | None]:
    return address.scheme, address.hostname, address.port or {"https": 443, "http": 80}.get(address.scheme)


def _from_netrc(host: str, environ: Mapping[str, str]) -> Login | None:
    path = Path(environ.get("NETRC") or Path(environ.get("HOME") or "/nonexistent") / ".netrc")
    try:
        entry = netrc.netrc(str(path)).hosts.get(host)  # its default entry is meant for any host
    except FileNotFoundError:
        return None
    except netrc.NetrcParseError as error:  # its own words may quote a password
        raise Misconfigured("bad-netrc", f"{path} cannot be read: line {error.lineno}", hint="fix that line") from None
    except UnicodeDecodeError as error:
        raise Misconfigured("bad-netrc", f"{path} is not UTF-8", hint="save it as UTF-8") from error
    return (entry[0], entry[2] or "") if entry else None


async def _in_thread(address: str, host: str) -> Login | None:
    """What the keyring says; a keyring that waits for someone does not hold us beyond the deadline."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Login | None] = loop.create_future()

    def ask() -> None:
        login: Login | Exception | None
        try:
            login = _from_keyring(address, host)
        except Exception as error:  # noqa: BLE001 - a keyring is a plug-in, and may raise whatever it likes
            login = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(_answered, answer, login)

    Thread(target=ask, daemon=True).start()
    return await answer


def _answered(answer: "asyncio.Future[Login | None]", login: Login | Exception | None) -> None:
    if answer.done():
        return  # the deadline was sooner
    if isinstance(login, Exception):
        answer.set_exception(
            Held("keyring-failed", f"the keyring failed: {login!r}", hint="fix it, or give the login by netrc")
        )
    else:
        answer.set_result(login)


def _from_keyring(address: str, host: str) -> Login | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        for service in (address, host):
            credential = keyring.get_credential(service, None)
            if credential and credential.password:
                return credential.username, credential.password
    except (KeyringError, RuntimeError):  # none installed, or locked: the index has refused, and that is reported
        return None
    return None
