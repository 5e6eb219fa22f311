import fcntl
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters.environment import Venv
from mergeship.adapters.git import Repository, clone
from mergeship.adapters.git.origin import Origin
from mergeship.commands import test as testing
from mergeship.commands.build import build
from mergeship.commands.decide import decide
from mergeship.commands.deploy import deploy
from mergeship.commands.gate import gate
from mergeship.commands.sync import sync
from mergeship.core.environ import for_installer
from mergeship.core.progress import Event, Note, Reporter
from mergeship.errors import Held, Misconfigured
from mergeship.pipeline import clean_room
from mergeship.pipeline.clean_room import _refuse_above, _remove_left, in_clean_room
from mergeship.process import ProcessFailed
from tests.archives import wheel
from tests.conftest import commit_all, git

Probe = Callable[[Path, Mapping[str, str]], object]


@pytest.fixture
def workspace(obk: Path, tmp_path: Path) -> Path:
    """A checkout whose origin is `someone/obk` on a server that is a folder."""
    git(tmp_path, "clone", "--quiet", "--bare", str(obk), str(tmp_path / "server" / "someone" / "obk.git"))
    git(obk, "remote", "add", "origin", "https://elsewhere.example/never/asked.git")
    return obk


@pytest.fixture
def job(workspace: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a job of a workflow that runs for what is checked out."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYENV_"))},
        "HOME": str(tmp_path / "runner"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "someone/obk",
        "GITHUB_SERVER_URL": (tmp_path / "server").as_uri(),
        "GITHUB_SHA": git(workspace, "rev-parse", "HEAD"),
    }


def inside(probe: Probe, path: Path, environ: Mapping[str, str], said: list[Event] | None = None) -> object:
    """What a stage sees in its room."""

    @in_clean_room()
    def stage(clean: Path, cleaned: Mapping[str, str], _: Reporter) -> object:
        return probe(clean, cleaned)

    return stage(path, environ, (said if said is not None else []).append)


def hostile(workspace: Path, marker: Path) -> None:
    """What the tests of a pull request can leave in a workspace's `.git`: programs that git would start."""
    program = workspace / ".git" / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {marker}\ncat\n')
    program.chmod(0o755)
    for setting, value in {
        "protocol.ext.allow": "always",
        "remote.origin.pushurl": f"ext::{program} push",
        "remote.origin.uploadpack": f"{program} uploadpack",
        f"url.ext::{program} instead.insteadOf": "file://",
        "core.sshCommand": f"{program} ssh",
        "core.fsmonitor": f"{program} fsmonitor",
        "core.hooksPath": str(workspace / ".git" / "hooks"),
        "core.alternateRefsCommand": f"{program} refs",
        "core.gitProxy": f"{program} proxy",
        "uploadpack.packObjectsHook": f"{program} pack",
        "credential.helper": f"!{program} credential",
        "filter.evil.smudge": f"{program} smudge",
        "filter.evil.clean": f"{program} clean",
        "gpg.program": f"{program} gpg",
        "remote.promised.url": f"ext::{program} promised",
        "remote.promised.promisor": "true",
        "extensions.partialClone": "promised",
        "core.repositoryFormatVersion": "1",
    }.items():
        git(workspace, "config", setting, value)
    (workspace / ".git" / "info").mkdir(exist_ok=True)
    (workspace / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    (workspace / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "pre-push", "fsmonitor-watchman"):
        shutil.copy(program, workspace / ".git" / "hooks" / hook)


def test_nothing_that_a_workspace_configures_is_started_in_a_room(
    workspace: Path, job: dict[str, str], tmp_path: Path
) -> None:
    """T7: git is asked, fetched from and pushed with, and none of the workspace's programs runs."""
    marker = tmp_path / "started"
    hostile(workspace, marker)
    assert "program" in git(workspace, "remote", "get-url", "--push", "origin")

    def probe(clean: Path, cleaned: Mapping[str, str]) -> object:
        repository = Repository(clean, for_installer(cleaned))
        origin = Origin(repository, cleaned)
        origin.fetch(origin.refs())
        assert origin.push({"refs/heads/pushed": repository.head()}).done
        assert not repository.changed(untracked=True)
        return origin.url

    assert inside(probe, workspace, job) == f"{job['GITHUB_SERVER_URL']}/someone/obk.git"
    assert not marker.exists(), marker.read_text()
    assert git(tmp_path / "server" / "someone" / "obk.git", "rev-parse", "refs/heads/pushed") == job["GITHUB_SHA"]


def test_a_missing_object_starts_no_program_of_the_workspace(
    workspace: Path, job: dict[str, str], tmp_path: Path
) -> None:
    """T7: a promised object, which the workspace's git would fetch by a program, comes from the origin."""
    marker = tmp_path / "started"
    hostile(workspace, marker)
    _loose(workspace, git(workspace, "rev-parse", "HEAD:pyproject.toml")).unlink()
    assert inside(lambda clean, _: (clean / "pyproject.toml").is_file(), workspace, job)
    assert not marker.exists(), marker.read_text()


def test_a_git_that_would_fetch_for_a_workspace_is_told_not_to(
    workspace: Path, job: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T7: some versions of git ask a promisor while they serve what is checked out, by whatever protocol it names."""
    real, log = shutil.which("git"), tmp_path / "log"
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *" {workspace.as_uri()} "*) env > {log} ;; esac\nexec {real} "$@"\n')
    program.chmod(0o755)
    job["PATH"] = f"{program.parent}:{job['PATH']}"
    monkeypatch.setenv("PATH", job["PATH"])
    inside(lambda clean, _: clean, workspace, job)
    assert {"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=file"} <= set(log.read_text().splitlines())


def test_a_replaced_commit_is_what_it_is(workspace: Path, job: dict[str, str]) -> None:
    """T7: `git replace` in the workspace changes nothing, nor does a laptop's own."""
    (workspace / "README.md").write_text("other\n")
    other = commit_all(workspace, "[deploy] what nobody reviewed")
    git(workspace, "reset", "--quiet", "--hard", job["GITHUB_SHA"])
    git(workspace, "replace", job["GITHUB_SHA"], other)

    def message(path: Path, cleaned: Mapping[str, str]) -> object:
        return Repository(path, for_installer(cleaned)).first_parents("HEAD", 1)[0][1]

    assert "nobody" in git(workspace, "log", "-1", "--format=%B")
    assert inside(message, workspace, job) == "feat: begin"
    assert message(workspace, job) == "feat: begin"


def test_an_object_under_another_s_name_is_not_taken(workspace: Path, job: dict[str, str]) -> None:
    """T7: bytes that a pull request's tests put where a merge's file will be, by the name that it will have."""
    path = _loose(workspace, git(workspace, "rev-parse", "HEAD:pyproject.toml"))
    planted = b"[project]\nname = 'planted'\n"
    path.unlink()  # the server has a link to it
    path.write_bytes(zlib.compress(b"blob %d\0" % len(planted) + planted))
    assert "planted" in git(workspace, "cat-file", "blob", "HEAD:pyproject.toml")
    assert "planted" not in str(inside(lambda clean, _: (clean / "pyproject.toml").read_text(), workspace, job))


def _loose(workspace: Path, name: str) -> Path:
    return workspace / ".git" / "objects" / name[:2] / name[2:]


def test_a_home_s_configuration_is_not_read(workspace: Path, job: dict[str, str], tmp_path: Path) -> None:
    """T7, T8: neither git's, nor uv's, pip's and netrc's, as all of them are found by HOME and XDG_*."""
    home = Path(job["HOME"])
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".gitconfig").write_text('[url "https://evil.example/"]\n\tinsteadOf = file://\n')
    (home / ".config" / "git" / "attributes").write_text("* eol=crlf text\n")
    job |= {
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / "c"),
        "UV_CACHE_DIR": str(home / "u"),
    }
    assert "\r\n" not in str(inside(lambda clean, _: (clean / "README.md").read_bytes().decode(), workspace, job))
    seen = inside(lambda _, cleaned: dict(cleaned), workspace, job)
    assert isinstance(seen, dict)
    theirs = {name: value for name, value in seen.items() if str(home) in value}
    assert set(theirs) == {"UV_PYTHON_INSTALL_DIR", "PYENV_ROOT", "RUSTUP_HOME", "XDG_STATE_HOME"}
    named = inside(lambda _, cleaned: dict(cleaned), workspace, {**job, "MERGESHIP_HOME": str(tmp_path / "named")})
    assert isinstance(named, dict)
    assert (named["HOME"], named["UV_CACHE_DIR"]) == (str(tmp_path / "named"), job["UV_CACHE_DIR"])


def test_a_patched_cache_reaches_no_stage(workspace: Path, job: dict[str, str], tmp_path: Path) -> None:
    """T8: a wheel whose files were patched in uv's cache is installed as it was published."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    made = wheel("dep", "1.0", {"dep.py": "VALUE = 'published'\n"})
    (shelf / "dep-1.0-py3-none-any.whl").write_bytes(made)
    job |= {"UV_FIND_LINKS": str(shelf), "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}

    def value(path: Path, environ: Mapping[str, str], name: str) -> str:
        venv = Venv(tmp_path / name, environ)
        venv.create(path)
        venv.install(["dep"], path)
        return venv.run(["python", "-c", "import dep; print(dep.VALUE)"], tmp_path).strip()

    assert value(workspace, job, "before") == "published"
    cached = [path for path in (Path(job["HOME"]) / ".cache" / "uv").rglob("dep.py") if path.is_file()]
    assert cached
    for path in cached:
        path.unlink()
        path.write_text("VALUE = 'patched'\n")
    assert value(workspace, job, "poisoned") == "patched"
    assert inside(lambda clean, cleaned: value(clean, cleaned, "clean"), workspace, job) == "published"


@pytest.mark.parametrize("name", ["uv.toml", "pytest.ini", ".gitignore", ".python-version", ".cargo/config.toml"])
def test_what_lies_above_a_room_is_refused(
    workspace: Path, job: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """T8: tools look for their settings in the folders above, and everyone can write to the temporary one."""
    shared = tmp_path / "shared"
    planted = shared / name
    planted.parent.mkdir(parents=True)
    planted.write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    with pytest.raises(Held, match="is above every folder") as held:
        inside(lambda clean, _: clean, workspace, job)
    assert (held.value.code, name.split("/", maxsplit=1)[0] in held.value.message) == ("not-a-clean-room", True)


def test_a_room_is_at_the_same_folder_and_goes(workspace: Path, job: dict[str, str]) -> None:
    (workspace / "sub").mkdir()
    (workspace / "sub" / "a.txt").write_text("a\n")
    job["GITHUB_SHA"] = commit_all(workspace)
    room = inside(lambda clean, _: clean, workspace / "sub", job)
    assert isinstance(room, Path)
    assert room.name == "sub"
    assert not room.exists()


def test_what_differs_is_reported_and_never_built(workspace: Path, job: dict[str, str]) -> None:
    (workspace / "README.md").write_text("edited\n")
    said: list[Event] = []
    assert "edited" not in str(inside(lambda clean, _: (clean / "README.md").read_text(), workspace, job, said))
    assert said == [Note("the checkout differs from its commit, which is what counts: README.md")]
    with pytest.raises(Misconfigured, match=r"differs from its commit: README\.md"):
        build(workspace, job, said.append, out=workspace / "dist", version="")


def test_line_ends_that_git_would_write_otherwise_are_no_change(workspace: Path, job: dict[str, str]) -> None:
    """A file was committed with its line ends before it was said that it is text."""
    (workspace / "notes.txt").write_bytes(b"one\r\ntwo\r\n")
    commit_all(workspace)
    (workspace / ".gitattributes").write_text("* text\n")
    git(workspace, "add", ".gitattributes")
    git(workspace, "commit", "--quiet", "-m", "text")
    job["GITHUB_SHA"] = git(workspace, "rev-parse", "HEAD")
    said: list[Event] = []
    assert inside(lambda clean, _: (clean / "notes.txt").read_bytes(), workspace, job, said) == b"one\r\ntwo\r\n"
    assert said == []


def test_a_commit_that_is_not_in_the_checkout_comes_from_the_origin(
    workspace: Path, job: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "-q", job["GITHUB_SERVER_URL"] + "/someone/obk.git", str(elsewhere)], check=True)
    (elsewhere / "new.txt").write_text("new\n")
    job["GITHUB_SHA"] = commit_all(elsewhere)
    git(elsewhere, "push", "--quiet", "origin", "main")
    assert inside(lambda clean, _: (clean / "new.txt").is_file(), workspace, job)
    job["GITHUB_SHA"] = "1" * 40
    with pytest.raises(Held, match="someone/obk"):
        inside(lambda clean, _: clean, workspace, job)


def test_what_a_fetch_has_left_that_failed_is_not_taken_for_the_whole(
    workspace: Path, job: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T7: a history that seems to begin late hides the merges before it."""
    commit_all(workspace)
    git(workspace, "push", "--quiet", str(tmp_path / "server" / "someone" / "obk.git"), "HEAD:main")
    job["GITHUB_SHA"] = git(workspace, "rev-parse", "HEAD")
    run = Repository.git

    def fails(self: Repository, *arguments: str, **given: Any) -> str:
        if clone._UPLOAD_PACK not in arguments:
            return run(self, *arguments, **given)
        (Path(self.path) / ".git" / "shallow").write_text(f"{job['GITHUB_SHA']}\n")
        raise ProcessFailed(arguments, 128, "fatal: the remote end hung up unexpectedly")

    monkeypatch.setattr(Repository, "git", fails)
    assert inside(lambda clean, env: len(Repository(clean, env).first_parents("HEAD", 10)), workspace, job) == 2


def test_a_shallow_checkout_is_enough(workspace: Path, job: dict[str, str], tmp_path: Path) -> None:
    commit_all(workspace)
    git(workspace, "push", "--quiet", str(tmp_path / "server" / "someone" / "obk.git"), "HEAD:main")
    job["GITHUB_SHA"] = git(workspace, "rev-parse", "HEAD")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", workspace.as_uri(), str(shallow))

    def history(clean: Path, cleaned: Mapping[str, str]) -> object:
        repository = Repository(clean, for_installer(cleaned))
        origin = Origin(repository, cleaned)
        origin.fetch(origin.refs())
        return len(repository.first_parents("HEAD", 10))

    assert inside(history, shallow, job) == 2


def test_on_a_laptop_the_checkout_is_used(workspace: Path, job: dict[str, str]) -> None:
    del job["GITHUB_ACTIONS"]
    assert inside(lambda clean, _: clean, workspace, job) == workspace


def test_what_killed_runs_have_left_is_removed(
    workspace: Path, job: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T23: and what one that runs holds is not, nor anything else."""
    shared = tmp_path / "shared"
    for name in ("mergeship-room-left", "mergeship-room-held", "mergeship-room-new", "other"):
        (shared / name / "clone").mkdir(parents=True)
        if name != "mergeship-room-new":
            (shared / name / "lock").touch()
    (shared / "mergeship-room-link").symlink_to(shared / "other")
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    with (shared / "mergeship-room-held" / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        inside(lambda _, cleaned: Path(cleaned["TMPDIR"]).mkdir(exist_ok=True), workspace, job)
    assert sorted(path.name for path in shared.iterdir()) == [
        "mergeship-room-held", "mergeship-room-link", "mergeship-room-new", "other",
    ]  # fmt: skip


def test_what_another_user_has_left_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T23: root may remove it, and has no business there."""
    room = tmp_path / "mergeship-room-left"
    room.mkdir()
    (room / "lock").touch()
    monkeypatch.setattr(os, "getuid", lambda: room.stat().st_uid + 1)
    _remove_left(tmp_path)
    assert room.exists()
    monkeypatch.undo()
    _remove_left(tmp_path)
    assert not room.exists()


def test_a_room_that_was_never_locked_goes_after_a_while(tmp_path: Path) -> None:
    """T23: its run was killed while it was made, or while it was removed."""
    now = time.time()
    for name, age in (("new", 0), ("old", 3600)):
        (tmp_path / f"mergeship-room-{name}").mkdir()
        os.utime(tmp_path / f"mergeship-room-{name}", (now - age, now - age))
    _remove_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mergeship-room-new"]


def test_a_folder_above_is_not_safe_because_nobody_may_write_there_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8: whoever owns it has written there, and then said that nobody may."""
    (tmp_path / "uv.toml").touch()
    if os.getuid() == 0:
        os.chown(tmp_path, 65534, -1)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Held, match=r"uv\.toml is above"):
        _refuse_above(tmp_path / "room")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a folder to someone else")
def test_a_checkout_of_another_user_is_read(workspace: Path, job: dict[str, str], tmp_path: Path) -> None:
    """In a container it often is one."""
    (tmp_path / "server").rename(tmp_path / "gone")  # from there it does not come
    for path in (workspace, *workspace.rglob("*")):
        os.chown(path, 65534, -1, follow_symlinks=False)
    assert inside(lambda clean, _: (clean / "pyproject.toml").is_file(), workspace, job)


@pytest.mark.parametrize("stage", [decide, deploy, build, sync, gate])
def test_every_stage_that_decides_or_sends_works_in_a_room(
    stage: Any, workspace: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T7"""

    def room(*_: object, clone: bool, **__: object) -> Any:
        raise InterruptedError(str(clone))

    monkeypatch.setattr(clean_room, "_clean_room", room)
    given = {"out": workspace / "dist"} if stage in {deploy, build} else {}
    with pytest.raises(InterruptedError, match="True"):
        stage(workspace, job, lambda _: None, **given)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "pull_request", "pull_request_target", "schedule"])
def test_tests_run_on_what_is_checked_out(
    workspace: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """T8: on main with a home and caches of their own; whatever else was checked out is what is tested."""
    seen: list[tuple[Path, str]] = []

    def tested(path: Path, environ: Mapping[str, str], *_: object) -> None:
        seen.append((path, environ["HOME"]))

    monkeypatch.setattr(testing, "_tested", tested)
    testing.test(workspace, {**job, "GITHUB_EVENT_NAME": event}, lambda _: None)
    ((path, home),) = seen
    assert path == workspace
    assert (home == job["HOME"]) is (event not in {"push", "workflow_dispatch"})


def test_a_home_that_says_where_packages_come_from_is_not_passed_over(workspace: Path, job: dict[str, str]) -> None:
    """T8: another index would serve what that one does."""
    settings = Path(job["HOME"]) / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    with pytest.raises(Misconfigured, match=r"uv\.toml is not read in a workflow") as refused:
        inside(lambda clean, _: clean, workspace, job)
    assert (refused.value.code, "MERGESHIP_HOME" in refused.value.hint) == ("home-not-read", True)
    for way in ({"UV_CONFIG_FILE": str(settings)}, {"MERGESHIP_HOME": job["HOME"]}):
        assert inside(lambda clean, _: clean.is_dir(), workspace, {**job, **way})
    settings.unlink()
    (Path(job["HOME"]) / ".netrc").write_text("")
    said: list[Event] = []
    inside(lambda clean, _: clean, workspace, job, said)
    assert ".netrc is not read in a workflow" in str(said[0])


def test_a_sparse_checkout_is_no_change(workspace: Path, job: dict[str, str]) -> None:
    (workspace / "README.md").unlink()
    said: list[Event] = []
    assert inside(lambda clean, _: (clean / "README.md").is_file(), workspace, job, said)
    assert said == []


@pytest.mark.parametrize("name", [".git/config", ".git/objects/info/alternates", ".gitattributes"])
def test_a_pipe_in_the_workspace_is_not_waited_for(
    workspace: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """T21: git would read it for ever."""
    monkeypatch.setattr(clone, "PATIENCE", 0.5)
    path = workspace / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert inside(lambda clean, _: (clean / "pyproject.toml").is_file(), workspace, job)


def test_a_room_that_cannot_be_removed_is_no_failure(
    workspace: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test may leave files of another user, by a container for one."""
    left: list[Path] = []

    def refuse(path: Path, *_: object, **__: object) -> None:
        left.append(path)
        raise PermissionError(path)

    def done(*_: object) -> str:
        monkeypatch.setattr("os.rmdir", refuse)
        return "passed"

    assert inside(done, workspace, job) == "passed"
    monkeypatch.undo()
    assert left
