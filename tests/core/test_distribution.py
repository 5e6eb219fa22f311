import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import distribution
from mergeship.core.distribution import Distribution, Manifest
from mergeship.errors import Failed

WHEEL = Distribution("obk-0.1.1-py3-none-any.whl", 10, "a" * 64)
SDIST = Distribution("obk-0.1.1.tar.gz", 20, "b" * 64)
MANIFEST = Manifest("obk", "0.1.1", "c" * 40, (WHEEL, SDIST))

files = st.builds(
    Distribution, st.text(min_size=1), st.integers(0, 2**40), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
)


@given(st.builds(Manifest, st.text(), st.text(), st.text(), st.lists(files).map(tuple)))
def test_a_manifest_comes_back_as_it_was(manifest: Manifest) -> None:
    assert distribution.decode(distribution.encode(manifest).encode()) == manifest


def test_a_manifest_is_readable() -> None:
    document = json.loads(distribution.encode(MANIFEST))
    assert document["files"][0] == {"name": WHEEL.name, "size": 10, "sha256": "a" * 64}
    assert document["commit"] == "c" * 40


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"project": 1}', b"[]"])
def test_anything_else_is_no_manifest(text: bytes) -> None:
    with pytest.raises(Failed, match="cannot be read"):
        distribution.decode(text)


def test_a_newer_schema_is_refused() -> None:
    newer = distribution.encode(MANIFEST).replace('"schema": 1', '"schema": 2')
    with pytest.raises(Failed, match="schema 2"):
        distribution.decode(newer.encode())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([WHEEL], "obk-0.1.1.tar.gz is missing"),
        ([WHEEL, SDIST, Distribution("x.whl", 1, "")], "x.whl was not built here"),
        ([WHEEL, Distribution(SDIST.name, 20, "d" * 64)], "was built with bbbb"),
        ([WHEEL, Distribution(SDIST.name, 21, "b" * 64)], "was built with bbbb"),
    ],
)
def test_a_difference_is_a_problem(found: list[Distribution], words: str) -> None:
    assert words in "; ".join(distribution.problems(MANIFEST, found))


def test_equal_files_are_no_problem() -> None:
    assert distribution.problems(MANIFEST, [SDIST, WHEEL]) == []


def test_an_empty_release_is_a_problem() -> None:
    assert distribution.problems(Manifest("p", "1", "c", ()), []) == ["mergeship.json lists no file"]


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("o_b_k-0.1.1-py3-none-any.whl", ""),
        ("o_b_k-0.1.1-cp311-cp311-manylinux_2_28_x86_64.whl", ""),
        ("o_b_k-0.1.1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", ""),
        ("o_b_k-0.1.1-cp311-cp311-macosx_11_0_arm64.whl", ""),
        ("o_b_k-0.1.1-cp311-cp311-win_amd64.whl", ""),
        ("o_b_k-0.1.1-cp311-cp311-linux_x86_64.whl", "platform tag 'linux_x86_64'"),
        ("o_b_k-0.1.1-cp311-cp311-macosx_11_3_arm64.whl", "platform tag"),
        ("o_b_k-0.1.2-py3-none-any.whl", "is of version 0.1.2"),
        ("O.B.K-0.1.1-py3-none-any.whl", "normalized project name 'o_b_k'"),
        ("other-0.1.1-py3-none-any.whl", "normalized project name"),
        ("nonsense.whl", "wheel filename"),
    ],
)
def test_a_wheel_s_name_is_judged_as_pypi_does(filename: str, words: str) -> None:
    problem = distribution.wheel_problem(filename, "O.B-k", "0.1.1")
    assert words in problem.replace("Invalid wheel filename", "wheel filename")
    assert bool(problem) == bool(words)


def test_an_sdist_has_one_name() -> None:
    assert distribution.sdist_name("O.B-k", "0.1.01") == "o_b_k-0.1.1.tar.gz"
    assert distribution.is_distribution("x.tar.gz")
    assert not distribution.is_distribution("mergeship.json")
