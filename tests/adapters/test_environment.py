import os
from pathlib import Path

import pytest

from mergeship.adapters.environment import Venv
from mergeship.errors import Failed


@pytest.fixture
def environment(tmp_path: Path) -> Venv:
    environment = Venv(tmp_path / "env", {**os.environ, "PYPI_API_TOKEN": "s"})
    environment.create(tmp_path)
    return environment


def test_programs_run_inside_it(environment: Venv, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.prefix, 'PYPI_API_TOKEN' in os.environ)"
    assert environment.run(["python", "-c", code], tmp_path).split() == [str(environment.path), "False"]


def test_a_program_of_the_machine_has_to_be_named(environment: Venv, tmp_path: Path) -> None:
    """V7: it brings its own packages along, so that what the project lacks is not missed."""
    machine = tmp_path / "machine"
    machine.mkdir()
    for folder in (machine, tmp_path):
        (folder / "pytest").write_text(f"#!/bin/sh\necho {folder.name}\n")
        (folder / "pytest").chmod(0o755)
    environment._environ = {**os.environ, "PATH": f"{machine}:{os.environ['PATH']}"}
    with pytest.raises(Failed, match="pytest is not in the environment"):
        environment.run(["pytest"], tmp_path)
    assert environment.run(["pytest"], tmp_path, externals=["pytest"]) == "machine\n"
    assert environment.run(["./pytest"], tmp_path) == f"{tmp_path.name}\n"  # the project's own
    with pytest.raises(Failed, match="nowhere is not on PATH"):
        environment.run(["nowhere"], tmp_path, externals=["nowhere"])


def test_a_program_that_is_missing_is_reported(environment: Venv, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no-such-program is not in the environment"):
        environment.run(["no-such-program"], tmp_path)


def test_nothing_wanted_is_nothing_done(environment: Venv, tmp_path: Path) -> None:
    environment.install([], tmp_path)


def test_what_cannot_be_installed_is_reported(environment: Venv, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="cannot be installed") as failed:
        environment.install([str(tmp_path / "missing.whl")], tmp_path)
    assert "missing.whl" in failed.value.detail


def test_another_uv_that_the_project_wants_is_named(tmp_path: Path) -> None:
    """V21"""
    (tmp_path / "pyproject.toml").write_text('[tool.uv]\nrequired-version = "<0.5"\n')
    with pytest.raises(Failed, match=r"the project wants uv <0\.5, and this is ") as failed:
        Venv(tmp_path / "env", os.environ).create(tmp_path)
    assert failed.value.code == "wrong-uv"
    old = tmp_path / "uv"
    old.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    old.chmod(0o755)
    Venv(tmp_path / "env", {**os.environ, "MERGESHIP_UV": str(old)}).create(tmp_path)
    assert (tmp_path / "called").exists()


def test_a_file_of_passwords_is_a_password(tmp_path: Path) -> None:
    """T17: a build that uv makes could read it."""
    plain, secret = tmp_path / "plain", tmp_path / "secret"
    plain.write_text('[[index]]\nurl = "https://host/simple/"\n# ask me@example.org\n')
    secret.write_text('[[index]]\nurl = "https://user:secret@host/simple/"\n')
    told = {
        name: [Venv(tmp_path, {name: str(path)}).has_password for path in (plain, secret, tmp_path, tmp_path / "none")]
        for name in ("NETRC", "UV_CONFIG_FILE", "PIP_CONFIG_FILE")
    }
    files = [False, True, True, False]  # what cannot be read may hold one
    assert told == {"NETRC": [True] * 4, "UV_CONFIG_FILE": files, "PIP_CONFIG_FILE": files}


def test_a_python_that_is_not_there_is_reported(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\nrequires-python = "==3.4.*"\n')
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    with pytest.raises(Failed, match="no environment could be made"):
        Venv(tmp_path / "env", environ).create(tmp_path)
