import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import declaration
from mergeship.core.declaration import Declaration
from mergeship.errors import Misconfigured

PROJECT = Declaration("pyproject.toml", "project")
POETRY = Declaration("pyproject.toml", "poetry")
HATCH = Declaration("src/p/__init__.py", "hatch")


CROWDED = """\
# version = "0.1.0"
[tool.x]
version = "0.1.0"
[project]
readme = '''
version = "0.1.0"
'''
version = "0.1.0" # the one
[tool.y]
requires = "0.1.0"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[project]\nname = "p"\nversion = "0.1.0"\n', PROJECT),
        ('[tool.poetry]\nname = "p"\nversion = "0.1.0"\n', POETRY),
        ('[project]\nname = "p"\nversion = "0.1.0"\n[tool.poetry]\nversion = "9"\n', PROJECT),
        ('[project]\nname = "p"\ndynamic = ["version"]\n[tool.poetry]\nversion = "0.1.0"\n', POETRY),
        ('[project]\ndynamic = ["version"]\n[tool.hatch.version]\npath = "src/p/__init__.py"\n', HATCH),
    ],
)
def test_the_declaration_is_found(text: str, expected: Declaration) -> None:
    assert declaration.find(tomllib.loads(text), []) == expected


@pytest.mark.parametrize(
    ("text", "present", "words"),
    [
        ('[project]\nname = "p"\n', [], "has no version"),
        ("[build-system]\n", [], "describes no project"),
        ("[build-system]\n", ["setup.cfg", "setup.py"], "declared in setup.cfg"),
        ("[build-system]\n", ["setup.py"], "declared in setup.py"),
        (
            '[project]\ndynamic = ["version"]\n[tool.setuptools.dynamic]\nversion = {attr = "p.v"}\n',
            [],
            "[tool.setuptools.dynamic.version] attr = 'p.v'",
        ),
        ('[project]\ndynamic = ["version"]\n[tool.hatch.version]\nsource = "vcs"\n', [], "source = 'vcs'"),
        ('[project]\ndynamic = ["version"]\n[tool.hatch.version]\npath = "../x.py"\n', [], "path = '../x.py'"),
        ('[project]\ndynamic = ["version"]\n[tool.setuptools_scm]\n', [], "[tool.setuptools_scm]"),
        ('[project]\ndynamic = ["version"]\n[build-system]\nbuild-backend = "flit_core.buildapi"\n', [], "flit_core"),
        ('[project]\ndynamic = ["version"]\n', [], "left to the build backend"),
        ('[project]\ndynamic = ["version"]\n[tool]\nhatch = 3\nversioneer = 4\n', [], "[tool.versioneer]"),
        ("[project]\ndynamic = 3\n", [], "has no version"),
    ],
)
def test_what_cannot_be_written_is_named(text: str, present: list[str], words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        declaration.find(tomllib.loads(text), present)
    assert words in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("where", "text", "words"),
    [
        (PROJECT, '[project]\nversion = "one"\n', "not a version"),
        (PROJECT, "[project]\nversion = 1.0\n", "not a text"),
        (HATCH, "version = 1\n", "has no line __version__"),
        (HATCH, "__version__ = 'x'\n", "not a version"),
    ],
)
def test_a_bad_version_is_named(where: Declaration, text: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        declaration.read(where, text)


@pytest.mark.parametrize(
    ("where", "before", "after"),
    [
        (PROJECT, '[project]\nversion = "0.1.0"\n', '[project]\nversion = "0.1.1"\n'),
        (PROJECT, "[project]\r\nversion='0.1.0' # here\r\n", "[project]\r\nversion='0.1.1' # here\r\n"),
        (PROJECT, 'project = { name = "p", version = "0.1.0" }', 'project = { name = "p", version = "0.1.1" }'),
        (PROJECT, 'project.version = "0.1.0"\n', 'project.version = "0.1.1"\n'),
        (
            PROJECT,
            CROWDED,
            CROWDED.replace('version = "0.1.0" # the one', 'version = "0.1.1" # the one'),
        ),
        (
            POETRY,
            '[tool.poetry]\nversion = "0.1.0"\n[tool.poetry.dependencies]\nx = {version = "0.1.0"}\n',
            '[tool.poetry]\nversion = "0.1.1"\n[tool.poetry.dependencies]\nx = {version = "0.1.0"}\n',
        ),
        (
            HATCH,
            '"""p"""\n__version__ = "0.1.0"\nOTHER = "0.1.0"\n',
            '"""p"""\n__version__ = "0.1.1"\nOTHER = "0.1.0"\n',
        ),
        (HATCH, "VERSION: str = 'v0.1.0'", "VERSION: str = 'v0.1.1'"),
    ],
)
def test_only_the_declared_version_is_rewritten(where: Declaration, before: str, after: str) -> None:
    text, edit = declaration.rewrite(where, before, "0.1.1")
    assert text == after
    assert edit.before != edit.after
    assert before.splitlines()[edit.line - 1] == edit.before
    assert after.splitlines()[edit.line - 1] == edit.after


def test_a_version_that_is_not_written_out_is_refused() -> None:
    with pytest.raises(Misconfigured, match="not written out"):
        declaration.rewrite(PROJECT, '[project]\nversion = "\\u0030.1.0"\n', "0.1.1")


def test_the_label_says_where() -> None:
    assert HATCH.label == "__version__ in src/p/__init__.py"
    assert PROJECT.label == "[project] version in pyproject.toml"


@given(
    st.lists(
        st.sampled_from(['# "0.1.0"', 'a = "0.1.0"', "b = ['0.1.0', \"0.1.0\"]", "", "c = '''\n\"0.1.0\"\n'''"]),
        unique=True,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.from_regex(r"0\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
)
def test_whatever_stands_around_it_only_the_version_changes(around: list[str], newline: str, version: str) -> None:
    text = newline.join([*around, "[project]", 'name = "0.1.0"', 'version = "0.1.0"', "[tool.z]", *around, ""])
    written, _ = declaration.rewrite(PROJECT, text, version)
    assert declaration.read(PROJECT, written) == version
    before, after = tomllib.loads(text), tomllib.loads(written)
    assert before["project"].pop("version") == "0.1.0"
    after["project"].pop("version")
    assert before == after
    assert len(written) == len(text) - len("0.1.0") + len(version)
