"""What cannot be written is refused, with the file, the line, and what to do."""

import pytest

from mergeship.core.project import identify
from mergeship.core.toml import parse
from mergeship.errors import Misconfigured
from tests.core.declaration.kinds import DYNAMIC, SETUP, pyproject, read_all, setup_cfg, setuptools
from tests.core.declaration.kinds import hatch as hatch_project

Files = dict[str, str]


def dynamic(backend: str, rest: str = "") -> str:
    return pyproject(backend, [], f"{DYNAMIC}\n{rest}")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pyproject.toml": '[project]\nname = "p"\n'}, "pyproject.toml:1: it has neither version"),
        ({"pyproject.toml": '[project]\nname = "p"\ndynamic = 3\n'}, "it has neither version"),
        ({"pyproject.toml": "[tool.black]\n"}, "pyproject.toml: it describes no project"),
        ({"pyproject.toml": "[project]\nversion = 1.0\n"}, "pyproject.toml: project.version is 1.0, not a text"),
        ({"pyproject.toml": '[project]\nversion = "one"\n'}, "is 'one', which is not a version"),
        ({"pyproject.toml": dynamic("uv_build")}, "left to the build backend uv_build"),
        ({"pyproject.toml": dynamic("hatchling.build")}, "hatch's version source 'regex' computes"),
        (hatch_project('source = "code"\npath = "x.py"', {}), "version source 'code' computes"),
        (hatch_project('source = "env"\nvariable = "X"', {}), "version source 'env' computes"),
        (hatch_project("path = 3", {}), "version source 'regex' computes"),
        (hatch_project('path = "x.py"', {}), "x.py: it is to hold the version, and is no file of the project"),
        (hatch_project('path = "../x.py"', {"../x.py": "__version__ = '1'"}), "../x.py: it is to hold"),
        (hatch_project('path = "x.py"', {"x.py": "version = 1\n"}), "x.py: nothing matches the pattern"),
        (hatch_project('path = "x.py"\npattern = "("', {"x.py": ""}), "cannot be used: missing )"),
        (hatch_project('path = "x.py"\npattern = "V"', {"x.py": "V"}), "cannot be used: no such group"),
        ({"pyproject.toml": dynamic("pdm.backend", '[tool.pdm.version]\nsource = "call"\n')}, "source 'call' computes"),
        ({"pyproject.toml": dynamic("pdm.backend")}, "source '' computes"),
        ({"pyproject.toml": dynamic("flit_core.buildapi")}, "the module pkg, which holds the version, does not exist"),
        ({"pyproject.toml": dynamic("flit_core.buildapi").replace('name = "pkg"\n', "")}, "does not name the module"),
        (
            {"pyproject.toml": dynamic("flit_core.buildapi"), "pkg.py": "import x\n__version__ = x.y(1)\n"},
            "pkg.py: __version__ is not assigned at the top",
        ),
        (
            {"pyproject.toml": dynamic("flit_core.buildapi"), "pkg/__init__.py": "", "pkg/version.py": "__version__ = 1"},
            "pkg/version.py:1: __version__ is computed: 1",
        ),
        (
            {"pyproject.toml": dynamic("flit_core.buildapi"), "pkg/__init__.py": "__version__ = 1", "pkg/version.py": "__version__ = 2"},
            "pkg/__init__.py:1: __version__ is computed: 1",
        ),
        ({"pyproject.toml": dynamic("flit_core.buildapi"), "pkg.py": "a.__version__ = '1'\n(__version__, b) = '1', '2'"}, "__version__ is not assigned at the top"),
        ({"pyproject.toml": dynamic("maturin")}, "Cargo.toml, which holds the version, does not exist"),
        ({"pyproject.toml": dynamic("maturin"), "Cargo.toml": "[package]\n"}, "Cargo.toml: there is no package.version"),
        ({"pyproject.toml": dynamic("maturin"), "Cargo.toml": "package = 3\n"}, "there is no package.version"),
        ({"pyproject.toml": dynamic("maturin"), "Cargo.toml": "[package\n"}, "Cargo.toml is not valid TOML"),
        (
            {"pyproject.toml": dynamic("maturin"), "Cargo.toml": "[package]\nversion.workspace = true\n", "../Cargo.toml": "["},
            "Cargo.toml:2: no workspace above it gives the version",
        ),
        ({"pyproject.toml": "[tool.uv.workspace]\nmembers = ['a', 'b/*']\n"}, "pyproject.toml:1: it is a workspace's top, and no project: name a member (a, b/*)"),
        ({"pyproject.toml": "[tool.poetry]\npackage-mode = false\n"}, "pyproject.toml:2: package-mode is false: poetry builds nothing"),
        ({"pyproject.toml": "[tool.ruff]\n"}, "pyproject.toml: it describes no project: it has no [project] table"),
        ({"pyproject.toml": dynamic("flit_core.buildapi"), "pkg.py": "try:\n    __version__ = '1'\nexcept X:\n    __version__ = '2'\n"}, "pkg.py: __version__ is not assigned at the top of the module"),
        ({"pyproject.toml": dynamic("mesonpy")}, "there is no meson.build"),
        ({"pyproject.toml": dynamic("mesonpy"), "meson.build": "x = 1\nproject('p')"}, "meson.build:1: it does not begin"),
        ({"pyproject.toml": dynamic("mesonpy"), "meson.build": "project('p'"}, "meson.build:1: the brackets"),
        ({"pyproject.toml": dynamic("mesonpy"), "meson.build": "project('p', 'c')"}, "is given no version"),
        (
            {"pyproject.toml": dynamic("mesonpy"), "meson.build": "project('p',\n version: run_command('x', '1'))"},
            "meson.build:2: version is computed: run_command('x','1')",
        ),
        ({"pyproject.toml": dynamic("mesonpy"), "meson.build": "project('p', version: '1.\\x30')"}, "is computed"),
        (
            {"pyproject.toml": pyproject("poetry.core.masonry.api", [], '[tool.poetry]\nversion = "0"\n[tool.poetry-dynamic-versioning]\nenable = true\n')},
            "build-backend is not its own",
        ),
        ({"pyproject.toml": dynamic("sipbuild.api")}, "left to the build backend sipbuild.api"),
        ({"pyproject.toml": dynamic("setuptools.build_meta")}, "pyproject.toml:8: nothing beside it says"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n', {}), "none of src/pkg.py, src/pkg/__init__.py, pkg.py, pkg/__init__.py exists"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "v" }}\n', {"__init__.py": "a = 1"}), "__init__.py: there is no v = …"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n', {"pkg.py": "v = (1, 2)"}), "pkg.py:1: v is computed: (1, 2)"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n', {"pkg.py": "print 1"}), "pkg.py:1: not Python 3"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n', {"pkg.py": "\0"}), "pkg.py: not Python 3"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n', {"pkg.py": f"v = {'-' * 5000}1"}), "pkg.py: not Python 3"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = ["A", "B"] }}\n', {}), "put together of several files"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = "A" }}\n', {}), "A: it is to hold the version"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = "A" }}\n', {"A": " \n"}), "A: it is empty"),
        (setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = "A" }}\n', {"A": "0.1.0\n0.1.0\n"}), "which is not a version"),
        ({"setup.py": f"{SETUP}setup(version=read('VERSION'))\n"}, "setup.py:3: version is computed: read('VERSION')"),
        ({"setup.py": f"{SETUP}setup(**config())\n"}, "setup.py:3: setup() takes its arguments from **config()"),
        ({"setup.py": f"{SETUP}if x:\n    setup(version='1')\nelse:\n    setup(version='2')\n"}, "setup.py:6: it calls setup() more than once"),
        ({"setup.py": "main()\n"}, "setup.py:1: it does not call setup()"),
        ({"setup.py": f"{SETUP}setup(version=V)\n"}, "setup.py:3: version is computed: V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\nV += '.2'\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\ndef V(): pass\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\nfrom x import y as V\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\nexec(open('v.py').read())\nsetup(version=V)\n"}, "version may be changed by exec() in line 4"),
        ({"setup.py": f"{SETUP}V = '1'\nfrom v import *\nsetup(version=V)\n"}, "version may come from 'from v import *'"),
        ({"setup.py": f"{SETUP}V = f'{{x}}'\nsetup(version=V)\n"}, "V is computed"),
        ({"setup.py": "print 'x'\n"}, "setup.py:1: not Python 3"),
        ({"setup.py": f"{SETUP}setup()\n"}, "nothing beside it says"),
        ({"setup.py": f"{SETUP}setup()\n", "setup.cfg": "[metadata]\nname = p\n"}, "setup.cfg:1: it gives no version, nor does setup.py"),
        ({"setup.cfg": "[metadata]\nname = p\n"}, "setup.cfg:1: it gives no version, and there is no setup.py"),
        ({"setup.cfg": "[metadata\nname = p\n"}, "setup.cfg:1: File contains no section headers"),
        ({"setup.cfg": "[metadata]\nversion = 1\nversion = 2\n"}, "setup.cfg:3: While reading from"),
        ({"setup.cfg": setup_cfg("attr: p.v")}, "setup.cfg:3: none of"),
        ({"setup.cfg": setup_cfg("file: a, b")}, "a, b: it is to hold the version"),
        ({"setup.cfg": setup_cfg("find: p")}, "which is not a version"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_by_name(files: Files, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_all(files)
    assert words in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("terms", [400, 900])
def test_a_long_sum_is_computed_like_any_other(terms: int) -> None:
    """V32: and one beside the version is nobody's business."""
    long = "+".join(['"a"'] * terms)
    attr = f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.v" }}\n'
    for files in (setuptools(attr, {"pkg.py": f"v = {long}"}), {"setup.py": f"{SETUP}setup(version={long})\n"}):
        with pytest.raises(Misconfigured, match="is computed: a long expression"):
            read_all(files)
    assert read_all(setuptools(attr, {"pkg.py": f"w = {long}\nv = '0.1.0'"})).version == "0.1.0"
    beside = f"{SETUP}setup(version='0.1.0', name='p', extras_require={long}, install_requires={long})\n"
    assert read_all({"setup.py": beside}).version == "0.1.0"


def test_a_line_that_a_person_names_stands_in_for_what_is_computed() -> None:
    files = {"setup.py": f"{SETUP}setup(version=find())\n", "pkg.py": "__version__ = '0.3.0'\n"}
    with pytest.raises(Misconfigured) as refused:
        read_all(files)
    assert "[tool.mergeship] version-files = " in refused.value.hint
    found = read_all(files, "pkg.py: __version__ = '{version}'")
    assert found.version == "0.3.0"
    assert [place.path for place in found.places] == ["pkg.py"]


def test_a_backend_of_their_own_may_wrap_another() -> None:
    wrapped = 'build-backend = "hooks"\nbackend-path = ["."]'
    text = dynamic("hooks", '[tool.hatch.version]\npath = "v.py"\n').replace('build-backend = "hooks"', wrapped)
    assert read_all({"pyproject.toml": text, "v.py": "VERSION = '0.3'\n"}).version == "0.3"
    text = dynamic("hooks", '[tool.setuptools.dynamic]\nversion = { file = "VERSION" }\n')
    with pytest.raises(Misconfigured, match="left to the build backend hooks"):
        read_all({"pyproject.toml": text, "VERSION": "0.4"})
    text = text.replace('build-backend = "hooks"', wrapped)
    with pytest.raises(Misconfigured, match="left to the build backend hooks"):
        read_all({"pyproject.toml": dynamic("hooks").replace('build-backend = "hooks"', wrapped)})
    assert read_all({"pyproject.toml": text, "VERSION": "0.4"}).version == "0.4"


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        ({"pyproject.toml": pyproject("pbr.build", ["pbr>=6"], ""), "setup.cfg": "[metadata]\nname = p\n"}, "pbr"),
        ({"pyproject.toml": pyproject("setuptools.build_meta", ["setuptools", "dunamai"], DYNAMIC)}, "dunamai"),
        ({"setup.py": f"import versioneer\n{SETUP}setup()\n", "setup.cfg": "[versioneer]\nVCS = git\n"}, "versioneer"),
        ({"setup.cfg": "[versioneer]\ntag_prefix = 'rel-'\n"}, "versioneer"),
        ({"pyproject.toml": dynamic("pdm.backend", "[tool.pdm.version]\nuse_scm = true\n")}, "pdm scm"),
    ],
)
def test_a_tool_is_recognized_wherever_it_is_named(files: Files, tool: str) -> None:
    vcs = read_all(files).vcs
    assert vcs is not None
    assert vcs.tool == tool
    if "rel-" in str(files):
        assert vcs.tag("0.1.0") == "rel-0.1.0"


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": dynamic("maturin").replace('name = "pkg"\n', "")},
        {"pyproject.toml": pyproject("mesonpy", [], ""), "meson.build": "project(name)"},
        {"setup.py": f"{SETUP}setup(name=find())\n", "setup.cfg": "[metadata]\n"},
        {"setup.py": f"{SETUP}setup(name=find())\n"},
    ],
)
def test_a_name_that_cannot_be_read_is_missed(files: Files) -> None:
    with pytest.raises(Misconfigured, match="the project has no name"):
        identify(parse(files.get("pyproject.toml", "")), files.get)
    assert identify(parse(files.get("pyproject.toml", "")), files.get, "pkg") == "pkg"  # V30: a setting says it
