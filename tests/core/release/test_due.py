import pytest

from mergeship.core.distribution import Manifest
from mergeship.core.release.due import containing, due, superseded
from mergeship.core.release.ledger import Skip
from mergeship.errors import Failed
from tests.core.release.test_ledger import FILE, NOW, A, B, entry, of

BUILT = Manifest("p", "0.1.1", A, (FILE,))


def later(commit: str, other: str) -> bool:
    """B comes after A."""
    return (commit, other) in {(A, A), (B, B), (B, A)}


def test_the_own_claim_comes_last_and_refused_tags_after_it() -> None:
    begun, own = entry("0.1.0", "uploading", commit=B), entry()
    untagged = entry("0.0.9", "released", commit=B, tag="refused")
    found = due(of(untagged, begun, own), BUILT, A)
    assert (found.unfinished, found.own, found.refused) == ((begun,), own, (untagged,))
    assert found.uploads == (begun, own)


def test_only_releases_have_tags_to_be_tried_again() -> None:
    assert due(of(entry("0.1.0", "uploaded", commit=B, tag="refused"), entry()), BUILT, A).refused == ()


def test_a_build_that_nobody_claimed_is_refused_beside_an_unfinished_upload_too() -> None:
    begun = entry("0.1.0", "uploading", commit=B)
    with pytest.raises(Failed) as refused:
        due(of(begun), BUILT, A)
    assert refused.value.code == "not-claimed"
    assert due(of(begun), None, A).uploads == (begun,)  # without a build, it is finished


@pytest.mark.parametrize("state", ["released", "given-up"])
def test_what_has_come_to_its_end_is_not_delivered(state: str) -> None:
    found = due(of(entry(state=state)), BUILT, A)
    assert found.own is not None
    assert (found.undelivered, found.uploads) == (None, ())


def test_a_claim_that_was_not_handed_on_waits() -> None:
    found = due(of(entry("0.1.0", "uploading", commit=B), entry()), None, A)
    assert (found.own, [one.version for one in found.uploads]) == (None, ["0.1.0"])


def test_an_upload_of_this_commit_is_its_own() -> None:
    own = entry(state="uploading")
    assert due(of(own), None, A).uploads == (own,)


@pytest.mark.parametrize(
    ("told", "manifest", "code"),
    [
        (of(), BUILT, "not-claimed"),
        (of(), None, "not-claimed"),
        (of(entry()), None, "no-manifest"),
        (of(entry()), Manifest("p", "0.1.2", A, (FILE,)), "not-claimed"),
        (of(entry()), Manifest("p", "0.1.1", B, (FILE,)), "not-claimed"),
        (of(entry(commit=B)), BUILT, "not-claimed"),
    ],
)
def test_what_nobody_claimed_is_not_deployed(told: object, manifest: Manifest | None, code: str) -> None:
    with pytest.raises(Failed) as refused:
        due(told, manifest, A)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_what_contains_a_release_supersedes_it() -> None:
    lost = entry(state="given-up", given_up="why")
    assert superseded(of(lost, entry("0.1.2", commit=B)), lost, later) == "0.1.2"
    assert containing(of(lost, entry("0.1.2", "given-up", commit=B)), lost, later) == ""
    assert superseded(of(entry()), entry(), later) == superseded(of(), None, later) == ""
    assert containing(of(lost, entry("0.1.2", commit=B), entry("0.1.3", commit=B)), lost, later) == "0.1.3"
    assert containing(of(entry(state="uploading")), entry(), later) == ""  # not by itself
    with pytest.raises(Failed):
        superseded(of(lost, skips=(Skip("c" * 40, NOW, "of another past"),)), lost, later)
    by_hand = of(lost, skips=(Skip(B, NOW, "why"),))
    assert superseded(by_hand, lost, later) == "a decision by hand to skip it"
    with pytest.raises(Failed, match=r"0\.1\.1 was given up: why") as failed:
        superseded(of(lost), lost, later)
    assert failed.value.code == "version-given-up"
