"""Signs files with the identity of a job, as a process of its own: it knows no token of the index, and can be ended.

Standard input: an Order. Standard output: the attestations of each file, by its name, as an index takes them. What goes
wrong is the last line on standard error; the exit status says whether it may be transient.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

REKOR = 1  # the version of the log that attestations of PyPI are made of
PASSES, STAYS = 75, 76  # exit statuses: what may be transient, and what is not; the first one is EX_TEMPFAIL
_BUSY = {408, 429, 500, 502, 503, 504}


class Order(msgspec.Struct, frozen=True):
    """What is to be signed."""

    identity: str
    files: tuple[str, ...]
    trust: str = ""
    """A file with the configuration of a Sigstore's clients, in the format of `sigstore --trust-config`."""


def sign(order: Order) -> dict[str, str]:
    """The attestations of each file: that the job of this identity publishes it.

    Source: https://docs.pypi.org/attestations/publish/v1/
    """
    from pypi_attestations import Attestation, Distribution
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    if order.trust:
        trusted = ClientTrustConfig.from_json(Path(order.trust).read_text(encoding="utf-8"))
    else:
        trusted = ClientTrustConfig.production()
    trusted.force_tlog_version = REKOR
    made = {}
    with SigningContext.from_trust_config(trusted).signer(IdentityToken(order.identity)) as signer:
        for file in map(Path, order.files):
            attestation = Attestation.sign(signer, Distribution.from_file(file))
            made[file.name] = f"[{attestation.model_dump_json()}]"
    return made


def main() -> int:
    """Sign what standard input says, and give the exit status back."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        made = sign(order)
    except Exception as error:  # noqa: BLE001 - of four libraries: reported to the other process, which raises its own
        sys.stderr.write(f"\n{_words(error)}\n")
        return PASSES if _passes(error) else STAYS
    sys.stdout.buffer.write(msgspec.json.encode(made))
    return 0


def _links(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _words(error: BaseException) -> str:
    """What happened, and what that came from in the first place, in one line."""
    links = list(_links(error))
    causes = (" ".join(f"{type(link).__name__}: {link}".rstrip(": ").split())[:300] for link in (links[0], links[-1]))
    return "; ".join(dict.fromkeys(causes))


def _passes(error: BaseException) -> bool:
    """Whether it may be otherwise in a moment: no answer, a server's own error, a limit."""
    import requests
    import urllib3

    for link in _links(error):
        if isinstance(link, requests.HTTPError):
            return link.response is None or link.response.status_code in _BUSY
        if isinstance(link, (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)):
            return True
    return False
