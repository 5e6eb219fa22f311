"""Which of several files setuptools and flit read, and what hides a version from them; each was tried with the real one."""

import pytest

from mergeship.errors import Misconfigured
from tests.core.declaration.kinds import DYNAMIC, HATCH, SETUP, TAGGED, pyproject, read_all, setup_cfg, setuptools

Files = dict[str, str]
ATTR = '[tool.setuptools.dynamic]\nversion = { attr = "x.__version__" }\n'
BOTH = {"src/x/__init__.py": "__version__ = '0.3.0'\n", "x/__init__.py": "__version__ = '0.9.0'\n"}
LIB = {"lib/x/__init__.py": "__version__ = '0.4.0'\n", "x/__init__.py": "__version__ = '0.9.0'\n"}


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({**setuptools(f"{DYNAMIC}\n{ATTR}", {}), **BOTH}, "src/x/__init__.py"),
        ({**setuptools(f'{DYNAMIC}\n[tool.setuptools]\npackages = ["x"]\n{ATTR}', {}), **BOTH}, "x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools]\npy-modules = []\n{ATTR}", {}), **BOTH}, "x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools.packages.find]\ninclude = ['x']\n{ATTR}", {}), **BOTH}, "x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools.packages.find]\nwhere = ['.']\n{ATTR}", {}), **BOTH}, "x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools.packages.find]\nwhere = ['lib']\n{ATTR}", {}), **LIB}, "lib/x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__"), **BOTH}, "x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__").replace("packages = pkg", ""), **BOTH}, "src/x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__", "\n[options.packages.find]\nwhere = lib\n"), **LIB}, "lib/x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__"), "setup.py": f"{SETUP}setup(package_dir={{'': 'lib'}})\n", **LIB}, "lib/x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n{ATTR}", {}), "setup.py": f"{SETUP}setup(name='x', packages=['x'])\n", **BOTH}, "x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n{ATTR}", {}), "setup.cfg": "[options]\npackage_dir = =lib\n", **LIB}, "lib/x/__init__.py"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools.packages.find]\nwhere = ['other', 'src']\n{ATTR}", {}), **BOTH}, "src/x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__", "\n[options.packages.find]\nwhere =\n    lib\n"), **LIB}, "lib/x/__init__.py"),
        ({"setup.cfg": setup_cfg("attr: x.__version__", "package_dir =\n    = lib\n"), "setup.py": f"{SETUP}setup(package_dir={{'': 'src'}})\n", **BOTH}, "src/x/__init__.py"),
        ({**setuptools(f'{DYNAMIC}\n[tool.setuptools.package-dir]\n"" = "src"\n{ATTR}', {}), "setup.cfg": "[options]\npackage_dir = ?, =lib\n", **BOTH, **LIB}, "lib/x/__init__.py"),
        (
            {**setuptools(f'{DYNAMIC}\n[tool.setuptools.package-dir]\n"x.y" = "foo"\nx = "bar"\n{ATTR.replace("x.", "x.y.")}', {}),
             "foo/__init__.py": "__version__ = '1'", "bar/y.py": "__version__ = '2'", "x/y.py": "__version__ = '3'"},
            "foo/__init__.py",
        ),
        (
            {**setuptools(f"{DYNAMIC}\n{ATTR}", {}), "x.py": "__version__ = '1'", "x/__init__.py": "__version__ = '2'"},
            "x.py",
        ),
        (
            {"pyproject.toml": pyproject("flit_core.buildapi", [], DYNAMIC),
             "pkg/__init__.py": "__version__ = '.'.join('01')\n__version__ = '0.1.0'\n", "pkg/_version.py": "__version__ = '0.6.0'"},
            "pkg/__init__.py",
        ),
        (
            {"pyproject.toml": pyproject("flit_core.buildapi", [], DYNAMIC),
             "pkg/__init__.py": "from ._version import __version__", "pkg/_version.py": "__version__ = '0.6.0'"},
            "pkg/_version.py",
        ),
        (
            {"pyproject.toml": pyproject("hatchling.build", HATCH, f'{DYNAMIC}\n[tool.hatch.version]\npath = "b.py"\n'),
             "hatch.toml": '[version]\npath = "a.py"\n', "a.py": "__version__ = '1'", "b.py": "__version__ = '2'"},
            "a.py",
        ),
        (
            {"pyproject.toml": pyproject("hatchling.build", HATCH, DYNAMIC), "hatch.toml": '[version]\npath = "./a.py"\n',
             "a.py": "VERSION: str = '3'\n__version__ = '1'"},
            "a.py",
        ),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools_scm]\n{ATTR}", {}), "x.py": "__version__ = '1'"}, "x.py"),
        ({"setup.py": f"import versioneer\n{SETUP}setup(version='1')\n"}, "setup.py"),
    ],
)  # fmt: skip
def test_the_file_that_the_backend_reads_is_found(files: Files, path: str) -> None:
    (place,) = read_all(files).places
    assert place.path == path


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({**setuptools(f"{DYNAMIC}\n{ATTR}", {}), "setup.py": f"{SETUP}setup(package_dir=find())\n", **BOTH}, "it computes package_dir"),
        (
            {**setuptools(f"{DYNAMIC}\n{ATTR}", {}), "src/x/__init__.py": "from ._v import __version__\n", "x/__init__.py": "__version__ = '0.9'"},
            "src/x/__init__.py: there is no __version__",
        ),
        (
            {"pyproject.toml": pyproject("flit_core.buildapi", [], DYNAMIC), "pkg/__init__.py": "__version__ = None", "pkg/_version.py": "__version__ = '1'"},
            "pkg/__init__.py:1: __version__ is computed: None",
        ),
        ({"pyproject.toml": pyproject("hatchling.build", HATCH, DYNAMIC), "setup.py": f"{SETUP}setup(version='0.1.0')\n"}, "hatch's version source"),
        ({"pyproject.toml": pyproject("scikit_build_core.build", [], DYNAMIC), "setup.py": f"{SETUP}setup(version='0.1.0')\n"}, "left to the build backend"),
        ({"pyproject.toml": pyproject("poetry.core.masonry.api", [], DYNAMIC), "setup.py": f"{SETUP}setup(version='0.1.0')\n"}, "left to the build backend"),
        ({**setuptools("[project]\nname = 'p'\nversion = '1'\n", {}), "setup.cfg": "[egg_info]\ntag_build = .post\n"}, "setup.cfg:2: [egg_info] tag_build adds"),
        ({"setup.cfg": setup_cfg("0.1.0", "[egg_info]\ntag_date = 1\n")}, "[egg_info] tag_date adds"),
        ({"setup.cfg": "[egg_info]\ntag_build = .post\ntag_build = .post\n"}, "setup.cfg:3: While reading"),
        ({"setup.py": f"{SETUP}V = '1'\ndef f(V): pass\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\nmatch x:\n    case V: pass\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\ntry: pass\nexcept E as V: pass\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\ndef f():\n    global V\nsetup(version=V)\n"}, "V is not assigned just once"),
        ({"setup.py": f"{SETUP}V = '1'\nlocals()['V'] = '2'\nsetup(version=V)\n"}, "may be changed by locals()"),
        ({"setup.py": f"{SETUP}V = '1'\ne = exec\ne('V = 2')\nsetup(version=V)\n"}, "may be changed by exec()"),
        ({"setup.py": "A().setup(version='0.2.0')\n"}, "it does not call setup()"),
        ({"setup.py": "def setup(**_): pass\nsetup(version='1')\n"}, "it does not call setup()"),
        ({**setuptools(f"{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = 'a\\u0000b' }}\n", {})}, "is no file of the project"),
    ],
)  # fmt: skip
def test_what_hides_the_version_is_named(files: Files, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_all(files)
    assert words in refused.value.message


@pytest.mark.parametrize(
    "script",
    [
        "from setuptools import setup as go\nA().setup(version='0.9')\ngo(version='0.3.0')\n",
        "import setuptools\nif __name__ == '__main__':\n    setuptools.setup(version='0.3.0')\n",
        "import distutils.core as d\nd.setup(version='0.3.0')\n",
        "import numpy.distutils.core\nnumpy.distutils.core.setup(version='0.3.0')\n",
        "try:\n    from setuptools import setup\nexcept ImportError:\n    from distutils.core import setup\nsetup(version='0.3.0')\n",
    ],
)
def test_the_right_call_is_found(script: str) -> None:
    assert read_all({"setup.py": script}).version == "0.3.0"


@pytest.mark.parametrize(
    "required", ["setuptools_scm[simple,toml]", "setuptools-scm [simple]>=9", "setuptools.scm[Simple]"]
)
def test_requirements_are_read_as_requirements(required: str) -> None:
    vcs = read_all({"pyproject.toml": pyproject("setuptools.build_meta", ["not one!", required], DYNAMIC)}).vcs
    assert vcs is not None
    assert vcs.tool == "setuptools-scm"
    commented = pyproject("setuptools.build_meta", ["setuptools"], f"# setuptools-scm[simple]\n{DYNAMIC}")
    with pytest.raises(Misconfigured):
        read_all({"pyproject.toml": commented})


def test_a_file_that_the_tool_writes_holds_an_earlier_version() -> None:
    script = f"{SETUP}setup(use_scm_version={{'write_to': 'x.py'}})\n"
    files = {"setup.py": script, "setup.cfg": setup_cfg("attr: x.__version__"), "x.py": "__version__ = '0.1'"}
    assert read_all(files).vcs is not None
    settings = '[tool.setuptools_scm]\nversion_file = "./x.py"\n'
    files = {**setuptools(f"{DYNAMIC}\n{settings}{ATTR}", {}), "x.py": "__version__ = '0.1.dev3'"}
    assert read_all(files).vcs is not None


def test_a_line_that_is_named_is_not_written_beside_tags() -> None:
    kind = next(kind for kind in TAGGED if kind.name == "hatch-vcs")
    with pytest.raises(
        Misconfigured, match=r"version-files names docs/conf\.py, but the version comes from tags"
    ) as refused:
        read_all(kind.files, "docs/conf.py: v = {version}")
    assert refused.value.hint


def test_hatch_does_not_pass_over_a_mark() -> None:
    files = {"pyproject.toml": pyproject("hatchling.build", HATCH, f'{DYNAMIC}\n[tool.hatch.version]\npath = "v.py"\n')}
    files["v.py"] = "\ufeff__version__ = '0.1.0'\n__version__ = '0.2.0'\n"
    assert read_all(files).version == "0.2.0"
