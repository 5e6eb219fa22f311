"""Certificates for a few minutes, in exchange for an identity, each noted in a log of certificates.

Source: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md and RFC 6962, section 3.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from pyasn1.codec.der import encoder
from pyasn1.type.char import UTF8String
from pyasn1.type.univ import OctetString

from mergeship.world.sigstore.key import Key

LIFE = timedelta(minutes=10)
GITHUB = "https://github.com"
_CLAIMS = "1.3.6.1.4.1.57264.1"
_V1, _CERTIFICATE_TIMESTAMP, _PRECERTIFICATE, _SHA256, _ECDSA = 0, 0, 1, 4, 3


class Authority:
    """What vouches for identities, with a root of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.log = Key()
        """That of the log of certificates."""
        self.root = self._root()

    def certificate(self, requested: x509.CertificateSigningRequest, claims: Mapping[str, Any]) -> x509.Certificate:
        """A certificate for the key of a request, and for whose identity the claims are."""
        leaf = self._leaf(requested, claims)
        noted = self._timestamp(leaf.sign(self._key, hashes.SHA256()).tbs_certificate_bytes)
        extension = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
        return leaf.add_extension(x509.UnrecognizedExtension(extension, noted), critical=False).sign(
            self._key, hashes.SHA256()
        )

    def _root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
        now = datetime.now(UTC)
        public = self._key.public_key()
        usage = _usage(signs_certificates=True)
        return (
            x509.CertificateBuilder(name, name, public, x509.random_serial_number(), now, now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _leaf(self, requested: x509.CertificateSigningRequest, claims: Mapping[str, Any]) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        public, nobody = requested.public_key(), x509.Name([])
        assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101
        about = x509.UniformResourceIdentifier(f"{GITHUB}/{claims['job_workflow_ref']}")
        number = x509.random_serial_number()
        leaf = (
            x509.CertificateBuilder(self.root.subject, nobody, public, number, now, now + LIFE)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([about]), critical=True)
        )
        for last, text in _extensions(claims).items():
            value = encoder.encode(UTF8String(text))
            identifier = x509.ObjectIdentifier(f"{_CLAIMS}.{last}")
            leaf = leaf.add_extension(x509.UnrecognizedExtension(identifier, value), critical=False)
        return leaf

    def _timestamp(self, precertificate: bytes) -> bytes:
        """The log's word that it has a certificate, as the value of an extension."""
        at = int(datetime.now(UTC).timestamp()) * 1000
        head = struct.pack("!BBQH", _V1, _CERTIFICATE_TIMESTAMP, at, _PRECERTIFICATE)
        issuer = Key.identifier_of(self._key.public_key())
        entry = issuer + len(precertificate).to_bytes(3) + precertificate
        signature = self.log.sign(head + entry + struct.pack("!H", 0))
        signed = struct.pack("!BBH", _SHA256, _ECDSA, len(signature)) + signature
        timestamp = struct.pack("!B32sQH", _V1, self.log.identifier, at, 0) + signed
        leaf = struct.pack("!H", len(timestamp)) + timestamp
        encoded: bytes = encoder.encode(OctetString(struct.pack("!H", len(leaf)) + leaf))
        return encoded

    @property
    def root_der(self) -> bytes:
        """The root, as it is trusted."""
        return self.root.public_bytes(Encoding.DER)


def _extensions(claims: Mapping[str, Any]) -> dict[int, str]:
    """What a certificate says of an identity of GitHub.

    Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
    """
    return {
        8: claims["iss"],
        9: f"{GITHUB}/{claims['job_workflow_ref']}",
        11: claims["runner_environment"],
        12: f"{GITHUB}/{claims['repository']}",
        13: claims["sha"],
        14: claims["ref"],
        15: claims["repository_id"],
        16: f"{GITHUB}/{claims['repository_owner']}",
        17: claims["repository_owner_id"],
        18: f"{GITHUB}/{claims['workflow_ref']}",
        20: claims["event_name"],
        22: claims["repository_visibility"],
    }


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
