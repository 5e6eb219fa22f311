"""The judges: each backend's own metadata hook reads what was written.

The backends are installed once into a shared environment; the hooks run as build frontends run them.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from mergeship.adapters import files
from mergeship.adapters.environment import Venv
from mergeship.core.declaration import declared, rewritten
from mergeship.core.project import identify, pyproject_of
from mergeship.core.toml import table
from tests.conftest import commit_all, git
from tests.core.declaration.corpus import REASON, Sample, samples
from tests.core.declaration.kinds import KINDS, TAGGED, Kind, Tagged, by_name

pytestmark = pytest.mark.network

BACKENDS = (
    "dunamai", "flit_core", "hatch-fancy-pypi-readme", "hatch-vcs", "hatchling", "pbr", "pdm-backend",
    "poetry-core", "poetry-dynamic-versioning", "setuptools", "setuptools-git-versioning", "setuptools-scm",
    "uv-dynamic-versioning", "uv_build", "versioneer[toml]", "versioningit", "wheel",
)  # fmt: skip
HOOK = """
import importlib, json, pathlib, sys, tomllib
file = pathlib.Path("pyproject.toml")
system = tomllib.loads(file.read_text("utf-8-sig")).get("build-system", {}) if file.exists() else {}
poetry = file.exists() and "[tool.poetry]" in file.read_text("utf-8")
usual = "poetry.core.masonry.api" if poetry else "setuptools.build_meta:__legacy__"
name, _, attribute = system.get("build-backend", usual).partition(":")
name = {"poetry.masonry.api": "poetry.core.masonry.api"}.get(name, name)
sys.path[:0] = system.get("backend-path", [])
backend = importlib.import_module(name)
for part in filter(None, attribute.split(".")):
    backend = getattr(backend, part)
hook = getattr(backend, "prepare_metadata_for_build_wheel", None)
where = pathlib.Path(sys.argv[1])
folder = where / hook(str(where))
lines = (folder / "METADATA").read_text("utf-8").splitlines()
print(next(line for line in lines if line.startswith("Version: "))[9:])
"""


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    folder = tmp_path_factory.mktemp("backends")
    environment = Venv(folder / "env", dict(os.environ))
    environment.create(folder)
    environment.install(list(BACKENDS), folder)
    return environment


def told(environment: Venv, project: Path, variables: dict[str, str] | None = None) -> str:
    """The version that the backend's own hook tells."""
    out = Path(tempfile.mkdtemp(dir=project.parent))
    env = {"PATH": f"{environment.python.parent}:{os.environ['PATH']}", "HOME": str(out), **(variables or {})}
    command: list[str | Path] = [environment.python, "-I", "-c", HOOK, out]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def put(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def bump(project: Path, version: str) -> None:
    text, pyproject = pyproject_of(files.reader(project), project)
    found = declared(pyproject, text, files.reader(project), (), str(project))
    changed, _ = rewritten(found.places, files.reader(project), version)
    files.rewrite(project, changed, within=project)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.requires], ids=by_name)
def test_the_backend_reads_what_was_written(kind: Kind, backends: Venv, tmp_path: Path) -> None:
    project = put(tmp_path / "p", kind.files)
    bump(project, "0.2.0rc1")
    assert told(backends, project) == "0.2.0rc1"


@pytest.mark.parametrize("kind", TAGGED, ids=by_name)
def test_the_backend_takes_what_it_is_handed(kind: Tagged, backends: Venv, tmp_path: Path) -> None:
    project = put(tmp_path / "p", kind.files)
    git(project, "init", "--quiet")
    commit_all(project)
    vcs = declared(*parsed(project), files.reader(project), (), str(project)).vcs
    assert vcs is not None
    if vcs.tag("0.7.1"):
        git(project, "tag", vcs.tag("0.7.1"))
    assert told(backends, project, vcs.handed("pkg", "0.7.1")) == "0.7.1"


def parsed(project: Path) -> tuple[dict[str, object], str]:
    text, pyproject = pyproject_of(files.reader(project), project)
    return pyproject, text


def able(every: Iterable[Sample]) -> list[Sample]:
    """The samples whose declaration was kept, and whose backend needs no compiler and no code of their own."""
    return [
        sample
        for sample in every
        if any(name in sample.files for name in sample.version_stands_in)
        and not re.search(
            r"maturin|numpy|cython_backend|intreehooks|backend-path",
            f"{sample.id} {sample.files.get('pyproject.toml')}",
        )
        and "static" in sample.category + "static" * (sample.category == "poetry")
    ]


REAL = able(samples())


@pytest.mark.skipif(not REAL, reason=REASON)
def test_there_are_enough_real_projects() -> None:
    assert len(REAL) >= 30


@pytest.mark.parametrize("sample", REAL, ids=str)
def test_a_real_project_s_backend_reads_what_was_written(sample: Sample, backends: Venv, tmp_path: Path) -> None:
    """With a readme, licences and a module in the place of its own, as those were not kept."""
    project = put(tmp_path / "p", sample.files)
    fill(project)
    bump(project, "7.8.9rc1")
    assert told(backends, project) == "7.8.9rc1"


def fill(project: Path) -> None:
    """A readme, licences and modules by the names that a project gives them."""
    text = "\n".join(files.read(project / name) or "" for name in ("pyproject.toml", "setup.cfg"))
    for name in re.findall(r"[\w./-]*(?:README|LICENSE|CHANGES|CHANGELOG)[\w.-]*", text, re.IGNORECASE):
        if not name.startswith(("/", ".")) and name.count("/") < 2:  # an address has more
            put(project, {name: "# A title\n"})
    _, pyproject = pyproject_of(files.reader(project), project)
    name = re.sub(r"[-.]+", "_", identify(pyproject, files.reader(project)))
    named = table(pyproject, "tool", "flit", "module").get("name", name)
    packages = [package["include"] for package in table(pyproject, "tool", "poetry").get("packages", [])]
    for module in {name, name.lower(), str(named), *packages}:
        folder = "src/" if re.search(r"\bsrc\b", text) and "flit" not in text else ""
        put(project, {f"{folder}{module}/__init__.py": '"""A module."""\n__version__ = "0"\n'})


def test_the_hook_is_no_rubber_stamp(backends: Venv, tmp_path: Path) -> None:
    project = put(tmp_path / "p", KINDS[0].files)
    (project / "pyproject.toml").write_text((project / "pyproject.toml").read_text().replace('"0.1.0"', '"3"', 1))
    assert told(backends, project) == "3"
