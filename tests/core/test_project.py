import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import project
from mergeship.core.declaration import declared
from mergeship.core.project import Project
from mergeship.errors import Misconfigured

KEYS = st.sampled_from(
    ["project", "tool", "name", "version", "dynamic", "poetry", "hatch", "path", "setuptools", "pdm", "extras",
     "dependency-groups", "optional-dependencies", "versioneer", "build-system"]
)  # fmt: skip
TEXT = """\
[project]
name = "O_B.k"
version = "0.1.0"
[project.optional-dependencies]
Docs = []
Test = []
[dependency-groups]
dev = []
tests = []
"""


def gather(files: dict[str, str]) -> project.Source:
    return project.gather(files.get, "/here")


def test_a_project_is_described() -> None:
    source = gather({"pyproject.toml": TEXT, "uv.lock": ""})
    assert source.project.normalized == "o-b-k"
    assert source.project.extras == ("Docs", "Test")
    assert source.declared.version == "0.1.0"
    assert source.locked


def test_poetry_names_its_extras_elsewhere() -> None:
    source = gather({"pyproject.toml": '[tool.poetry]\nname = "p"\nversion = "1"\n[tool.poetry.extras]\ntest = []\n'})
    assert source.project.extras == ("test",)
    assert not source.locked


def test_a_version_in_another_file_is_read() -> None:
    text = '[project]\nname = "p"\ndynamic = ["version"]\n[build-system]\nbuild-backend = "hatchling.build"\n'
    text += '[tool.hatch.version]\npath = "p.py"\n'
    assert gather({"pyproject.toml": text, "p.py": '__version__ = "3.1"\n'}).declared.version == "3.1"
    with pytest.raises(Misconfigured, match=r"p\.py: it is to hold the version, and is no file"):
        gather({"pyproject.toml": text})


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({}, "not-a-project", "there is no pyproject.toml in /here"),
        ({"pyproject.toml": "[project\n"}, "broken-toml", "line 1, column 9"),
        ({"pyproject.toml": '[project]\nversion = "1"\n'}, "no-name", "no name"),
        ({"pyproject.toml": '[project]\nname = "é"\nversion = "1"\n'}, "bad-name", "é"),
        ({"pyproject.toml": "", "setup.py": ""}, "version-not-written", "setup.py:1: it does not call setup()"),
        ({"pyproject.toml": 'project = "x"'}, "version-not-written", "describes no project"),
    ],
)
def test_what_is_no_project_is_refused(files: dict[str, str], code: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        gather(files)
    assert refused.value.code == code
    assert words in refused.value.message


def described(extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Project:
    return Project("p", extras, groups)


def test_the_usual_test_extra_is_chosen() -> None:
    assert project.test_extras(described(("docs", "Tests")), None) == ("Tests",)
    assert project.test_extras(described(("docs",)), None) == ()
    assert project.test_extras(described(("docs", "T_e")), ("t-e", "docs")) == ("T_e", "docs")


def test_a_group_is_chosen_where_no_extra_is() -> None:
    assert project.test_groups(described(groups=("dev", "tests")), None, ()) == ("tests",)
    assert project.test_groups(described(groups=("dev",)), None, ("test",)) == ()
    assert project.test_groups(described(groups=("dev",)), ("dev",), ("test",)) == ("dev",)


def test_an_extra_that_is_not_there_is_named() -> None:
    with pytest.raises(Misconfigured, match="no extra 'tset'") as refused:
        project.test_extras(described(("test",)), ("tset",))
    assert refused.value.hint == "it has: test"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, json_like))
def test_whatever_the_tables_hold_it_is_described_or_refused(document: dict[str, object]) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='p', version='0.1.0')\n"}
    try:
        found = project.describe(document, files.get)
        declared(document, "", files.get, (), "/here")
    except Misconfigured:
        return
    assert found.name
