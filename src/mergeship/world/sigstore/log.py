"""A log of signatures, each entry in a tree of its own.

Source: https://github.com/sigstore/rekor/blob/main/openapi.yaml and https://c2sp.org/tlog-checkpoint
"""

import base64
import hashlib
import time
from typing import Any

import msgspec

from mergeship.world.sigstore.key import Key

NAME = "rehearsal"
_LEAF = b"\x00"  # what the hash of a leaf begins with, by RFC 6962


class Signature(msgspec.Struct):
    """A signature of an envelope."""

    sig: str


class Envelope(msgspec.Struct):
    """What is signed, and by what."""

    payload: str
    signatures: list[Signature]


class _Content(msgspec.Struct):
    envelope: str
    verifiers: list[str]


class _Spec(msgspec.Struct, rename="camel"):
    proposed_content: _Content


class Proposed(msgspec.Struct):
    """An entry as it is proposed."""

    kind: str
    spec: _Spec


class Log:
    """The log of one rehearsal."""

    def __init__(self) -> None:
        self.key = Key()
        self.entries: list[bytes] = []

    def enter(self, proposed: Proposed) -> dict[str, Any]:
        """Take an entry, and vouch for it. Raises msgspec.DecodeError for an envelope that is none."""
        body = _canonical(_body(proposed.spec.proposed_content))
        self.entries.append(body)
        root = hashlib.sha256(_LEAF + body).digest()
        entry = {
            "body": base64.b64encode(body).decode(),
            "integratedTime": int(time.time()),
            "logID": self.key.identifier.hex(),
            "logIndex": len(self.entries) - 1,
        }
        proof = {"checkpoint": self._checkpoint(root), "hashes": [], "logIndex": 0, "rootHash": root.hex()}
        promise = base64.b64encode(self.key.sign(_canonical(entry))).decode()
        verification = {"inclusionProof": {**proof, "treeSize": 1}, "signedEntryTimestamp": promise}
        return {root.hex(): {**entry, "verification": verification}}

    def _checkpoint(self, root: bytes) -> str:
        note = f"{NAME} - 1\n1\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self.key.identifier[:4] + self.key.sign(note.encode())).decode()
        return f"{note}\n\N{EM DASH} {NAME} {signature}\n"


def _body(content: _Content) -> dict[str, Any]:
    envelope = msgspec.json.decode(content.envelope, type=Envelope)
    signed = [
        {"signature": signature.sig, "verifier": verifier}
        for signature, verifier in zip(envelope.signatures, content.verifiers, strict=True)
    ]
    payload = base64.b64decode(envelope.payload)
    hashed = {"envelopeHash": _sha256(content.envelope.encode()), "payloadHash": _sha256(payload)}
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": {**hashed, "signatures": signed}}


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def _canonical(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(value, order="sorted")
