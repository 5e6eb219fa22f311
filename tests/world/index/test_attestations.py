"""What the embedded index says of attestations that do not hold, in PyPI's words."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.world.identity import Publisher
from mergeship.world.index.attestations import InvalidError, provenance
from tests.world.sigstore.signing import Signing, signing

NAME, CONTENT = "obk-0.1.1.tar.gz", b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PUBLISHER = Publisher("obk", "rehearsal", "obk", "ci-cd.yml", "pypi")
Made = list[dict[str, Any]]


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing(tmp_path_factory.mktemp("sigstore")) as made:
        yield made


def taken(signs: Signing, given: Any, publisher: Publisher = PUBLISHER) -> Any:
    text = given if isinstance(given, str) else json.dumps(given)
    return json.loads(provenance(text, publisher, signs.sigstore, NAME, SHA256))


def test_what_holds_is_shown_with_its_publisher(signs: Signing) -> None:
    shown = taken(signs, signs(NAME, CONTENT))["attestation_bundles"][0]
    assert shown["publisher"]["repository"] == "rehearsal/obk"
    assert shown["publisher"]["environment"] == "pypi"
    assert len(shown["attestations"]) == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _: "{", "Malformed attestations: "),
        (lambda _: [{"version": 1}], "Malformed attestations: "),
        (lambda _: [], "Malformed attestations: an empty attestation set is not permitted"),
        (lambda made: made * 3, "A maximum of 2 attestations per file are supported"),
        (lambda made: made * 2, "Multiple attestations for the same file with the same predicate type"),
    ],
)
def test_what_is_no_set_of_attestations_is_refused(signs: Signing, spoil: Callable[[Made], Any], words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        taken(signs, spoil(signs(NAME, CONTENT)))
    assert str(refused.value).startswith(words)


def changed(made: Made, part: str, field: str) -> Made:
    """The same with one character of a field changed."""
    spoiled = copy.deepcopy(made)
    text = spoiled[0][part][field]
    spoiled[0][part][field] = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    return spoiled


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda signs: signs("obk-0.1.2.tar.gz", CONTENT), "subject does not match distribution name"),
        (lambda signs: signs(NAME, b"other"), "subject does not match distribution digest"),
        (lambda signs: signs(NAME, CONTENT, repository="else/obk"), "SourceRepositoryURI does not match"),
        (
            lambda signs: signs(NAME, CONTENT, workflow_ref="rehearsal/obk/.github/workflows/ci.yml@refs/heads/main"),
            "Build Config URI",
        ),
        (lambda signs: changed(signs(NAME, CONTENT), "envelope", "signature"), "invalid signature"),
        (lambda signs: changed(signs(NAME, CONTENT), "envelope", "statement"), "invalid signature"),
        (lambda signs: changed(signs(NAME, CONTENT), "verification_material", "certificate"), "certificate"),
    ],
)
def test_what_its_publisher_did_not_sign_is_refused(
    signs: Signing, make: Callable[[Signing], Made], words: str
) -> None:
    with pytest.raises(InvalidError, match=r"Could not verify the uploaded artifact|Unknown error") as refused:
        taken(signs, make(signs))
    assert words in str(refused.value)


def test_what_another_sigstore_signed_is_refused(signs: Signing, tmp_path: Path) -> None:
    with signing(tmp_path) as elsewhere:
        made = elsewhere(NAME, CONTENT)
    with pytest.raises(InvalidError, match="certificate chain"):
        taken(signs, made)


def test_the_log_has_to_know_of_it(signs: Signing) -> None:
    made = signs(NAME, CONTENT)
    made[0]["verification_material"]["transparency_entries"] = signs(NAME, CONTENT)[0]["verification_material"][
        "transparency_entries"
    ]
    with pytest.raises(InvalidError, match="Could not verify"):
        taken(signs, made)
