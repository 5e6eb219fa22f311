import base64
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from mergeship.adapters import dist, files, index
from mergeship.adapters.dist import digest
from mergeship.commands.deploy import Deployed, deploy
from mergeship.core import distribution
from mergeship.core.distribution import Distribution, Manifest
from mergeship.core.listing import Listing
from mergeship.core.progress import Note
from mergeship.core.workflow import PATH
from mergeship.errors import MergeshipError
from mergeship.pipeline.uploading import UploadTarget
from mergeship.world.fault import CUT, Fault
from mergeship.world.forge.accounts import ACTIONS, Grant
from mergeship.world.forge.app import application, variables
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import Run
from mergeship.world.git import BareRepository
from mergeship.world.index.catalog import Catalog
from mergeship.world.serving import serving
from tests import ledgers
from tests.archives import sdist, wheel
from tests.conftest import TOKEN, commit_all, git
from tests.ledgers import NOW

Cli = Callable[..., tuple[int, str, str]]
Environ = dict[str, str]
WHEEL = "obk-0.1.1-py3-none-any.whl"
SDIST = "obk-0.1.1.tar.gz"
DOWN = ("index.upload=http://127.0.0.1:9/legacy/", "index.deadline=0.5")


@pytest.fixture
def built(obk: Path) -> Path:
    """The example project with a claim, distributions and their manifest, as decide and build leave them."""
    commit = git(obk, "rev-parse", "HEAD")
    ledgers.with_origin(obk)
    ledgers.write(obk, ledgers.entry("0.1.1", commit))
    put_built(obk, "0.1.1", commit)
    return obk


def put_built(project: Path, version: str, commit: str, extra: bytes = b"") -> tuple[Distribution, ...]:
    out = project / "dist"
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    (out / f"obk-{version}-py3-none-any.whl").write_bytes(wheel("obk", version) + extra)
    (out / f"obk-{version}.tar.gz").write_bytes(sdist("obk", version))
    listed = tuple(dist.digest(path) for path in dist.distributions(out))
    write_manifest(project, Manifest("obk", version, commit, listed))
    return listed


def write_manifest(project: Path, manifest: Manifest) -> None:
    files.write(project / "dist" / "mergeship.json", distribution.encode(manifest))


@pytest.fixture
def forge(built: Path, tmp_path: Path) -> FakeRepository:
    """A forge that bears out whatever the ledger says."""
    bare = BareRepository(tmp_path / "owner" / "origin.git", dict(os.environ))
    repo = FakeRepository(bare, "owner/origin", tmp_path / "artifacts")
    repo.runs = ledgers.BorneOut(built)
    return repo


@pytest.fixture
def environ(environ: Environ, forge: FakeRepository, tmp_path: Path) -> Iterator[Environ]:
    token = forge.new_token(Grant(ACTIONS, {"actions": "read", "metadata": "read"}))
    with serving(application(forge)) as base:
        of_forge = {**variables(base, forge), "GITHUB_TOKEN": token}
        yield {**environ, **of_forge, "XDG_STATE_HOME": str(tmp_path / "state"), "GITHUB_RUN_ID": "7"}


def send(project: Path, environ: Environ, *overrides: str) -> Deployed:
    given = (*environ["MERGESHIP_SET"].splitlines(), *overrides)
    return deploy(project, environ, lambda _: None, given, out=project / "dist")


def state_of(project: Path, version: str = "0.1.1") -> str:
    entry = ledgers.read(project).entry(version)
    assert entry is not None
    return entry.state


def test_what_was_built_is_deployed(built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, base: str) -> None:
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    result = send(built, {**environ, "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)})
    assert result.index == f"{base}/simple/obk/"
    assert catalog.uploads == [(WHEEL, 200), (SDIST, 200)]
    (released,) = result.releases
    assert (released.version, released.state, released.tag) == ("0.1.1", "released", "created")
    assert {name: file.sha256 for name, file in catalog.projects["obk"].files.items()} == {
        file.name: file.sha256 for file in released.files
    }
    assert outputs.read_text() == "version=0.1.1\n"
    assert f"**obk 0.1.1** is released: {base}/simple/obk/" in summary.read_text()
    entry = ledgers.read(built).entry("0.1.1")
    assert entry is not None
    assert (entry.files, entry.run) == (released.files, "7")
    assert git(tmp_path / "owner" / "origin.git", "rev-parse", "v0.1.1") == released.commit


def test_the_ledger_has_a_commit_for_each_transition(built: Path, environ: Environ, tmp_path: Path) -> None:
    send(built, environ)
    bare = tmp_path / "owner" / "origin.git"
    told = git(bare, "log", "--reverse", "--format=%s", "refs/mergeship/ledger").splitlines()
    short = git(built, "rev-parse", "HEAD")[:12]
    assert told[1:] == [
        f"uploading 0.1.1 for {short}", f"uploaded 0.1.1 for {short}", f"proven 0.1.1 for {short}",
        f"released 0.1.1 for {short}, tag v0.1.1 created",
    ]  # fmt: skip
    assert git(bare, "merge-base", "--all", "main", "refs/mergeship/ledger^{commit}", check=False) == ""


def test_the_same_command_again_is_harmless(built: Path, environ: Environ, catalog: Catalog) -> None:
    send(built, environ)
    serial = catalog.serial
    assert send(built, environ).releases == ()
    assert catalog.serial == serial
    assert state_of(built) == "released"


def test_bytes_are_kept_as_long_as_they_are_needed(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path
) -> None:
    catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 20
    assert refused(built, environ, "index.deadline=1").code == "index-error"
    (server,) = (tmp_path / "state" / "mergeship").iterdir()
    kept = server / "owner" / "origin" / "dist" / "0.1.1"
    assert sorted(path.name for path in kept.glob("*/*")) == [WHEEL, SDIST]
    for path in (built / "dist").iterdir():
        path.unlink()
    catalog.faults.clear()
    assert [one.state for one in send(built, environ).releases] == ["released"]
    assert not kept.exists()


def test_an_upload_that_was_begun_is_finished_first(built: Path, environ: Environ, catalog: Catalog) -> None:
    catalog.faults += [Fault(503, "Backend is unhealthy")] * 20
    refused(built, environ, "index.deadline=1")
    catalog.faults.clear()
    first = ledgers.read(built).releases[0]
    later = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    ledgers.write(built, first, ledgers.entry("0.1.2", later))
    put_built(built, "0.1.2", later)
    assert [(one.version, one.state) for one in send(built, environ).releases] == [
        ("0.1.1", "released"), ("0.1.2", "released"),
    ]  # fmt: skip


def test_main_and_tags_are_read_again_after_an_upload_that_was_begun_before(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.faults += [Fault(503, "Backend is unhealthy")] * 20
    refused(built, environ, "index.deadline=1")
    catalog.faults.clear()
    first, other = ledgers.read(built).releases[0], git(built, "rev-parse", "HEAD")
    later = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    ledgers.write(built, first, ledgers.entry("0.1.2", later))
    put_built(built, "0.1.2", later)
    wait = UploadTarget.wait

    def meanwhile(*given: Any) -> None:
        git(tmp_path / "owner" / "origin.git", "tag", "--force", "v0.1.2", other)
        wait(*given)

    monkeypatch.setattr(UploadTarget, "wait", meanwhile)
    error = refused(built, environ)
    assert (error.code, "there is a tag v0.1.2 on another commit" in error.message) == ("version-given-up", True)
    assert not [name for name, _ in catalog.uploads if "0.1.2" in name]


def test_who_was_overtaken_between_claim_and_upload_sends_nothing(
    built: Path, environ: Environ, catalog: Catalog, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run built other bytes, bound the version to them, and has sent the first; ours has the other's name."""
    commit = git(built, "rev-parse", "HEAD")
    theirs = put_built(built, "0.1.1", commit, extra=b"other")
    sent = (built / "dist" / WHEEL).rename(tmp_path / WHEEL)
    put_built(built, "0.1.1", commit)
    theirs = (theirs[0], msgspec.structs.replace(theirs[1], sha256="5" * 64))
    listing, met = UploadTarget.listing, list[str]()

    def overtake(*given: Any) -> Listing:
        if not met:
            met.append("once")
            ledgers.write(built, ledgers.entry("0.1.1", commit, "uploading", files=theirs, run="6", began=NOW))
            assert index.upload(f"{base}/legacy/", TOKEN, sent, digest(sent).sha256, 10.0).status == 200
        return listing(*given)

    monkeypatch.setattr(UploadTarget, "listing", overtake)
    error = refused(built, environ, "index.deadline=1")
    assert (error.code, "run 6, with other bytes" in error.message) == ("uploading-elsewhere", True)
    assert [name for name, _ in catalog.uploads] == [WHEEL]
    assert state_of(built) == "uploading"


def test_other_bytes_of_another_run_are_not_sent(built: Path, environ: Environ, catalog: Catalog) -> None:
    """Two runners built the same claim; the other one was faster."""
    commit = git(built, "rev-parse", "HEAD")
    theirs = put_built(built, "0.1.1", commit, extra=b"other")
    ledgers.write(built, ledgers.entry("0.1.1", commit, "uploading", files=theirs, run="6"))
    put_built(built, "0.1.1", commit)
    error = refused(built, environ, "index.deadline=0.5")
    assert (error.code, "run 6" in error.message) == ("bytes-missing", True)
    assert "re-run all its jobs" in error.hint
    assert state_of(built) == "uploading"
    assert catalog.uploads == []


def test_the_same_deploy_at_once_is_nobody_else(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another runner does all of it between our look at the ledger and our look at the index."""
    real = UploadTarget.listing
    before: list[str] = []

    def listing(self: UploadTarget, deadline: float = 0.0) -> Listing:
        if not before:
            before.append("once")
            assert send(built, {**environ, "XDG_STATE_HOME": str(tmp_path / "other")}).releases[0].state == "released"
        return real(self, deadline)

    monkeypatch.setattr(UploadTarget, "listing", listing)
    assert send(built, environ).releases[0].state == "released"
    assert [status for _, status in catalog.uploads] == [200, 200]


def test_what_nobody_claimed_is_not_sent(built: Path, environ: Environ, catalog: Catalog) -> None:
    commit = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    put_built(built, "0.1.2", commit)
    error = refused(built, environ)
    assert (error.code, "has no claim" in error.message) == ("not-claimed", True)
    (built / "dist" / "mergeship.json").unlink()
    assert refused(built, environ).code == "not-claimed"
    assert catalog.uploads == []


def test_a_version_that_was_given_up_is_reported(built: Path, environ: Environ, catalog: Catalog) -> None:
    commit = git(built, "rev-parse", "HEAD")
    given_up = ledgers.entry("0.1.1", commit, "given-up", given_up="too late")
    ledgers.write(built, given_up)
    error = refused(built, environ)
    assert (error.code, error.message) == ("version-given-up", "0.1.1 was given up: too late")
    later = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    ledgers.write(built, given_up, ledgers.entry("0.1.2", later))
    git(built, "checkout", "--quiet", "--detach", commit)
    assert send(built, environ).superseded == "0.1.2"
    assert catalog.uploads == []


def test_a_claim_without_a_build_does_not_keep_others_from_being_finished(
    built: Path, environ: Environ, catalog: Catalog
) -> None:
    commit = git(built, "rev-parse", "HEAD")
    later = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    bound = put_built(built, "0.1.1", commit)
    ledgers.write(built, ledgers.entry("0.1.1", commit, "uploading", files=bound), ledgers.entry("0.1.2", later))
    (built / "dist" / "mergeship.json").unlink()
    assert [(one.version, one.state) for one in send(built, environ).releases] == [("0.1.1", "released")]
    assert state_of(built, "0.1.2") == "claimed"
    assert len(catalog.uploads) == 2


def test_what_the_index_refuses_and_never_shows_ends_some_day(built: Path, environ: Environ, catalog: Catalog) -> None:
    catalog.faults += [Fault(409, "Conflict")] * 90
    error = refused(built, environ, "index.deadline=1")
    assert (error.code, error.hint) == (
        "file-exists", "nothing was lost; run the job again later: it sends the same bytes",
    )  # fmt: skip
    first = ledgers.read(built).releases[0]
    ledgers.write(built, msgspec.structs.replace(first, began=NOW - timedelta(days=1)))
    assert refused(built, environ, "index.deadline=1").code == "version-given-up"
    assert state_of(built) == "given-up"


def test_a_tag_on_another_commit_ends_the_version(built: Path, environ: Environ, catalog: Catalog) -> None:
    git(built, "commit", "--quiet", "--allow-empty", "-m", "elsewhere")
    git(built, "push", "--quiet", "origin", "HEAD:refs/tags/v0.1.1")
    git(built, "reset", "--quiet", "--hard", "HEAD~1")
    error = refused(built, environ)
    assert (error.code, "tag v0.1.1 on another commit" in error.message) == ("version-given-up", True)
    assert catalog.uploads == []


def test_a_commit_that_is_not_on_main_any_more_is_not_sent(built: Path, environ: Environ, catalog: Catalog) -> None:
    git(built, "checkout", "--quiet", "--orphan", "other")
    other = commit_all(built, "feat: another beginning")
    git(built, "push", "--quiet", "--force", "origin", f"{other}:main")
    git(built, "checkout", "--quiet", "main")
    error = refused(built, environ)
    assert error.code == "main-rewritten"
    assert catalog.uploads == []


def test_a_server_that_refuses_all_because_of_the_tag_gets_the_ledger_alone(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path
) -> None:
    hook = tmp_path / "owner" / "origin.git" / "hooks" / "pre-receive"
    hook.write_text('#!/bin/sh\nif grep -q refs/tags/; then echo "no tags here" >&2; exit 1; fi\n')
    hook.chmod(0o755)
    result = send(built, environ)
    assert [(one.state, one.tag) for one in result.releases] == [("released", "refused")]
    assert "no tags here" in result.warnings[0]
    assert len(catalog.uploads) == 2


def test_an_upload_that_another_run_is_at_is_left_to_it(built: Path, environ: Environ) -> None:
    commit = git(built, "rev-parse", "HEAD")
    theirs = put_built(built, "0.1.1", commit, extra=b"elsewhere")
    later = commit_all(built, "feat: later")
    git(built, "push", "--quiet", "origin", "HEAD:main")
    begun = ledgers.entry("0.1.1", commit, "uploading", files=theirs, run="6")
    ledgers.write(built, begun, ledgers.entry("0.1.2", later))
    put_built(built, "0.1.2", later)
    result = send(built, environ, "index.deadline=1")
    assert [(one.version, one.state) for one in result.releases] == [("0.1.2", "released")]
    assert "0.1.1 is being uploaded by run 6" in result.warnings[0]
    assert state_of(built) == "uploading"


def test_an_upload_that_a_run_of_a_branch_began_is_not_finished(
    built: Path, environ: Environ, forge: FakeRepository, catalog: Catalog
) -> None:
    """T1: the stranger's wheel lies where a build would have put it."""
    commit = git(built, "rev-parse", "HEAD")
    theirs = put_built(built, "0.1.1", commit, extra=b"mine")
    ledgers.write(built, ledgers.entry("0.1.1", commit, "uploading", files=theirs, run="666"))
    jobs = dict.fromkeys(("Decide", "Build", "Deploy"), "success")
    forge.runs = [
        Run(number=666, workflow=PATH, event="push", branch="mine", commit=commit, began=NOW, jobs=jobs)
    ]  # fmt: skip
    assert refused(built, environ).code == "ledger-foreign-run"
    forge.runs.clear()
    error = refused(built, environ)
    assert (error.code, "nothing bears it out" in error.message) == ("not-claimed", True)
    assert catalog.uploads == []
    assert state_of(built) == "uploading"  # decide gives it up


def test_what_is_forged_between_decide_and_deploy_is_not_sent(
    built: Path, environ: Environ, forge: FakeRepository, catalog: Catalog
) -> None:
    """T1, T2: deploy believes what it checks itself, and not what decide has seen."""
    commit = git(built, "rev-parse", "HEAD")
    forge.runs = list(forge.runs)
    claim = ledgers.read(built).releases[0]
    stray = git(built, "commit-tree", "-m", "mine", f"{commit}^{{tree}}")
    git(built, "push", "--quiet", "origin", f"{stray}:refs/heads/mine")
    theirs = (Distribution("obk-0.1.2-py3-none-any.whl", 9, "5" * 64),)
    ledgers.write(built, claim, ledgers.entry("0.1.2", stray, "uploading", files=theirs, run="666"))
    assert refused(built, environ).code == "ledger-off-main"
    assert catalog.uploads == []


def test_what_is_sent_is_the_kept_copy(built: Path, environ: Environ, catalog: Catalog) -> None:
    """T10: whatever lies in dist by the time that it is sent."""
    bound = {file.name: file.sha256 for file in distribution.decode((built / "dist/mergeship.json").read_bytes()).files}
    catalog.faults += [Fault(503, "Backend is unhealthy")] * 20
    assert refused(built, environ, "index.deadline=1").code == "index-error"
    catalog.faults.clear()
    for path in dist.distributions(built / "dist"):
        path.write_bytes(path.read_bytes() + b"mine")
    assert [one.state for one in send(built, environ).releases] == ["released"]
    assert {name: file.sha256 for name, file in catalog.projects["obk"].files.items()} == bound


def test_nothing_is_sent_if_the_kept_copy_changes_too(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T10: between the look at it and the upload, whoever may write there."""
    listing = UploadTarget.listing

    def changed(*given: Any) -> Listing:
        for path in (*tmp_path.glob("state/**/*.whl"), *(built / "dist").glob("*.whl")):
            path.write_bytes(wheel("obk", "0.1.1") + b"mine")
        return listing(*given)

    monkeypatch.setattr(UploadTarget, "listing", changed)
    error = refused(built, environ, "index.deadline=1")
    assert (error.code, "is gone or changed" in error.message) == ("not-as-built", True)
    assert catalog.uploads == []


def test_other_bytes_on_the_index_are_no_lag(built: Path, environ: Environ, catalog: Catalog, base: str) -> None:
    """T11: the index said yes to ours, and shows someone else's."""
    catalog.faults += [Fault(200, "OK")] * 2
    assert refused(built, environ, "index.deadline=1").code == "not-listed"
    assert state_of(built) == "uploaded"
    other = built / WHEEL
    other.write_bytes(wheel("obk", "0.1.1") + b"other")
    assert index.upload(f"{base}/legacy/", TOKEN, other, digest(other).sha256, 10).status == 200
    error = refused(built, environ, "index.deadline=1")
    assert (error.code, f"the index has other bytes under {WHEEL}" in error.message) == ("version-given-up", True)
    assert state_of(built) == "given-up"


def test_what_the_index_never_lists_is_sent_again(built: Path, environ: Environ, catalog: Catalog) -> None:
    """T12: a login page answered the upload, with 200."""
    catalog.faults += [Fault(200, "<html>please log in</html>")] * 2
    assert refused(built, environ, "index.deadline=1").code == "not-listed"
    assert (catalog.projects, git(built, "ls-remote", "--tags", "origin")) == ({}, "")
    time.sleep(2.1)
    (released,) = send(built, environ, "index.deadline=2", "lease=1").releases
    assert (released.state, released.tag) == ("released", "created")
    assert len(catalog.projects["obk"].files) == 2


def test_a_token_of_pypi_goes_to_no_other_host(built: Path, environ: Environ, catalog: Catalog) -> None:
    """T13: the setting was changed, and the token says where it belongs."""
    simple = environ["MERGESHIP_SET"].partition("=")[2].partition("legacy/")[0] + "simple/"
    elsewhere = refused(built, environ, "index.upload=https://evil.example/legacy/", f"index.simple={simple}")
    assert (elsewhere.code, "a token of pypi.org" in elsewhere.message) == ("token-elsewhere", True)
    assert TOKEN not in elsewhere.message
    assert catalog.uploads == []


def test_lost_bytes_give_the_version_up(built: Path, environ: Environ, catalog: Catalog) -> None:
    commit = git(built, "rev-parse", "HEAD")
    bound = put_built(built, "0.1.1", commit, extra=b"gone")
    ledgers.write(built, ledgers.entry("0.1.1", commit, "uploading", files=bound, run="6"))
    for path in (built / "dist").iterdir():
        path.unlink()
    lost = Manifest("obk", "0.1.1", commit, (), lost="building it again gives others")
    files.write(built / "dist" / "unfinished" / "0.1.1" / "mergeship.json", distribution.encode(lost))
    assert refused(built, environ, "index.deadline=0.5").code == "bytes-missing"  # run 6 may still be at it
    environ = {**environ, "GITHUB_RUN_ID": "6"}
    error = refused(built, environ, "index.deadline=0.5")
    assert (error.code, error.hint) == ("version-given-up", "re-run all jobs: they use the next version")
    assert "building it again gives others" in error.message
    assert state_of(built) == "given-up"
    assert catalog.uploads == []


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


def test_without_a_manifest_nothing_is_sent(built: Path, environ: Environ, catalog: Catalog) -> None:
    (built / "dist" / "mergeship.json").unlink()
    error = refused(built, environ)
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


def rename(project: Path) -> None:
    path = project / "dist" / "mergeship.json"
    path.write_text(path.read_text().replace('"obk"', '"other"'))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (swap, "and was built with"),
        (add, "evil-1.0-py3-none-any.whl was not built here"),
        (remove, f"{SDIST} is missing"),
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
def test_an_invalid_token_is_reported(built: Path, environ: Environ, catalog: Catalog, token: str, code: str) -> None:
    error = refused(built, {**environ, "PYPI_API_TOKEN": token})
    assert (error.code, error.exit_status) == (code, 2)
    assert catalog.uploads == []


@pytest.mark.parametrize("cut", range(3))
def test_an_index_that_echoes_what_it_was_sent_keeps_no_secret(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path, cut: int
) -> None:
    """T18: neither the log nor the ledger has the token, in whatever spelling, nor what is cut off of one."""
    user = "__token__" + "x" * cut
    basic = base64.b64encode(f"{user}:{TOKEN}".encode()).decode()
    text = f"Authorization: Basic {basic} {TOKEN} {'y' * (280 - cut)} {quote(TOKEN, safe='')} {TOKEN}"
    catalog.faults.append(Fault(400, text))
    error = refused(built, environ)
    log = git(tmp_path / "owner" / "origin.git", "log", "-p", "refs/mergeship/ledger")
    for place in (error.message + error.hint + error.detail, log):
        assert "Authorization: Basic ***" in place
        for secret in (
            TOKEN,
            TOKEN[:8],
            basic,
            basic.rstrip("=")[4:-4],
            base64.b64encode(TOKEN.encode()).decode()[:20],
        ):
            assert secret not in place


def test_a_token_with_a_line_end_works(built: Path, environ: Environ) -> None:
    assert send(built, {**environ, "PYPI_API_TOKEN": f"{TOKEN}\n"}).version == "0.1.1"


def test_a_wrong_token_is_reported_in_the_index_s_words(built: Path, environ: Environ) -> None:
    error = refused(built, {**environ, "PYPI_API_TOKEN": "pypi-wrong"})
    assert error.code == "token-rejected"
    assert "403 Invalid or non-existent authentication information." in error.message
    assert "PYPI_API_TOKEN" in error.hint


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        (Fault(400, "File already exists ('x')."), "file-exists", "uploading"),
        (Fault(400, "This filename was previously used by a file that has since been deleted."), "", "given-up"),
        (Fault(400, "Uploading new files to releases older than 14 days is not allowed."), "", "given-up"),
        (Fault(400, f"token {TOKEN} is strange"), "", "given-up"),
        (Fault(403, "Read-only mode: Uploads are temporarily disabled."), "index-closed", "uploading"),
        (Fault(429, "Too many new projects created"), "rate-limited", "uploading"),
        (Fault(503, "Backend is unhealthy"), "index-error", "uploading"),
    ],
)
def test_each_refusal_stops_with_the_index_s_words(
    built: Path, environ: Environ, catalog: Catalog, fault: Fault, code: str, state: str
) -> None:
    catalog.faults += [fault] * 20
    error = refused(built, environ, "index.deadline=0.5")
    assert error.code == (code or "version-given-up")
    assert str(fault.status) in error.message
    assert fault.words.replace(TOKEN, "***") in error.message
    assert error.hint
    assert {status for _, status in catalog.uploads} == {fault.status}
    assert state_of(built) == state


def test_what_the_index_does_not_list_is_sent_again_and_is_no_release(
    built: Path, environ: Environ, catalog: Catalog
) -> None:
    """T9: what a runner remembers of an upload is no proof, and there is nothing to forge."""
    catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 20
    refused(built, environ, "index.deadline=0.5")
    catalog.shown = {}
    catalog.faults.clear()
    assert refused(built, environ, "index.deadline=1").code == "not-listed"
    assert [upload for upload in catalog.uploads if upload[1] == 200] == [(WHEEL, 200), (WHEEL, 200), (SDIST, 200)]
    assert git(built, "ls-remote", "--tags", "origin") == ""
    catalog.shown = None
    (released,) = send(built, environ).releases
    assert (released.state, released.tag) == ("released", "created")


def test_an_index_that_refuses_the_same_bytes_is_asked_whether_it_has_them(
    built: Path, environ: Environ, catalog: Catalog
) -> None:
    catalog.faults += [Fault(CUT, done=True), Fault(CUT, done=True)]
    assert send(built, environ).version == "0.1.1"
    assert [status for _, status in catalog.uploads] == [500, 500]


def test_an_index_that_hangs_ends_at_the_deadline(built: Path, environ: Environ, catalog: Catalog) -> None:
    catalog.faults += [Fault(200, "late", delay=3)] * 5
    assert refused(built, environ, "index.deadline=0.5").code == "index-timeout"


def test_an_index_that_is_down_is_reported(built: Path, environ: Environ) -> None:
    assert refused(built, environ, *DOWN).code == "index-unreachable"


def test_the_json_document_is_complete(built: Path, environ: Environ, cli: Cli) -> None:
    status, out, err = cli("deploy", built, "--json", environ=environ)
    assert status == 0
    document = json.loads(out)
    assert document["ok"]
    assert [file["name"] for file in document["releases"][0]["files"]] == [WHEEL, SDIST]
    assert [json.loads(line)["type"] for line in err.splitlines()] == ["note"] * 5
    assert TOKEN not in out + err


def test_what_the_index_asks_to_wait_is_waited_for(built: Path, environ: Environ, catalog: Catalog) -> None:
    catalog.faults.append(Fault(429, "Too many requests", headers={"Retry-After": "1"}))
    told: list[str] = []
    given = tuple(environ["MERGESHIP_SET"].splitlines())
    deploy(built, environ, lambda event: told.append(event.text) if isinstance(event, Note) else None, given,
           out=built / "dist")  # fmt: skip
    assert [words for words in told if "429" in words and words.endswith(" 1.0 s")]


def test_an_index_that_asks_for_no_wait_is_not_flooded(built: Path, environ: Environ, catalog: Catalog) -> None:
    """T22"""
    catalog.faults += [Fault(429, "Too many requests", headers={"Retry-After": "0"})] * 500
    assert refused(built, environ, "index.deadline=2").code == "rate-limited"
    assert len(catalog.uploads) < 15


def test_a_ledger_that_was_put_back_is_noticed_by_who_wrote_it(
    built: Path, environ: Environ, catalog: Catalog, tmp_path: Path
) -> None:
    """What this run pushed is remembered, and not only what it found."""
    bare = tmp_path / "owner" / "origin.git"
    claim = git(bare, "rev-parse", "refs/mergeship/ledger")
    send(built, environ)
    git(bare, "update-ref", "refs/mergeship/ledger", claim)
    uploads = list(catalog.uploads)
    error = refused(built, environ)
    assert error.code == "ledger-rewound"
    assert catalog.uploads == uploads


def test_a_tag_that_was_refused_is_tried_again(built: Path, environ: Environ, tmp_path: Path) -> None:
    bare = tmp_path / "owner" / "origin.git"
    hook = bare / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "no tags here" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    assert [one.tag for one in send(built, environ).releases] == ["refused"]
    assert git(bare, "tag") == ""
    hook.unlink()
    result = send(built, environ)
    assert (result.releases, result.warnings) == ((), ())
    entry = ledgers.read(built).releases[0]
    assert (entry.tag, entry.tag_says) == ("created", "")
    assert git(bare, "rev-parse", "v0.1.1") == entry.commit


def test_a_tag_that_someone_puts_elsewhere_in_between_is_not_moved(
    built: Path, environ: Environ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "owner" / "origin.git"
    other = git(bare, "commit-tree", "main^{tree}", "-m", "elsewhere")
    real = UploadTarget.wait

    def wait(self: UploadTarget, *given: Any) -> None:
        real(self, *given)
        git(bare, "update-ref", "refs/tags/v0.1.1", other)

    monkeypatch.setattr(UploadTarget, "wait", wait)
    result = send(built, environ)
    assert [(one.state, one.tag) for one in result.releases] == [("released", "refused")]
    assert "the tag is on another commit" in result.warnings[0]
    assert git(bare, "rev-parse", "v0.1.1") == other


def test_a_tag_that_is_there_already_is_noted(built: Path, environ: Environ, tmp_path: Path) -> None:
    commit = git(built, "rev-parse", "HEAD")
    git(tmp_path / "owner" / "origin.git", "update-ref", "refs/tags/v0.1.1", commit)
    assert [(one.state, one.tag) for one in send(built, environ).releases] == [("released", "created")]


def test_trusted_uploads_need_what_attests_them(
    built: Path, environ: Environ, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)  # as where the extra is not installed
    job = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
    with pytest.raises(MergeshipError, match=r"not installed: sigstore$") as refused:
        send(built, environ | job, "auth=trusted")
    assert refused.value.code == "no-trusted-extra"
    assert (catalog.uploads, state_of(built)) == ([], "claimed")
    with pytest.raises(MergeshipError) as refused:
        send(built, environ | job, "auth=trusted", "attestations=false", *DOWN)
    assert refused.value.code == "index-unreachable"  # nothing is attested, so nothing is missing
