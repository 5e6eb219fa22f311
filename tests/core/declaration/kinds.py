"""A small project of every kind whose version can be written, and of every kind that takes it from tags.

Every one of them declares 0.1.0, and a second 0.1.0 stands wherever a careless edit would hit it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mergeship.core.declaration import Declared, declared
from mergeship.core.toml import parse

OLD = "0.1.0"
MODULE = '"""A package."""\n\n__version__ = "0.1.0"  # not "0.1.0" of another\nOTHER = "0.1.0"\n'
DECOYS = """
[tool.decoy]
version = "0.1.0"
required-version = "0.1.0"
needs = [{ name = "x", version = "0.1.0" }]
"""


class Kind(NamedTuple):
    """One way to declare a version."""

    name: str
    files: dict[str, str]
    path: str
    """The file that holds the declaration."""
    label: str
    """What names it in words."""
    requires: tuple[str, ...] = ()
    """Packages that its metadata hook needs; none where the hook cannot run here."""


class Tagged(NamedTuple):
    """One tool that takes the version from tags."""

    name: str
    files: dict[str, str]
    tool: str
    requires: tuple[str, ...]


def pyproject(backend: str, requires: Sequence[str], rest: str) -> str:
    listed = ", ".join(f'"{one}"' for one in requires)
    return f'[build-system]\nrequires = [{listed}]\nbuild-backend = "{backend}"\n\n{rest}{DECOYS}'


STATIC = '[project]\nname = "pkg"\nversion = "0.1.0"\ndescription = "0.1.0"\n'
DYNAMIC = '[project]\nname = "pkg"\ndescription = "A package"\ndynamic = ["version"]\n'
SETUPTOOLS = "setuptools.build_meta"
HATCH = ("hatchling",)
SETUP = "from setuptools import setup\n\n"
CARGO = (
    '[package]\nname = "pkg"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nserde = { version = "0.1.0" }\n'
)


def hatch(table: str, files: dict[str, str]) -> dict[str, str]:
    return {
        "pyproject.toml": pyproject("hatchling.build", HATCH, f"{DYNAMIC}\n[tool.hatch.version]\n{table}\n"),
        **files,
    }


def setuptools(rest: str, files: dict[str, str]) -> dict[str, str]:
    return {"pyproject.toml": pyproject(SETUPTOOLS, ["setuptools"], rest), **files}


def setup_cfg(version: str, rest: str = "") -> str:
    return f"[metadata]\nname = pkg\nversion = {version}\n\n[options]\npackages = pkg\n{rest}\n[bumpversion]\nversion = 0.1.0\n"


KINDS = [
    Kind("static, hatchling", {"pyproject.toml": pyproject("hatchling.build", HATCH, STATIC), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", HATCH),
    Kind("static, setuptools", setuptools(STATIC, {"pkg/__init__.py": MODULE}), "pyproject.toml", "[project] version", ("setuptools",)),
    Kind("static, flit", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core"], STATIC), "pkg.py": MODULE}, "pyproject.toml", "[project] version", ("flit_core",)),
    Kind("static, PDM", {"pyproject.toml": pyproject("pdm.backend", ["pdm-backend"], STATIC), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", ("pdm-backend",)),
    Kind("static, uv_build", {"pyproject.toml": pyproject("uv_build", ["uv_build"], STATIC), "src/pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", ("uv_build",)),
    Kind("static, poetry 2", {"pyproject.toml": pyproject("poetry.core.masonry.api", ["poetry-core"], STATIC), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", ("poetry-core",)),
    Kind("static, maturin", {"pyproject.toml": pyproject("maturin", ["maturin"], STATIC), "Cargo.toml": CARGO}, "pyproject.toml", "[project] version"),
    Kind("static, in a dotted key", {"pyproject.toml": pyproject("hatchling.build", HATCH, ""). replace("[build-system]", 'project.name = "pkg"\nproject.version = \'0.1.0\'\n\n[build-system]'), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", HATCH),
    Kind("static, in an inline table", {"pyproject.toml": 'project = { name = "pkg", version = "0.1.0" }\n' + pyproject("hatchling.build", HATCH, ""), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", HATCH),
    Kind("static, in long quotes", {"pyproject.toml": pyproject("hatchling.build", HATCH, STATIC.replace('"0.1.0"', '"""0.1.0"""', 1)), "pkg/__init__.py": MODULE}, "pyproject.toml", "[project] version", HATCH),
    Kind("poetry", {"pyproject.toml": pyproject("poetry.core.masonry.api", ["poetry-core"], '[tool.poetry]\nname = "pkg"\nversion = "0.1.0"\ndescription = ""\nauthors = []\n\n[tool.poetry.dependencies]\npython = ">=3.9"\n'), "pkg/__init__.py": MODULE}, "pyproject.toml", "[tool.poetry] version", ("poetry-core",)),
    Kind("poetry 2, dynamic", {"pyproject.toml": pyproject("poetry.core.masonry.api", ["poetry-core"], f'{DYNAMIC}\n[tool.poetry]\nversion = "0.1.0"\n'), "pkg/__init__.py": MODULE}, "pyproject.toml", "[tool.poetry] version", ("poetry-core",)),
    Kind("setuptools, attr", setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.__version__" }}\n', {"pkg/__init__.py": MODULE}), "pkg/__init__.py", "__version__", ("setuptools",)),
    Kind("setuptools, attr in src", setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.about.version" }}\n', {"src/pkg/__init__.py": "", "src/pkg/about.py": 'version: str = "0.1.0"\n__version__ = "0.1.0"\n'}), "src/pkg/about.py", "version", ("setuptools",)),
    Kind("setuptools, attr in a named folder", setuptools(f'{DYNAMIC}\n[tool.setuptools]\npackage-dir = {{ pkg = "lib/code" }}\npackages = ["pkg"]\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.__version__" }}\n', {"lib/code/__init__.py": MODULE, "pkg.py": MODULE}), "lib/code/__init__.py", "__version__", ("setuptools",)),
    Kind("setuptools, attr below where", setuptools(f'{DYNAMIC}\n[tool.setuptools.packages.find]\nwhere = ["lib"]\n[tool.setuptools.dynamic]\nversion = {{ attr = "pkg.__version__" }}\n', {"lib/pkg/__init__.py": MODULE}), "lib/pkg/__init__.py", "__version__", ("setuptools",)),
    Kind("setuptools, file", setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = "VERSION" }}\n', {"VERSION": "0.1.0\n", "pkg/__init__.py": ""}), "VERSION", "", ("setuptools",)),
    Kind("setuptools, file in a list", setuptools(f'{DYNAMIC}\n[tool.setuptools.dynamic]\nversion = {{ file = ["VERSION"] }}\n', {"VERSION": "0.1.0", "pkg/__init__.py": ""}), "VERSION", "", ("setuptools",)),
    Kind("setup.cfg", {"setup.cfg": setup_cfg("0.1.0"), "pkg/__init__.py": MODULE}, "setup.cfg", "[metadata] version", ("setuptools",)),
    Kind("setup.cfg with setup.py", {"setup.cfg": setup_cfg("0.1.0"), "setup.py": f"{SETUP}setup()\n", "pkg/__init__.py": MODULE}, "setup.cfg", "[metadata] version", ("setuptools",)),
    Kind("setup.cfg, attr", {"setup.cfg": setup_cfg("attr: pkg.__version__"), "pkg/__init__.py": MODULE}, "pkg/__init__.py", "__version__", ("setuptools",)),
    Kind("setup.cfg, attr in a package_dir", {"setup.cfg": setup_cfg("attr: pkg.__version__", "package_dir =\n    = lib\n"), "lib/pkg/__init__.py": MODULE}, "lib/pkg/__init__.py", "__version__", ("setuptools",)),
    Kind("setup.cfg, file", {"setup.cfg": setup_cfg("file: pkg/VERSION"), "pkg/VERSION": "\n0.1.0\n\n", "pkg/__init__.py": ""}, "pkg/VERSION", "", ("setuptools",)),
    Kind("setup.py", {"setup.py": f'{SETUP}setup(\n    name="pkg",\n    description="0.1.0",\n    version="0.1.0",\n    packages=["pkg"],\n)\n', "pkg/__init__.py": MODULE}, "setup.py", "setup(version=…)", ("setuptools",)),
    Kind("setup.py before setup.cfg", {"setup.py": f"{SETUP}setup(version='0.1.0')\n", "setup.cfg": setup_cfg("9.9.9"), "pkg/__init__.py": ""}, "setup.py", "setup(version=…)", ("setuptools",)),
    Kind("setup.py, by a name", {"setup.py": f'{SETUP}VERSION = "0.1.0"\nOTHER = "0.1.0"\nsetup(name="pkg", version=VERSION, packages=["pkg"])\n', "pkg/__init__.py": ""}, "setup.py", "setup(version=…)", ("setuptools",)),
    Kind("setup.py for an open [project]", setuptools(DYNAMIC, {"setup.py": f'{SETUP}setup(version="0.1.0")\n', "pkg/__init__.py": ""}), "setup.py", "setup(version=…)", ("setuptools",)),
    Kind("hatch", hatch('path = "pkg/__init__.py"', {"pkg/__init__.py": MODULE}), "pkg/__init__.py", "__version__", HATCH),
    Kind("hatch, VERSION = 'v0.1.0'", hatch('path = "pkg/about.py"', {"pkg/__init__.py": "", "pkg/about.py": "\nversion = 'v0.1.0'\n"}), "pkg/about.py", "__version__", HATCH),
    Kind("hatch, own pattern", hatch('path = "pkg/v.h"\npattern = \'#define V "(?P<version>[^"]+)"\'', {"pkg/__init__.py": "", "pkg/v.h": '#define W "0.1.0"\n#define V "0.1.0"\n'}), "pkg/v.h", "the version", HATCH),
    Kind("flit", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core"], DYNAMIC), "pkg/__init__.py": MODULE}, "pkg/__init__.py", "__version__", ("flit_core",)),
    Kind("flit, a module in src", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core"], DYNAMIC), "src/pkg.py": MODULE}, "src/pkg.py", "__version__", ("flit_core",)),
    Kind("flit, another module", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core"], f'{DYNAMIC}\n[tool.flit.module]\nname = "other.inner"\n'), "other/inner/__init__.py": MODULE}, "other/inner/__init__.py", "__version__", ("flit_core",)),
    Kind("flit, beside __init__.py", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core"], DYNAMIC), "pkg/__init__.py": '"""A package."""\nfrom .version import __version__\n', "pkg/version.py": '__version__ = "0.1.0"\n'}, "pkg/version.py", "__version__", ("flit_core",)),
    Kind("flit, old metadata", {"pyproject.toml": pyproject("flit_core.buildapi", ["flit_core<4"], '[tool.flit.metadata]\nmodule = "pkg"\nauthor = "A"\n'), "pkg.py": MODULE}, "pkg.py", "__version__"),
    Kind("PDM, file", {"pyproject.toml": pyproject("pdm.backend", ["pdm-backend"], f'{DYNAMIC}\n[tool.pdm.version]\nsource = "file"\npath = "pkg/__init__.py"\n'), "pkg/__init__.py": MODULE}, "pkg/__init__.py", "__version__", ("pdm-backend",)),
    Kind("PDM, own pattern", {"pyproject.toml": pyproject("pdm.backend", ["pdm-backend"], f"{DYNAMIC}\n[tool.pdm.version]\nsource = 'file'\npath = 'pkg/v.txt'\npattern = '^v=(.*)$'\n"), "pkg/__init__.py": "", "pkg/v.txt": "w=0.1.0\nv=0.1.0\n"}, "pkg/v.txt", "the version", ("pdm-backend",)),
    Kind("maturin, package", {"pyproject.toml": pyproject("maturin", ["maturin"], DYNAMIC), "Cargo.toml": CARGO}, "Cargo.toml", "[package] version"),
    Kind("maturin, workspace", {"pyproject.toml": pyproject("maturin", ["maturin"], f'{DYNAMIC}\n[tool.maturin]\nmanifest-path = "crates/pkg/Cargo.toml"\n'), "crates/pkg/Cargo.toml": '[package]\nname = "pkg"\nversion.workspace = true\n', "crates/Cargo.toml": "[other]\n", "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nversion = "0.1.0"\n[workspace.dependencies]\nx = "0.1.0"\n'}, "Cargo.toml", "[workspace.package] version"),
    Kind("maturin behind a bootstrap", setuptools('[tool.maturin]\nbindings = "bin"\n', {"Cargo.toml": CARGO}), "Cargo.toml", "[package] version"),
    Kind("meson-python", {"pyproject.toml": pyproject("mesonpy", ["meson-python"], DYNAMIC), "meson.build": "# version: '0.1.0'\nproject(\n  'pkg', # the name\n  version : '0.1.0',\n  license: 'MIT',\n)\nx = '0.1.0'\n"}, "meson.build", "project(version: …)"),
    Kind("meson-python, without [project]", {"pyproject.toml": pyproject("mesonpy", ["meson-python"], ""), "meson.build": "project('pkg', ['c', 'cpp'], default_options: ['a=b'], version: '''0.1.0''')\n"}, "meson.build", "project(version: …)"),
]  # fmt: skip

TAGGED = [
    Tagged("setuptools-scm", setuptools(f"{DYNAMIC}\n[tool.setuptools_scm]\n", {"pkg/__init__.py": ""}), "setuptools-scm", ("setuptools", "setuptools-scm")),
    Tagged("setuptools-scm, simple", {"pyproject.toml": pyproject(SETUPTOOLS, ["setuptools", "setuptools_scm[simple]>=9"], DYNAMIC), "pkg/__init__.py": ""}, "setuptools-scm", ("setuptools", "setuptools-scm")),
    Tagged("setuptools-scm in setup.py", setuptools("", {"setup.py": f'{SETUP}setup(name="pkg", use_scm_version=True, packages=["pkg"])\n', "pkg/__init__.py": ""}), "setuptools-scm", ("setuptools", "setuptools-scm")),
    Tagged("hatch-vcs", hatch('source = "vcs"', {"pkg/__init__.py": ""}), "hatch-vcs", ("hatchling", "hatch-vcs")),
    Tagged("uv-dynamic-versioning", hatch('source = "uv-dynamic-versioning"', {"pkg/__init__.py": ""}), "uv-dynamic-versioning", ("hatchling", "uv-dynamic-versioning")),
    Tagged("PDM, scm", {"pyproject.toml": pyproject("pdm.backend", ["pdm-backend"], f'{DYNAMIC}\n[tool.pdm.version]\nsource = "scm"\n'), "pkg/__init__.py": ""}, "pdm scm", ("pdm-backend",)),
    Tagged("poetry-dynamic-versioning", {"pyproject.toml": pyproject("poetry_dynamic_versioning.backend", ["poetry-core", "poetry-dynamic-versioning"], '[tool.poetry]\nname = "pkg"\nversion = "0.0.0"\ndescription = ""\nauthors = []\n\n[tool.poetry-dynamic-versioning]\nenable = true\n'), "pkg/__init__.py": ""}, "poetry-dynamic-versioning", ("poetry-core", "poetry-dynamic-versioning")),
    Tagged("versioneer", setuptools(f'{DYNAMIC}\n[tool.versioneer]\nVCS = "git"\nstyle = "pep440"\nversionfile_source = "pkg/_version.py"\nversionfile_build = "pkg/_version.py"\ntag_prefix = "v"\n', {"setup.py": f'import versioneer\n{SETUP}setup(version=versioneer.get_version(), cmdclass=versioneer.get_cmdclass(), packages=["pkg"])\n', "pkg/__init__.py": "", "pkg/_version.py": ""}), "versioneer", ("setuptools", "versioneer[toml]")),
    Tagged("dunamai in setup.py", setuptools("", {"setup.py": f'from dunamai import Version\n{SETUP}setup(name="pkg", version=Version.from_git().serialize(), packages=["pkg"])\n', "pkg/__init__.py": ""}), "dunamai", ("setuptools", "dunamai")),
    Tagged("versioningit", setuptools(f"{DYNAMIC}\n[tool.versioningit]\n", {"pkg/__init__.py": ""}), "versioningit", ("setuptools", "versioningit")),
    Tagged("versioningit in hatch", hatch('source = "versioningit"', {"pkg/__init__.py": ""}), "versioningit", ("hatchling", "versioningit")),
    Tagged("setuptools-git-versioning", setuptools(f"{DYNAMIC}\n[tool.setuptools-git-versioning]\nenabled = true\n", {"pkg/__init__.py": ""}), "setuptools-git-versioning", ("setuptools", "setuptools-git-versioning")),
    Tagged("pbr", {"setup.py": f'{SETUP}setup(setup_requires=["pbr"], pbr=True)\n', "setup.cfg": "[metadata]\nname = pkg\n\n[files]\npackages = pkg\n", "pkg/__init__.py": ""}, "pbr", ("setuptools", "pbr")),
]  # fmt: skip


def read_all(files: Mapping[str, str], *version_files: str) -> Declared:
    """What a project declares, by the texts of its files."""
    text = files.get("pyproject.toml", "")
    return declared(parse(text), text, files.get, version_files, "/here/pkg")


def by_name(kind: Kind | Tagged) -> str:
    return re.sub(r"\W+", "-", kind.name).strip("-")
