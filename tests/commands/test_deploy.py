import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.adapters import dist, files
from mergeship.commands.deploy import deploy
from mergeship.core import distribution
from mergeship.core.distribution import Manifest
from mergeship.core.result import Deployed
from mergeship.errors import MergeshipError
from mergeship.rehearsal.index.catalog import Catalog, Fault
from tests.archives import sdist, wheel
from tests.conftest import TOKEN, commit_all, git

Cli = Callable[..., tuple[int, str, str]]
Environ = dict[str, str]
WHEEL = "obk-0.1.1-py3-none-any.whl"
SDIST = "obk-0.1.1.tar.gz"


@pytest.fixture
def built(obk: Path) -> Path:
    """The example project with distributions and their manifest, as build leaves them."""
    out = obk / "dist"
    out.mkdir()
    (out / WHEEL).write_bytes(wheel("obk", "0.1.1"))
    (out / SDIST).write_bytes(sdist("obk", "0.1.1"))
    listed = tuple(dist.digest(path) for path in dist.distributions(out))
    write_manifest(obk, Manifest("obk", "0.1.1", git(obk, "rev-parse", "HEAD"), listed))
    return obk


def write_manifest(project: Path, manifest: Manifest) -> None:
    files.write(project / "dist" / "mergeship.json", distribution.encode(manifest))


def send(project: Path, environ: Environ, *overrides: str) -> Deployed:
    given = (*environ["MERGESHIP_SET"].splitlines(), *overrides)
    return deploy(project, environ, lambda _: None, given, out=project / "dist")


def test_what_was_built_is_deployed(built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, base: str) -> None:
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    result = send(built, {**environ, "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)})
    assert result.index == f"{base}/simple/obk/"
    assert catalog.uploads == [(WHEEL, 200), (SDIST, 200)]
    assert {name: file.sha256 for name, file in catalog.projects["obk"].files.items()} == {
        file.name: file.sha256 for file in result.files
    }
    assert outputs.read_text() == "version=0.1.1\n"
    assert f"**obk 0.1.1** is on {base}/simple/obk/" in summary.read_text()


def test_the_same_command_again_is_harmless(built: Path, environ: Environ, catalog: Catalog) -> None:
    send(built, environ)
    serial = catalog.serial
    send(built, environ)
    assert catalog.serial == serial


def test_a_dry_run_sends_nothing(built: Path, environ: Environ, catalog: Catalog, cli: Cli) -> None:
    status, out, _ = cli("deploy", built, "--dry-run", environ=environ)
    assert status == 0
    assert out.startswith("would deploy obk 0.1.1 to ")
    assert WHEEL in out
    assert catalog.uploads == []


def refused(project: Path, environ: Environ, *overrides: str) -> MergeshipError:
    with pytest.raises(MergeshipError) as error:
        send(project, environ, *overrides)
    assert TOKEN not in error.value.message + error.value.hint + error.value.detail
    return error.value


def test_without_a_manifest_nothing_is_sent(obk: Path, environ: Environ, catalog: Catalog) -> None:
    error = refused(obk, environ)
    assert error.code == "no-manifest"
    assert "mergeship build" in error.hint
    assert catalog.uploads == []


def swap(project: Path) -> None:
    path = project / "dist" / WHEEL
    path.write_bytes(path.read_bytes() + b"x")


def add(project: Path) -> None:
    (project / "dist" / "evil-1.0-py3-none-any.whl").write_bytes(wheel("evil", "1.0"))


def remove(project: Path) -> None:
    (project / "dist" / SDIST).unlink()


def move_on(project: Path) -> None:
    commit_all(project, "feat: later")


def rename(project: Path) -> None:
    path = project / "dist" / "mergeship.json"
    path.write_text(path.read_text().replace('"obk"', '"other"'))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (swap, "and was built with"),
        (add, "evil-1.0-py3-none-any.whl was not built here"),
        (remove, f"{SDIST} is missing"),
        (move_on, "is checked out"),
        (rename, "it is of other, and this is obk"),
    ],
)
def test_what_is_not_as_built_is_not_sent(
    built: Path, environ: Environ, catalog: Catalog, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(built)
    error = refused(built, environ)
    assert error.code == "not-as-built"
    assert words in error.message
    assert catalog.uploads == []


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "no-token"), (" \n", "no-token"), ("pypi a", "bad-token"), ("pypi-ä", "bad-token"), ("a\nb", "bad-token")],
)
def test_a_token_that_is_none_is_told(built: Path, environ: Environ, catalog: Catalog, token: str, code: str) -> None:
    error = refused(built, {**environ, "PYPI_API_TOKEN": token})
    assert (error.code, error.exit_status) == (code, 2)
    assert catalog.uploads == []


def test_a_token_with_a_line_end_works(built: Path, environ: Environ) -> None:
    assert send(built, {**environ, "PYPI_API_TOKEN": f"{TOKEN}\n"}).version == "0.1.1"


def test_a_wrong_token_is_told_in_the_index_s_words(built: Path, environ: Environ) -> None:
    error = refused(built, {**environ, "PYPI_API_TOKEN": "pypi-wrong"})
    assert error.code == "token-rejected"
    assert "403 Invalid or non-existent authentication information." in error.message
    assert "PYPI_API_TOKEN" in error.hint


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(400, "File already exists ('x')."), "file-exists"),
        (Fault(400, "This filename was previously used by a file that has since been deleted."), "filename-burned"),
        (Fault(403, "Read-only mode: Uploads are temporarily disabled."), "index-closed"),
        (Fault(429, "Too many new projects created"), "rate-limited"),
        (Fault(503, "Backend is unhealthy"), "index-error"),
        (Fault(400, f"token {TOKEN} is strange"), "upload-refused"),
    ],
)
def test_each_refusal_stops_with_the_index_s_words(
    built: Path, environ: Environ, catalog: Catalog, fault: Fault, code: str
) -> None:
    catalog.faults.append(fault)
    error = refused(built, environ)
    assert error.code == code
    assert str(fault.status) in error.message
    assert fault.words.replace(TOKEN, "***") in error.message
    assert error.hint
    assert catalog.uploads == [("?", fault.status)]


def test_an_index_that_refuses_the_same_bytes_is_asked_whether_it_has_them(
    built: Path, environ: Environ, catalog: Catalog
) -> None:
    send(built, environ)
    catalog.faults += [Fault(409, "Conflict"), Fault(409, "Conflict")]
    assert send(built, environ).version == "0.1.1"


def test_an_index_that_hangs_ends_at_the_deadline(built: Path, environ: Environ, catalog: Catalog) -> None:
    catalog.faults.append(Fault(200, "late", delay=3))
    assert refused(built, environ, "index.deadline=0.3").code == "index-timeout"


def test_an_index_that_is_down_is_told(built: Path, environ: Environ) -> None:
    assert refused(built, environ, "index.upload=http://127.0.0.1:9/legacy/").code == "index-unreachable"


def test_the_json_document_is_complete(built: Path, environ: Environ, cli: Cli) -> None:
    status, out, err = cli("deploy", built, "--json", environ=environ)
    assert status == 0
    document = json.loads(out)
    assert document["ok"]
    assert [file["name"] for file in document["files"]] == [WHEEL, SDIST]
    assert [json.loads(line)["type"] for line in err.splitlines()] == ["note"] * 3
    assert TOKEN not in out + err
