import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version

from mergeship.core.listing import Listing, Published
from mergeship.core.version import PARTS, BumpRequest, Part, Used, next_version, raised, tagged
from mergeship.errors import Held, Misconfigured
from tests.core.bumps import NEXT


def used(*versions: str) -> list[Used]:
    return Listing(tuple(map(Published, versions))).used


@pytest.mark.parametrize(
    ("before", "patch", "minor", "major"),
    [
        ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
        ("1.2", "1.2.1", "1.3.0", "2.0.0"),
        ("1", "1.0.1", "1.1.0", "2.0.0"),
        ("1.2.3.4", "1.2.4", "1.3.0", "2.0.0"),
        ("2024.1", "2024.1.1", "2024.2.0", "2025.0.0"),
        ("1.2.0rc1", "1.2.0", "1.2.0", "2.0.0"),
        ("1.2.3rc1", "1.2.3", "1.3.0", "2.0.0"),
        ("2.0.0a1", "2.0.0", "2.0.0", "2.0.0"),
        ("1.2.0.dev3", "1.2.0", "1.2.0", "2.0.0"),
        ("1.2.0a1.dev3", "1.2.0", "1.2.0", "2.0.0"),
        ("1.2.0.post1", "1.2.1", "1.3.0", "2.0.0"),
        ("1.2.0.post1.dev2", "1.2.1", "1.3.0", "2.0.0"),
        ("0.0.0.1a1", "0.0.0.1", "0.1.0", None),
        ("1.2.0+local", "1.2.1", "1.3.0", "2.0.0"),
        ("1!1.2.0", "1!1.2.1", "1!1.3.0", "1!2.0.0"),
        ("1!1.2.0a1", "1!1.2.0", "1!1.2.0", "1!2.0.0"),
    ],
)
def test_each_part_is_raised(before: str, patch: str, minor: str, major: str | None) -> None:
    assert (raised(before), raised(before, "minor")) == (patch, minor)
    assert major is None or raised(before, "major") == major


def test_a_major_version_is_no_way_out_of_0x() -> None:
    with pytest.raises(Held, match=r"a major version after 0\.3\.0 would leave 0\.x") as held:
        raised("0.3.0", "major")
    assert "--leave-0x" in held.value.hint


@pytest.mark.parametrize(("declared", "published", "expected"), NEXT)
def test_the_next_version_is_above_what_the_index_has(declared: str, published: list[str], expected: str) -> None:
    assert next_version(declared, used(*published)).version == expected


@pytest.mark.parametrize(
    ("declared", "published", "part", "expected", "reason"),
    [
        ("0.1.0", [], "patch", "0.1.1", "0.1.0 is declared, and no release is known"),
        ("0.1.0", [], "minor", "0.2.0", "0.1.0 is declared, and no release is known"),
        ("0.1.0", ["0.1.1"], "minor", "0.2.0", "the index has 0.1.1; 0.1.0 is declared"),
        ("0.1.9", ["0.1.6"], "minor", "0.2.0", "the index has 0.1.6; 0.1.9 is declared"),
        ("0.2.0", ["0.1.6"], "minor", "0.2.0", "0.2.0 is declared, above all that was used: the index has 0.1.6"),
        ("0.2", ["0.1.6"], "minor", "0.2", "0.2 is declared, above all that was used: the index has 0.1.6"),
        ("0.2.0rc1", ["0.1.6"], "minor", "0.2.0rc1", "above all that was used"),
        ("0.2.0.dev1", ["0.1.6"], "patch", "0.2.0", "0.2.0.dev1 is declared, and leads there"),
        ("1.4.0", ["1.2.0"], "major", "2.0.0", "the index has 1.2.0"),
        ("1.0.0", ["0.9.0"], "patch", "1.0.0", "1.0.0 is declared, above all that was used: the index has 0.9.0"),
        (None, [], "patch", "0.1.0", "no release is known"),
        (None, ["0.3.4"], "patch", "0.3.5", "the index has 0.3.4"),
        (None, ["0.3.4"], "minor", "0.4.0", "the index has 0.3.4"),
        (None, ["2.3.4"], "major", "3.0.0", "the index has 2.3.4"),
    ],
)
def test_the_reasons_come_along(
    declared: str | None, published: list[str], part: Part, expected: str, reason: str
) -> None:
    following = next_version(declared, used(*published), BumpRequest(part))
    assert following.version == expected
    assert reason in "; ".join(following.reasons)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("v0.1.5", "0.1.5"), ("V0.1.5", "0.1.5"), ("v.0.1.5", "0.1.5"), ("0.1.5", "0.1.5"), ("0.1.5rc1", "0.1.5rc1"),
        ("v0.1.5-rc1", "0.1.5-rc1"), ("v0.1.5-1", "0.1.5-1"), ("v1!0.1", "1!0.1"), ("obk-0.1.2", "0.1.2"),
        ("obk/v0.1.3", "0.1.3"), ("OBK_0.1.3", "0.1.3"), ("obk@v0.1.4", "0.1.4"), ("o.b-k-0.1", None),
        ("packages/obk/v0.5.0", "0.5.0"), ("@s/obk@0.5.0", "0.5.0"), ("version-0.5.0", "0.5.0"),
        ("releases/v0.5", "0.5"),
        ("release-0.1.4", "0.1.4"), ("release/v0.1.4", "0.1.4"), ("rel_0.1", "0.1"), ("v2024.1", "2024.1"),
        ("nightly", None), ("nightly-20240101", None), ("ubuntu-22.04", None), ("other-9.0", None), ("x/v9", None),
        ("v", None), ("-", None), ("", None), ("v-broken", None), ("v1.2.x", None), ("obk-1.x", None),
        ("v\u0663.\u0661", None),
        ("v" + "9" * 5000, None),
        ("v0." + "9" * 62, "0." + "9" * 62), ("v0." + "9" * 63, None), ("v0." + "9" * 198, None),
    ],
)  # fmt: skip
def test_a_tag_of_this_project_gives_a_version(tag: str, expected: str | None) -> None:
    """T20: what follows a tag of any length would be no version, and the ledger unreadable."""
    assert [one.version for one in tagged("obk", [tag])] == ([] if expected is None else [expected])
    assert all(one.reason == f"there is a tag {tag}" for one in tagged("obk", [tag]))


def test_a_project_s_own_prefix_is_taken_off() -> None:
    assert [one.version for one in tagged("obk", ["rel_x_0.5.0", "v0.1"], "rel_x_")] == ["0.5.0", "0.1"]
    assert [one.version for one in tagged("3dtools", ["3dtools-0.5.0", "3d-0.6"])] == ["0.5.0"]


def test_a_prefix_takes_nothing_off_a_name() -> None:
    assert [one.version for one in tagged("vobk", ["vobk-1.2.0", "v0.1", "version-0.3"], "v")] == [
        "1.2.0",
        "0.1",
        "0.3",
    ]


def test_an_epoch_counts() -> None:
    assert next_version("1!0.1.0", [], BumpRequest("minor")).version == "1!0.2.0"
    assert next_version("1!0.1.0", used("0.5.0"), BumpRequest("minor")).version == "1!0.1.0"


def test_without_a_declaration_the_highest_release_decides_what_the_project_is() -> None:
    tags = tagged("obk", ["v0.9.0", "v1.0.0"])
    assert next_version(None, tags).version == "1.0.1"
    assert next_version(None, [*used("0.9.0", "1.0.0"), *tags]).version == "1.0.1"
    with pytest.raises(Held, match=r"the index has 0\.9\.0, but there is a tag v1\.0\.0"):
        next_version(None, [*used("0.9.0"), *tags])


def test_a_longer_name_may_hold_separators() -> None:
    assert [one.version for one in tagged("my-long-name", ["My_Long.name-v0.3", "my-0.4", "my-long-name/0.5"])] == [
        "0.3",
        "0.5",
    ]


@pytest.mark.parametrize(("declared", "versions"), [("0.3.0", ["2024.1"]), ("0.3.0", ["0.1", "1!0.1"])])
def test_0x_is_never_left_by_accident(declared: str | None, versions: list[str]) -> None:
    with pytest.raises(Held, match=r"would leave 0\.x") as held:
        next_version(declared, used(*versions))
    assert f"the index has {versions[-1]}" in held.value.message
    with pytest.raises(Held, match=r"would leave 0\.x"):
        next_version(declared, used(*versions), BumpRequest(to="0.4.0"))


@pytest.mark.parametrize(
    ("declared", "published", "to", "expected"),
    [
        ("0.1.0", [], "0.1.0", "0.1.0"),
        ("0.1.0", ["0.1.1"], "0.3.0rc1", "0.3.0rc1"),
        ("0.1.0", ["0.1.1"], "v0.3", "0.3"),
        ("1.1.0", ["1.1.1"], "2.0", "2.0"),
        (None, ["0.1"], "0.2", "0.2"),
        (None, ["1.1"], "2", "2"),
    ],
)
def test_a_version_can_be_asked_for(declared: str | None, published: list[str], to: str, expected: str) -> None:
    following = next_version(declared, used(*published), BumpRequest(to=to))
    assert following.version == expected
    assert following.reasons[0] == "it was asked for"


@pytest.mark.parametrize(
    ("declared", "published", "asked", "words"),
    [
        ("0.1.0", ["0.1.6"], BumpRequest(to="0.1.6"), "0.1.6 is not above what was used: the index has 0.1.6"),
        ("0.1.0", ["0.1.6"], BumpRequest(to="0.1.6rc1"), "is not above what was used"),
        ("0.2.0", [], BumpRequest(to="0.1.9"), "0.1.9 is below 0.2.0, which is declared"),
        ("0.2.0", [], BumpRequest(to="1.0.0"), "1.0.0 would leave 0.x"),
        ("0.2.0", [], BumpRequest(to="1!0.1"), "1!0.1 would leave 0.x"),
        (None, [], BumpRequest(to="1.0.0"), "1.0.0 would leave 0.x"),
    ],
)
def test_a_version_that_cannot_be_had_is_a_hold(
    declared: str | None, published: list[str], asked: BumpRequest, words: str
) -> None:
    with pytest.raises(Held) as held:
        next_version(declared, used(*published), asked)
    assert words in held.value.message
    assert held.value.hint


def test_0x_is_left_on_purpose() -> None:
    request = BumpRequest(to="1.0.0", leave_0x=True)
    assert next_version("0.9.1", used("0.9.1"), request).version == "1.0.0"
    assert next_version("0.9.1", used("0.9.1", "1.0.0rc1"), request).version == "1.0.0"
    with pytest.raises(Held, match="is not above what was used: the index has 2024"):
        next_version("0.9.1", used("2024.1"), request)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (BumpRequest(leave_0x=True), "--leave-0x goes with --to"),
        (BumpRequest(to="0.9", leave_0x=True), "0.9 does not leave 0.x"),
        (BumpRequest(to="next"), "--to 'next' is not a version"),
        (BumpRequest(to="0.2+local"), "an index takes no local version"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(asked: BumpRequest, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        next_version("0.1.0", [], asked)
    assert words in refused.value.message


numbers = st.integers(0, 30)
suffixes = st.sampled_from(["", "a1", "rc2", ".post1", ".dev4", "a1.dev2", ".post1.dev3", "+local"])
zero_versions = st.builds(lambda minor, patch, suffix: f"0.{minor}.{patch}{suffix}", numbers, numbers, suffixes)
versions = st.builds(
    lambda epoch, release, suffix: f"{epoch}{'.'.join(map(str, release))}{suffix}",
    st.sampled_from(["", "1!"]),
    st.lists(numbers, min_size=1, max_size=5),
    suffixes,
)


@given(st.none() | zero_versions, st.lists(zero_versions), st.lists(zero_versions), st.sampled_from(PARTS[:2]))
def test_the_next_version_is_fresh_and_stays_below_one(
    declared: str | None, published: list[str], tags: list[str], part: Part
) -> None:
    taken = [*used(*published), *tagged("obk", [f"v{tag}" for tag in tags])]
    following = Version(next_version(declared, taken, BumpRequest(part)).version)
    assert all(following > Version(one) for one in published + tags)
    assert declared is None or following >= Version(Version(declared).public)
    assert following.major == 0
    assert following.local is None
    assert not following.is_devrelease


@given(versions, st.sampled_from(PARTS))
def test_a_bump_is_always_greater_and_final(text: str, part: Part) -> None:
    version = Version(text)
    if part == "major":
        assume(version.major or version.epoch)
    after = Version(raised(text, part))
    assert after.epoch == version.epoch
    assert not after.is_prerelease
    assert after > version


@given(st.lists(versions, min_size=1), st.sampled_from(PARTS))
def test_without_a_declaration_it_is_the_bump_of_the_highest(texts: list[str], part: Part) -> None:
    assume(all(Version(text).major or Version(text).epoch for text in texts))
    highest = max(texts, key=Version)
    assert next_version(None, used(*texts), BumpRequest(part)).version == raised(highest, part)
