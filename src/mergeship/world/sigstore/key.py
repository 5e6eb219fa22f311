"""A key of a log."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Key:
    """A key that signs, known by the hash of its public half."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = _public(self._key.public_key())
        """DER of the public half."""
        self.identifier = hashlib.sha256(self.public).digest()

    def sign(self, data: bytes) -> bytes:
        """A signature of SHA-256, in DER."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    @staticmethod
    def identifier_of(public: ec.EllipticCurvePublicKey) -> bytes:
        """By what a public key is known."""
        return hashlib.sha256(_public(public)).digest()


def _public(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
