"""Signs files with the identity of a job, as a process of its own: it knows no token of the index, and can be ended.

Standard input: an Order. Standard output: the attestations of each file, by its name, as an index takes them. What goes
wrong is one line on standard error.
"""

import sys
from pathlib import Path
from types import TracebackType

import msgspec

REKOR = 1  # the version of the log that attestations of PyPI are made of


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


def _tell(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """The words of an error, and of those that it came from."""
    words = []
    link: BaseException | None = error
    while link is not None:
        words.append(" ".join(f"{type(link).__name__}: {link}".rstrip(": ").split()))
        link = link.__cause__ or link.__context__
    sys.stderr.write(f"{'; '.join(dict.fromkeys(words))}\n")


def main() -> None:
    """Sign what standard input says."""
    sys.excepthook = _tell
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(sign(order)))
