"""What PyPI checks of attestations, with its words. Source: warehouse/attestations/services.py."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from mergeship.world.identity import Publisher
from mergeship.world.sigstore.instance import Sigstore

if TYPE_CHECKING:
    from pypi_attestations import Attestation
    from sigstore.verify import Verifier
    from sigstore.verify.policy import VerificationPolicy

_STATEMENT = "application/vnd.in-toto+json"


class InvalidError(Exception):
    """Attestations that do not hold."""


class _Digest(msgspec.Struct):
    sha256: str


class _Subject(msgspec.Struct):
    name: str
    digest: _Digest


class _Statement(msgspec.Struct, rename="camel"):
    subject: list[_Subject]
    predicate_type: str


def provenance(given: str, publisher: Publisher, sigstore: Sigstore, filename: str, sha256: str) -> bytes:
    """What is shown of a file's attestations, as JSON. Raises InvalidError for any that does not hold."""
    from pypi_attestations import AttestationBundle, GitHubPublisher, Provenance

    known = GitHubPublisher(
        repository=f"{publisher.owner}/{publisher.repository}",
        workflow=publisher.workflow,
        environment=publisher.environment or None,
    )
    read = _read(given)
    verifier = _verifier(sigstore)
    policy = known._as_policy()  # noqa: SLF001 - what PyPI's own call leads to, with a root that is fixed there
    kinds = [_kind(attestation, policy, verifier, filename, sha256) for attestation in read]
    twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if twice:
        raise InvalidError(
            f"Multiple attestations for the same file with the same predicate type ({twice}) are not supported"
        )
    bundle = AttestationBundle(publisher=known, attestations=list(read))
    return Provenance(attestation_bundles=[bundle]).model_dump_json().encode()


def _read(given: str) -> "Sequence[Attestation]":
    from pydantic import TypeAdapter, ValidationError
    from pypi_attestations import Attestation, AttestationType

    try:
        read = TypeAdapter(list[Attestation]).validate_json(given)
    except ValidationError as error:
        raise InvalidError(f"Malformed attestations: {error}") from error
    if not read:
        raise InvalidError("Malformed attestations: an empty attestation set is not permitted")
    if len(read) > len(AttestationType):
        raise InvalidError(f"A maximum of {len(AttestationType)} attestations per file are supported")
    return read


def _verifier(sigstore: Sigstore) -> "Verifier":
    from sigstore.models import ClientTrustConfig
    from sigstore.verify import Verifier

    trusted = ClientTrustConfig.from_json(msgspec.json.encode(sigstore.client("http://rehearsal")).decode())
    return Verifier(trusted_root=trusted.trusted_root)


def _kind(
    attestation: "Attestation", policy: "VerificationPolicy", verifier: "Verifier", filename: str, sha256: str
) -> str:
    """What is attested of a file, once its publisher has signed that."""
    from pypi_attestations import AttestationType, ConversionError
    from sigstore.errors import VerificationError

    try:
        kind, payload = verifier.verify_dsse(attestation.to_bundle(), policy)
    except VerificationError as error:
        raise _unverified(str(error)) from error
    except (ConversionError, ValueError, LookupError) as error:
        raise InvalidError(f"Unknown error while trying to verify included attestations: {error}") from error
    if kind != _STATEMENT:
        raise _unverified(f"expected JSON envelope, got {kind}")
    try:
        statement = msgspec.json.decode(payload, type=_Statement)
    except msgspec.DecodeError as error:
        raise _unverified(f"invalid statement: {error}") from error
    if len(statement.subject) != 1:
        raise _unverified("too many subjects in statement (must be exactly one)")
    subject = statement.subject[0]
    if subject.name != filename:
        raise _unverified(f"subject does not match distribution name: {subject.name} != {filename}")
    if subject.digest.sha256 != sha256:
        raise _unverified("subject does not match distribution digest")
    if statement.predicate_type not in {known.value for known in AttestationType}:
        raise _unverified(f"unknown attestation type: {statement.predicate_type}")
    return statement.predicate_type


def _unverified(why: str) -> InvalidError:
    words = "Could not verify the uploaded artifact using the included attestation"
    return InvalidError(f"{words}: Verification failed: {why}")
