import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest

from mergeship.errors import Misconfigured
from mergeship.rehearsal.sandbox import MARK, sandbox

SECRETS = {"PYPI_API_TOKEN": "s", "GITHUB_TOKEN": "s", "AWS_SECRET_ACCESS_KEY": "s", "UV_PUBLISH_TOKEN": "s"}


def test_the_environment_is_scrubbed(tmp_path: Path) -> None:
    environ = {**SECRETS, "HOME": str(tmp_path), "PATH": os.environ["PATH"], "CI": "true", "NO_PROXY": "a.org"}
    with sandbox(environ, None) as box:
        assert not set(SECRETS) & set(box.env)
        assert "CI" not in box.env
        assert box.env["HOME"] == str(box.root / "home")
        assert box.env["NO_PROXY"] == "a.org,127.0.0.1,localhost"
        assert box.env["UV_CACHE_DIR"] == str(tmp_path / ".cache" / "uv")
        assert str(Path(sys.executable).parent) not in box.env["PATH"].split(os.pathsep)
        version = subprocess.run(["mergeship", "--version"], env=box.env, capture_output=True, text=True, check=True)
        assert version.stdout.startswith("mergeship ")
        assert subprocess.run(["uv", "--version"], env=box.env, capture_output=True, check=True).returncode == 0
    assert not box.root.exists()


def test_package_sources_are_the_caller_s_own(tmp_path: Path) -> None:
    (tmp_path / ".config" / "uv").mkdir(parents=True)
    (tmp_path / ".config" / "uv" / "uv.toml").write_text("offline = true\n")
    (tmp_path / ".config" / "pip").mkdir()
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[global]\n")
    with sandbox({"HOME": str(tmp_path)}, None) as box:
        config = box.root / "home" / ".config"
        assert (config / "uv" / "uv.toml").read_text() == "offline = true\n"
        assert (config / "pip" / "pip.conf").read_text() == "[global]\n"


def test_without_any_package_pages_stay_fresh(tmp_path: Path) -> None:
    with sandbox({"HOME": str(tmp_path)}, None) as box:
        index = tomllib.loads((box.root / "home/.config/uv/uv.toml").read_text())["index"][0]
        assert index["default"]
        assert index["cache-control"]["api"] == "max-age=600"
    with sandbox({"HOME": str(tmp_path), "UV_INDEX_URL": "http://x/"}, None) as box:
        assert not (box.root / "home/.config/uv/uv.toml").exists()


def test_a_machine_without_python_gets_one(tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    with sandbox({"HOME": str(tmp_path), "PATH": str(tmp_path)}, None) as box:
        assert "python3 stood in" in box.stood_in[0]
        assert (box.root / "bin" / "python").resolve() == Path(sys.executable).resolve()
    (tmp_path / "python").symlink_to(sys.executable)
    with sandbox({"HOME": str(tmp_path), "PATH": str(tmp_path)}, None) as box:
        assert box.stood_in == ()


def test_secrets_are_in_a_file_of_one_s_own(tmp_path: Path) -> None:
    with sandbox({"HOME": str(tmp_path)}, None) as box:
        box.write_secrets({"A": "t", "B": "t"})
        box.write_secrets({"A": "t"})
        assert box.secrets.read_text() == "A=t\n"
        assert box.secrets.stat().st_mode & 0o777 == 0o600


def test_a_kept_sandbox_stays(tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    with sandbox({"HOME": str(tmp_path)}, keep) as box:
        assert box.root == keep.resolve()
    assert (keep / "artifacts").is_dir()
    with pytest.raises(Misconfigured, match="is not empty"), sandbox({}, keep):
        pass


def test_what_still_runs_is_killed(tmp_path: Path) -> None:
    with sandbox({"HOME": str(tmp_path)}, None) as box:
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        left = subprocess.Popen(command, env=box.env, start_new_session=True)
        other = subprocess.Popen(command, env={**box.env, MARK: "another"}, start_new_session=True)
        until = time.monotonic() + 10
        while psutil.Process(left.pid).environ().get(MARK) != str(box.root):  # the kernel takes a moment
            assert time.monotonic() < until
    assert not psutil.pid_exists(left.pid)
    left.wait()
    assert other.poll() is None
    other.kill()
    other.wait()
