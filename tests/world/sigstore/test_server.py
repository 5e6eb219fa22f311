"""The embedded Sigstore: its own client and verifier take its word, and it gives it to nobody else."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pypi_attestations import Attestation
from sigstore.errors import VerificationError
from sigstore.models import ClientTrustConfig
from sigstore.verify import Verifier, policy

from mergeship.world.identity import Issuer
from tests.world.sigstore.signing import CLAIMS, WORKFLOW, Signing, signing

NAME = "obk-0.1.1.tar.gz"


@pytest.fixture
def signs(tmp_path: Path) -> Iterator[Signing]:
    with signing(tmp_path) as made:
        yield made


def verifier(signs: Signing) -> Verifier:
    return Verifier(trusted_root=ClientTrustConfig.from_json(signs.trust.read_text()).trusted_root)


def test_sigstore_s_own_verifier_takes_its_word(signs: Signing) -> None:
    made = [Attestation.model_validate(signs(NAME, content)[0]) for content in (b"one", b"two")]
    ours = policy.Identity(identity=f"https://github.com/{WORKFLOW}", issuer=signs.sigstore.issuer.name)
    for attestation in made:
        _, payload = verifier(signs).verify_dsse(
            attestation.to_bundle(), policy.OIDCIssuerV2(signs.sigstore.issuer.name)
        )
        assert NAME.encode() in payload
    with pytest.raises(VerificationError, match="does not contain OIDCIssuer"):
        verifier(signs).verify_dsse(made[0].to_bundle(), ours)  # only the newer form of the issuer is said
    assert len(signs.sigstore.log.entries) == 2


def test_the_word_of_another_one_is_not_taken(signs: Signing, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with signing(other) as elsewhere:
        made = Attestation.model_validate(elsewhere(NAME, b"one")[0])
    with pytest.raises(VerificationError, match="certificate chain"):
        verifier(signs).verify_dsse(made.to_bundle(), policy.OIDCIssuerV2(signs.sigstore.issuer.name))


def csr(key: Any = None) -> x509.CertificateSigningRequest:
    key = key or ec.generate_private_key(ec.SECP256R1())
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())


def wish(content: bytes) -> dict[str, str]:
    return {"certificateSigningRequest": base64.b64encode(content).decode()}


def asked(signs: Signing, identity: str, body: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {identity}"}
    return httpx2.post(f"{signs.base}/api/v2/signingCert", json=body, headers=headers, trust_env=False)


def test_only_identities_of_its_issuer_get_a_certificate(signs: Signing) -> None:
    good = wish(csr().public_bytes(Encoding.PEM))
    issuer = signs.sigstore.issuer
    assert asked(signs, issuer.identity("sigstore", CLAIMS), good).status_code == 200
    for identity in ("junk", "a.b.c", issuer.identity("pypi", CLAIMS), Issuer().identity("sigstore", CLAIMS)):
        answer = asked(signs, identity, good)
        assert (answer.status_code, answer.json()["code"]) == (401, 401)


def test_only_signed_requests_get_a_certificate(signs: Signing) -> None:
    identity = signs.sigstore.issuer.identity("sigstore", CLAIMS)
    bodies: list[Any] = [[], {}, wish(b"junk"), {"certificateSigningRequest": "*"}]
    for body in bodies:
        answer = asked(signs, identity, body)
        assert (answer.status_code, "could not be parsed" in answer.json()["message"]) == (400, True)
    der = bytearray(csr().public_bytes(Encoding.DER))
    der[-1] ^= 1
    pem = x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM)
    answer = asked(signs, identity, wish(pem))
    assert (answer.status_code, "could not be verified" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    "body", [[], {"kind": "dsse", "spec": {"proposedContent": {"envelope": "{", "verifiers": []}}}]
)
def test_the_log_takes_envelopes_alone(signs: Signing, body: Any) -> None:
    answer = httpx2.post(f"{signs.base}/api/v1/log/entries", json=body, trust_env=False)
    assert answer.status_code == 400
    assert not signs.sigstore.log.entries
