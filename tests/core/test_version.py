import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from mergeship.core.version import bump_patch, next_version
from mergeship.errors import Held


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.1.0", "0.1.1"),
        ("0.1", "0.1.1"),
        ("1", "1.0.1"),
        ("1.2.3.4", "1.2.4"),
        ("0.2.0rc1", "0.2.0"),
        ("0.2.0.dev3", "0.2.0"),
        ("0.2.0.post1", "0.2.1"),
        ("0.2.0.post1.dev2", "0.2.1"),
        ("0.2.0+local", "0.2.1"),
        ("1!0.2.0", "1!0.2.1"),
        ("1!0.2.0a1", "1!0.2.0"),
        ("2024.1", "2024.1.1"),
    ],
)
def test_the_patch_is_raised(before: str, after: str) -> None:
    assert bump_patch(Version(before)) == Version(after)


@pytest.mark.parametrize(
    ("declared", "published", "tags", "expected", "reason"),
    [
        ("0.1.0", [], [], "0.1.1", "nothing was released yet"),
        ("0.1.0", ["0.1.1"], [], "0.1.2", "the index has 0.1.1"),
        ("0.1.0", ["0.1.1", "0.1.10", "0.1.9"], [], "0.1.11", "the index has 0.1.10"),
        ("0.1.0", ["0.1.1"], ["v0.1.5", "nightly", "v-broken"], "0.1.6", "there is a tag v0.1.5"),
        ("0.1.0", [], ["obk-0.1.2", "obk/v0.1.3", "release-0.1.4"], "0.1.5", "there is a tag release-0.1.4"),
        ("0.2.0", ["0.1.9"], [], "0.2.0", "above all that was used"),
        ("0.1.0", ["0.1.1", "not a version"], [], "0.1.2", "the index has 0.1.1"),
        ("1.0.0", ["1.0.0"], [], "1.0.1", "the index has 1.0.0"),
        ("1.2.0", ["1.1.0"], ["nightly-20240101", "ubuntu-22.04", "other-9.0", "x/v9", "v", "-"], "1.2.0", "declared"),
        ("0.1.0", ["0.1.1"], ["OBK_0.1.3", "obk@v0.1.4"], "0.1.5", "there is a tag obk@v0.1.4"),
        ("0.2.0.dev0", ["0.1.9"], [], "0.2.0", "leads there"),
        ("0.2.0+local", ["0.1.9"], [], "0.2.0", "above all that was used"),
        ("0.2.0rc1", ["0.1.9"], [], "0.2.0rc1", "above all that was used"),
    ],
)
def test_the_next_version_is_above_everything(
    declared: str, published: list[str], tags: list[str], expected: str, reason: str
) -> None:
    following = next_version("obk", declared, published, tags)
    assert following.version == expected
    assert reason in "; ".join(following.reasons)


@pytest.mark.parametrize(("published", "tags"), [(["2024.1"], []), ([], ["v1.0.0"]), ([], ["v1!0.1"])])
def test_0x_is_never_left_by_accident(published: list[str], tags: list[str]) -> None:
    with pytest.raises(Held, match=r"would leave 0\.x") as held:
        next_version("obk", "0.3.0", published, tags)
    assert (published + tags)[0] in held.value.message


numbers = st.integers(0, 30)
zero_versions = st.builds(
    lambda minor, patch, suffix: f"0.{minor}.{patch}{suffix}",
    numbers,
    numbers,
    st.sampled_from(["", "a1", "rc2", ".post1", ".dev4"]),
)


@given(zero_versions, st.lists(zero_versions), st.lists(zero_versions))
def test_the_next_version_is_fresh_and_stays_below_one(declared: str, published: list[str], tagged: list[str]) -> None:
    following = Version(next_version("obk", declared, published, [f"v{tag}" for tag in tagged]).version)
    assert all(following > Version(used) for used in published + tagged)
    assert following >= Version(declared)
    assert following.major == 0


@given(zero_versions)
def test_a_bump_is_always_greater(text: str) -> None:
    assert bump_patch(Version(text)) > Version(text)
