import pytest

from mergeship.core.skip_marker import skip_marker


@pytest.mark.parametrize(
    "marker", ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]", "[Skip CI]"]
)
def test_a_marker_counts_wherever_it_stands(marker: str) -> None:
    """G4"""
    for message in (f"feat: x {marker} (#1)", f"feat: x\n\nWe document `{marker}` here.\n\n- [x] Deployment PR"):
        assert skip_marker(message) == marker


@pytest.mark.parametrize("end", ["", "\n", "\nCo-authored-by: a <b@c>"])
def test_a_trailer_counts_at_the_end(end: str) -> None:
    """G4"""
    assert skip_marker(f"feat: x\r\n\r\n\r\nskip-checks: true{end}") == "skip-checks: true"
    assert skip_marker(f"feat: x\n\n\nskip-checks:true{end}") == "skip-checks:true"
    assert skip_marker(f"feat: x\n\nskip-checks: true\n\nmore{end}") == ""


@pytest.mark.parametrize(
    "message", ["", "feat: x", "[skip-ci]", "skip ci", "[deploy]", "[ci] skip", "do not skip-checks: true"]
)
def test_anything_else_is_none(message: str) -> None:
    assert skip_marker(message) == ""
