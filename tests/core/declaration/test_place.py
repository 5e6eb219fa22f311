import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.declaration.place import PYPROJECT, Place, read, rewrite
from mergeship.core.declaration.toml_value import CargoValue, TomlValue
from mergeship.errors import Misconfigured

PROJECT = Place(PYPROJECT, "[project] version", TomlValue("project", "version"))
CRATE = Place("Cargo.toml", "[package] version", CargoValue("package", "version"))

CROWDED = """\
# version = "0.1.0"
[tool.x]
version = "0.1.0"
nan = nan
[project]
readme = '''
version = "0.1.0"
'''
version = "0.1.0" # the one
[tool.y]
requires = "0.1.0"
"""


def test_only_the_declared_version_is_rewritten() -> None:
    text, edit = rewrite(PROJECT, CROWDED, "0.1.1")
    assert text == CROWDED.replace('version = "0.1.0" # the one', 'version = "0.1.1" # the one')
    assert edit == (PYPROJECT, 9, 'version = "0.1.0" # the one', 'version = "0.1.1" # the one')
    assert math.isnan(tomllib.loads(text)["tool"]["x"]["nan"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[project]\nversion = "one"\n', "[project] version in pyproject.toml is 'one', which is not a version"),
        ("[project]\nversion = 1.0\n", "not a text"),
        ("[project\n", "not valid TOML"),
        ("[project]\n", "there is no project.version"),
        ("project = 1\n", "there is no project.version"),
        ("x = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_bad_version_is_named(text: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(PROJECT, text)
    assert words in refused.value.message


def test_a_version_that_is_not_in_one_piece_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"is 0\.1\.0, but not written out in one piece"):
        rewrite(PROJECT, '[project]\nversion = "\\u0030.1.0"\nx = "0.1.0"\n', "0.1.1")


def test_a_version_that_would_break_the_file_is_not_written() -> None:
    with pytest.raises(Misconfigured, match="not written out in one piece"):
        rewrite(PROJECT, '[project]\nversion = "0.1.0"\n', '0.1.1"')


@pytest.mark.parametrize(
    ("version", "spelled"),
    [
        ("0.2.0", "0.2.0"),
        ("0.2", "0.2.0"),
        ("1", "1.0.0"),
        ("0.2.0a1", "0.2.0-alpha.1"),
        ("0.2.0b2", "0.2.0-beta.2"),
        ("0.2.0rc3", "0.2.0-rc.3"),
        ("0.2.0.dev4", "0.2.0-dev.4"),
    ],
)
def test_a_crate_s_version_is_a_semantic_one(version: str, spelled: str) -> None:
    text, _ = rewrite(CRATE, '[package]\nversion = "0.1.0"\n', version)
    assert text == f'[package]\nversion = "{spelled}"\n'
    assert read(CRATE, text).version == spelled


@pytest.mark.parametrize("version", ["0.2.0.post1", "1!0.2.0", "0.2.0.1", "0.2.0rc1.dev2", "0.2.0+x"])
def test_what_no_crate_can_have_is_refused(version: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be written as a version of a Rust crate") as refused:
        rewrite(CRATE, '[package]\nversion = "0.1.0"\n', version)
    assert refused.value.code == "version-not-writable"


@given(
    st.lists(
        st.sampled_from(['# "0.1.0"', 'a = "0.1.0"', "b = ['0.1.0', \"0.1.0\"]", "", "c = '''\n\"0.1.0\"\n'''"]),
        unique=True,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.from_regex(r"0\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
)
def test_whatever_stands_around_it_only_the_version_changes(
    around: list[str], newline: str, mark: str, version: str
) -> None:
    lines = [*around, "[project]", 'name = "0.1.0"', 'version = "0.1.0"', "[tool.z]", *around, ""]
    text = mark + newline.join(lines)
    written, _ = rewrite(PROJECT, text, version)
    assert read(PROJECT, written).version == version
    before, after = tomllib.loads(text.removeprefix(mark)), tomllib.loads(written.removeprefix(mark))
    assert before["project"].pop("version") == "0.1.0"
    after["project"].pop("version")
    assert before == after
    assert len(written) == len(text) - len("0.1.0") + len(version)
