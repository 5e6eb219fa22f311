"""Whose token GitHub is asked with: the environment's, an App's, or that of `gh`."""

import math
import shutil
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from mergeship.core.environ import for_installer
from mergeship.core.text import is_token
from mergeship.errors import Misconfigured
from mergeship.process import ProcessFailed, output

API = "https://api.github.com"
NAMES = ("GH_TOKEN", "GITHUB_TOKEN")
OF_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
"""First for a server of one's own; all in the order of `gh help environment`."""
_OF_GH = ("GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""Where `gh` keeps what it knows, its keyring among it."""
APP_ID, APP_KEY = "MERGESHIP_APP_ID", "MERGESHIP_APP_KEY_FILE"


class Token(msgspec.Struct, frozen=True):
    """A token; empty if there is none, with which GitHub still shows what is public."""

    value: str
    source: str
    """Where it comes from, for people."""
    signed: bool = False
    """Whether an App has signed it itself, to ask for a token with."""
    ends: float = math.inf
    """When it is over, in monotonic seconds."""


def token(environ: Mapping[str, str], api: str) -> Token:
    """The token that the environment gives for the API at an address, or else the one that `gh` has for its host.

    Raises Misconfigured for what can be none.
    """
    by_github = api == API or (urlsplit(api).hostname or "").endswith(".ghe.com")
    for name in NAMES if by_github else (*OF_ENTERPRISE, *NAMES):
        if value := environ.get(name, "").strip():
            if not is_token(value):
                raise Misconfigured("forge-token", f"{name} holds no token", hint="copy it again in one piece")
            return Token(value, f"the token in {name}")
    if shutil.which("gh", path=environ.get("PATH")):
        host = "github.com" if api == API else urlsplit(api).hostname or ""
        kept = {name: environ[name] for name in _OF_GH if name in environ}
        try:
            answer = output(["gh", "auth", "token", "--hostname", host], cwd=".", env=for_installer(environ) | kept)
            return Token(answer.strip(), f"the token of `gh` for {host}")
        except ProcessFailed:
            pass  # not logged in: as without gh
    return Token("", "a request without a token (GITHUB_TOKEN, or `gh auth login`)")
