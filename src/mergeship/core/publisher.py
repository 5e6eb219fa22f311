"""Trusted publishing: what is entered on the index, and what its refusals mean.

Source: https://docs.pypi.org/trusted-publishers/
"""

import base64
import re

from mergeship.core.workflow import PATH

_HEAD = 3  # bytes before the location


_AUDIENCES = {"pypi.org": "pypi", "test.pypi.org": "testpypi"}


def is_meant_for(audience: str, host: str) -> bool:
    """Whether an identity for that audience is of use at that host alone: another could trade it in, in our name.

    Indexes other than PyPI have to name themselves in it.
    """
    own = _AUDIENCES.get(host)
    return audience == own if own else host in re.split(r"[^a-z0-9.-]", audience.lower())


def token_of(token: str) -> str:
    """The index that a token says that it is of, as those of PyPI do; empty if it says nothing.

    Source: https://github.com/pypi/warehouse/blob/main/warehouse/macaroons/services.py, the location of a macaroon
    """
    head, _, body = token.partition("-")
    if head != "pypi" or not body.isascii():
        return ""
    try:
        content = base64.urlsafe_b64decode(body[: len(body) // 4 * 4])
    except ValueError:
        return ""
    # Version 2: its number, the type of a field, the length of it, and the location.
    location = content[3 : 3 + content[2]] if content[:2] == b"\x02\x01" and len(content) > _HEAD else b""
    return location.decode("ascii", "replace")


def to_enter(project: str, repository: str, environment: str) -> str:
    """What a person enters on the index, as one line of text."""
    owner, _, name = repository.partition("/")
    workflow = PATH.rpartition("/")[2]
    return (
        "trusted publishing: on the index, under Publishing, enter a publisher (a pending one before the first "
        "release): "
        f"PyPI project name {project}, owner {owner}, repository name {name}, workflow name {workflow}, "
        f"environment name {environment or '(any)'}"
    )


def explained(code: str, publisher: str) -> str:
    """What to do about a refusal to mint a token; `publisher` is what should be entered on the index."""
    return REFUSALS.get(code, "run the job again").format(publisher=publisher)


REFUSALS = {
    "not-enabled": "the index takes no trusted publishers at the moment: run the job again later, or set auth to token",
    "invalid-payload": "the index did not understand the request: upgrade mergeship",
    "invalid-token": "the identity was not for this index, or too old: check the clock, then run the job again",
    "invalid-reuse-token": "the identity was used before: run the job again",
    "invalid-pending-publisher": "someone else has the project's name: check the publisher entered there. {publisher}",
    "invalid-publisher": (
        "no publisher on the index fits this workflow: every field has to be as it is here, the environment too, and a "
        "reusable workflow never fits. {publisher}"
    ),
}
"""By the codes of the index.

Source: https://docs.pypi.org/trusted-publishers/troubleshooting/
"""
