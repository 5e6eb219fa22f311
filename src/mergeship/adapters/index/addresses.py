"""Where an index is."""

import re
from urllib.parse import urlsplit

import msgspec

from mergeship.core.settings import Index
from mergeship.errors import Misconfigured
from mergeship.web import refuse_clear

_PLAIN = re.compile(r"[!#-&(-;=?-\[\]_a-z~]+")  # RFC 3986, without quotes: an address ends up in files and messages


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"https", "http"}
            and bool(parts.hostname)
            and parts.port != 0
            and bool(_PLAIN.fullmatch(text))
        )
    except ValueError:  # a port that is none, brackets without an address
        return False


class Addresses(msgspec.Struct, frozen=True):
    """Where an index is. Both end with a slash."""

    upload: str
    simple: str


def addresses(settings: Index) -> Addresses:
    """The addresses behind the settings; those of PyPI and TestPyPI are twine's. Raises Misconfigured."""
    upload = settings.upload
    if upload in {"pypi", "testpypi"}:
        from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

        upload = DEFAULT_REPOSITORY if upload == "pypi" else TEST_REPOSITORY
    simple = settings.simple or upload.replace("://upload.", "://").replace("/legacy/", "/simple/")
    for key, address in (("upload", upload), ("simple", simple)):
        if not _is_address(address):
            raise Misconfigured(
                "bad-index",
                f"index.{key} is {address!r}, which is not an address",
                hint="pypi, testpypi or https://…",
            )
        if key == "upload" or urlsplit(address).username is not None:  # pages are read without any
            refuse_clear(address, f"index.{key}")
    if not settings.simple and simple == upload:
        raise Misconfigured(
            "bad-index", f"the simple API of {upload} is not known", hint="set index.simple to its address"
        )
    return Addresses(upload, simple if simple.endswith("/") else f"{simple}/")
