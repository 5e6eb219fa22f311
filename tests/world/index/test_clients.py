"""Real clients against the embedded index."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from uv import find_uv_bin

from mergeship.world.index.catalog import Catalog
from tests.archives import sdist, wheel
from tests.conftest import TOKEN

WHEEL = "obk-0.1.1-py3-none-any.whl"
SDIST = "obk-0.1.1.tar.gz"
PIP = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir"]


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / WHEEL).write_bytes(
        wheel("obk", "0.1.1", {"obk/__init__.py": "NAME = 'obk'\n"}, extra="Requires-Python: >=3.8\n")
    )
    (folder / SDIST).write_bytes(sdist("obk", "0.1.1", extra="Requires-Python: >=3.8\n"))
    return folder


@pytest.fixture
def published(base: str, dist: Path) -> str:
    twine(base, dist / WHEEL, dist / SDIST)
    return base


def call(*command: object, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "TWINE_"))}
    env = {**clean, "NO_PROXY": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", **environ}
    env |= {"COLUMNS": "1000", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, env=env)


def twine(base: str, *files: Path, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    return call(
        sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", *files,
        TWINE_REPOSITORY_URL=f"{base}/legacy/", TWINE_USERNAME="__token__", TWINE_PASSWORD=token,
    )  # fmt: skip


def test_twine_uploads(base: str, dist: Path, catalog: Catalog) -> None:
    done = twine(base, dist / WHEEL, dist / SDIST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(catalog.projects["obk"].files) == {WHEEL, SDIST}
    assert twine(base, dist / WHEEL).returncode == 0


def test_twine_shows_the_index_s_words(base: str, dist: Path) -> None:
    twine(base, dist / WHEEL)
    (dist / WHEEL).write_bytes(wheel("obk", "0.1.1", {"obk/__init__.py": "other"}))
    refused = twine(base, dist / WHEEL)
    assert refused.returncode == 1
    assert "File already exists ('obk-0.1.1-py3-none-any.whl'" in " ".join(refused.stdout.split())
    rejected = twine(base, dist / WHEEL, token="pypi-x")
    assert "Invalid or non-existent authentication information" in " ".join(rejected.stdout.split())


def uv_publish(base: str, *files: Path, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    return call(
        find_uv_bin(), "publish", "--publish-url", f"{base}/legacy/", "--check-url", f"{base}/simple/", *files,
        UV_PUBLISH_TOKEN=token,
    )  # fmt: skip


def test_uv_publishes_and_checks_what_is_there(base: str, dist: Path, catalog: Catalog) -> None:
    assert uv_publish(base, dist / WHEEL, dist / SDIST).returncode == 0
    again = uv_publish(base, dist / WHEEL)
    assert again.returncode == 0
    assert "already exists" in again.stderr
    assert [status for _, status in catalog.uploads] == [200, 200]
    (dist / WHEEL).write_bytes(wheel("obk", "0.1.1", {"obk/__init__.py": "other"}))
    assert uv_publish(base, dist / WHEEL).returncode == 2


def test_uv_shows_the_index_s_words(base: str, dist: Path) -> None:
    refused = uv_publish(base, dist / WHEEL, token="pypi-x")
    assert refused.returncode == 2
    assert "Invalid or non-existent authentication information" in " ".join(refused.stderr.split())


def test_pip_installs(published: str, tmp_path: Path) -> None:
    target = tmp_path / "site"
    done = call(*PIP, "install", "--index-url", f"{published}/simple/", "--target", target, "obk==0.1.1")
    assert done.returncode == 0, done.stderr
    assert (target / "obk" / "__init__.py").read_text() == "NAME = 'obk'\n"


def test_uv_installs(published: str, tmp_path: Path) -> None:
    target = tmp_path / "site"
    done = call(
        find_uv_bin(), "pip", "install", "--no-cache", "--python", sys.executable, "--target", target,
        "--default-index", f"{published}/simple/", "obk",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (target / "obk" / "__init__.py").is_file()


def test_pip_downloads_either_kind(published: str, dist: Path, tmp_path: Path) -> None:
    for kind, name in (("--only-binary=:all:", WHEEL), ("--no-binary=:all:", SDIST)):
        target = tmp_path / kind.strip("-=:")
        command = (*PIP, "download", "--no-deps", "--no-build-isolation", "--index-url", f"{published}/simple/", kind)
        done = call(*command, "--dest", target, "obk")
        if kind.startswith("--only"):
            assert done.returncode == 0, done.stderr
            assert (target / name).read_bytes() == (dist / name).read_bytes()
        else:
            assert f"Downloading {name}" in done.stdout  # it builds nothing, so pip ends there


def test_pip_lists_the_versions(published: str, dist: Path) -> None:
    (dist / "obk-0.1.2-py3-none-any.whl").write_bytes(wheel("obk", "0.1.2"))
    assert twine(published, dist / "obk-0.1.2-py3-none-any.whl").returncode == 0
    done = call(*PIP, "index", "versions", "--index-url", f"{published}/simple/", "obk")
    assert "Available versions: 0.1.2, 0.1.1" in done.stdout, done.stderr


def test_pip_skips_a_yanked_release(published: str, dist: Path, tmp_path: Path, catalog: Catalog) -> None:
    (dist / "obk-0.1.2-py3-none-any.whl").write_bytes(wheel("obk", "0.1.2"))
    twine(published, dist / "obk-0.1.2-py3-none-any.whl")
    catalog.yank("obk", "0.1.2", "broken")
    done = call(*PIP, "install", "--index-url", f"{published}/simple/", "--target", tmp_path / "s", "obk")
    assert "Successfully installed obk-0.1.1" in done.stdout


JSON = "application/vnd.pypi.simple.v1+json"


def get(url: str, **headers: str) -> httpx2.Response:
    return httpx2.get(url, headers=headers, trust_env=False)


def test_the_json_page_says_everything(published: str, dist: Path) -> None:
    answer = get(f"{published}/simple/obk/", Accept=JSON)
    assert answer.headers["content-type"] == JSON
    page = answer.json()
    assert page["meta"] == {"api-version": "1.4", "_last-serial": 2}
    assert page["name"] == "obk"
    assert page["versions"] == ["0.1.1"]
    file = page["files"][0]
    assert file["filename"] == WHEEL
    assert file["size"] == (dist / WHEEL).stat().st_size
    assert file["requires-python"] == ">=3.8"
    assert file["yanked"] is False
    assert file["upload-time"].endswith("Z")
    assert set(file["hashes"]) == set(file["core-metadata"]) == {"sha256"}
    assert page["files"][1]["core-metadata"] is False


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (JSON, JSON),
        (f"{JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01", JSON),
        ("application/vnd.pypi.simple.latest+json", JSON),
        ("text/html", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        (f"text/html, {JSON}; q=0.5", "text/html; charset=utf-8"),
        (f"{JSON}; q=nonsense", JSON),
    ],
)
def test_the_form_is_the_one_asked_for(published: str, accept: str, kind: str) -> None:
    assert get(f"{published}/simple/obk/", Accept=accept).headers["content-type"] == kind
    assert get(f"{published}/simple/", Accept=accept).headers["content-type"] == kind


def test_the_html_page_links_with_hashes(published: str, catalog: Catalog) -> None:
    catalog.yank("obk", "0.1.1", 'say "why" <b>')
    text = get(f"{published}/simple/obk/").text
    assert '<meta name="pypi:repository-version" content="1.4">' in text
    assert f"/{WHEEL}#sha256=" in text
    assert 'data-core-metadata="sha256=' in text
    assert 'data-yanked="say &quot;why&quot; &lt;b&gt;"' in text


def test_files_have_ranges_and_metadata(published: str, dist: Path) -> None:
    page = get(f"{published}/simple/obk/", Accept=JSON).json()
    url = published + page["files"][0]["url"]
    part = get(url, Range="bytes=2-5")
    assert (part.status_code, part.content) == (206, (dist / WHEEL).read_bytes()[2:6])
    assert get(f"{url}.metadata").text.startswith("Metadata-Version: 2.1\nName: obk\n")
    sdist_url = published + page["files"][1]["url"]
    assert get(f"{sdist_url}.metadata").status_code == 404
    assert get(f"{published}/files/0/{WHEEL}").status_code == 404


def test_names_are_normalized(published: str) -> None:
    moved = get(f"{published}/simple/OBK")
    assert (moved.status_code, moved.headers["location"]) == (301, f"{published}/simple/obk/")
    assert get(f"{published}/simple/unknown/").status_code == 404
    assert get(f"{published}/simple/", Accept=JSON).json()["projects"] == [{"name": "obk"}]
