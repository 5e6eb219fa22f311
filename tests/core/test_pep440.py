import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from mergeship.core.pep440 import Numbers, comparable, is_version, same

plain = st.lists(st.integers(0, 30), min_size=1, max_size=5).map(lambda numbers: ".".join(map(str, numbers)))


@given(plain, plain)
def test_numbers_are_ordered_as_packaging_orders_them(one: str, other: str) -> None:
    first, second = Numbers(one), Numbers(other)
    assert (first < second, first == second, first > second) == (
        Version(one) < Version(other),
        Version(one) == Version(other),
        Version(one) > Version(other),
    )
    assert first != second or hash(first) == hash(second)
    assert first != one
    packaged = Version(one)
    for name in ("release", "epoch", "major", "public", "is_devrelease"):
        assert getattr(first, name) == getattr(packaged, name)
    assert str(first) == str(packaged)


@given(st.text(max_size=12) | plain)
def test_a_version_is_what_packaging_takes(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        assert not is_version(text)
    else:
        assert is_version(text)


@pytest.mark.parametrize("text", ["", "1.", ".1", "1..2", "\u0661", "1_2", "9" * 5000, "1." * 5000, "x"])
def test_what_is_no_version_is_none(text: str) -> None:
    assert not is_version(text)


def test_one_that_is_more_than_numbers_makes_all_of_them_packaging_s() -> None:
    assert {type(one).__name__ for one in comparable(["1.0", "2"])} == {"Numbers"}
    assert {type(one).__name__ for one in comparable(["1.0", "2rc1"])} == {"Version"}
    assert same("1.0", " 1.0.0 ")
    assert not same("1.0rc1", "1.0")
