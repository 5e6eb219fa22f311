"""`mergeship sync`, on the embedded forge."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import AUTHOR
from mergeship.core.distribution import Distribution
from mergeship.core.release.decision import VERSION_BRANCH
from mergeship.drills.env import NO_SHIP, DrillEnv
from mergeship.world.fault import Fault
from mergeship.world.forge.records import PullRequest
from tests import ledgers
from tests.conftest import OBK, commit_all, git
from tests.testbeds import drill_env

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        made.merged()
        released(made, "0.1.1")
        yield made


def released(play: DrillEnv, *versions: str) -> None:
    """A ledger that says so: what sync has to know of releases."""
    folder, file = play.runner.folder, Distribution("obk-0.1.1.tar.gz", 1, "a" * 64)
    url = git(folder, "remote", "get-url", "origin")
    git(folder, "remote", "set-url", "origin", str(play.bare.path))
    ledgers.write(folder, *(
        ledgers.entry(version, play.bare.resolved(f"main~{back}"), "released", files=(file,), tag="created")
        for back, version in enumerate(reversed(versions))
    ))  # fmt: skip
    git(folder, "remote", "set-url", "origin", url)


@pytest.fixture
def sync(play: DrillEnv, cli: Cli) -> Callable[..., dict[str, Any]]:
    """The verb with --json, in a job on main."""

    def call(*words: str, status: int = 0, text: bool = False) -> Any:
        play.runner.at(play.main)
        environ = play.runner.env(GITHUB_STEP_SUMMARY=str(play.runner.home / "summary"))
        form = () if text else ("--json",)
        found, out, err = cli("sync", str(play.runner.folder), *words, *form, environ=environ)
        assert found == status, out + err
        return out + err if text else json.loads(out)

    return call


def opened(play: DrillEnv) -> list[PullRequest]:
    return [one for one in play.testbed.repo.pull_requests.values() if one.open]


def on_main(play: DrillEnv, changes: dict[str, str], message: str = "feat: by hand (#77)") -> None:
    play.bare.git("update-ref", "refs/heads/main", play.commit(play.main, changes, message))


def test_the_version_comes_back(play: DrillEnv, sync: Any) -> None:
    assert sync("--dry-run")["action"] == "opened"
    assert opened(play) == []
    assert play.testbed.repo.head_of(f"{VERSION_BRANCH}*") == ""
    document = sync()
    assert (document["action"], document["version"], document["pull"]) == ("opened", "0.1.1", 2)
    assert "GITHUB_TOKEN" in document["advice"]
    (pull_request,) = opened(play)
    assert pull_request.title == "ci: update version to 0.1.1"
    assert "[x] Non-deployment PR" in pull_request.body
    assert play.testbed.repo.files(pull_request) == [("M", "pyproject.toml", "")]
    assert play.bare.git("log", "-1", "--format=%an <%ae> %s", pull_request.head).strip() == (
        "mergeship <mergeship@users.noreply.github.com> ci: update version to 0.1.1"
    )
    assert pull_request.branch == f"{VERSION_BRANCH}{pull_request.created:%Y%m%d}"
    assert f"[#2]({play.testbed.forge}/rehearsal/obk/pull/2)" in (play.runner.home / "summary").read_text()
    assert sync()["action"] == "unchanged"
    assert play.testbed.repo.head_of(pull_request.branch) == pull_request.head
    assert "unchanged #2 ci/update-version-" in sync(text=True)


def test_an_open_one_moves_forward(play: DrillEnv, sync: Any) -> None:
    sync()
    first = opened(play)[0].head
    play.merged(NO_SHIP)
    assert sync()["action"] == "moved"  # onto main as it is now
    play.merged()
    released(play, "0.1.1", "0.1.2")
    document = sync()
    assert (document["action"], document["version"]) == ("moved", "0.1.2")
    (pull_request,) = opened(play)
    assert pull_request.title == "ci: update version to 0.1.2"
    assert pull_request.head != first
    assert play.bare.resolved(f"{pull_request.head}^") == play.main


def test_a_day_s_names(play: DrillEnv, sync: Any) -> None:
    branch = sync()["branch"]
    play.testbed.repo.pull_requests[2].closed = play.testbed.repo.clock()
    assert sync()["branch"] == f"{branch}-2"
    play.testbed.repo.merge(3)
    play.merged()
    released(play, "0.1.1", "0.1.2")
    assert sync()["branch"] == f"{branch}-3"


def test_what_main_has_caught_up_with_is_closed(play: DrillEnv, sync: Any) -> None:
    sync()
    text = play.bare.git("show", "main:pyproject.toml").replace('"0.1.0"', '"0.2.0"')
    on_main(play, {"pyproject.toml": text})
    assert sync("--dry-run")["action"] == "closed"
    assert len(opened(play)) == 1
    document = sync()
    assert (document["action"], document["pull"]) == ("closed", 2)
    assert not play.testbed.repo.head_of(document["branch"])
    assert opened(play) == []
    assert play.testbed.repo.pull_requests[2].comments == [
        ("github-actions[bot]", "Obsolete: main declares 0.2.0, and 0.1.1 is the newest release."),
    ]  # fmt: skip
    assert sync()["action"] == "nothing"
    assert "nothing: main declares 0.2.0" in sync(text=True)


def test_what_is_someone_else_s_is_left_alone(play: DrillEnv, sync: Any) -> None:
    """A branch called otherwise, one with a person's commit, one whose merge says more, one without an address."""
    main = play.main
    strange = {
        "scheme": play.commit(main, {"x": "x"}, "x"),
        "20200101": play.commit(main, {"x": "x"}, "x"),
        "20200102": as_ours(play, [play.commit(main, {"y": "y"}, "y"), main], "a merge", {"slipped": "in"}),
        "20200103": as_ours(play, [main], "nobody", {"z": "z"}, email=""),
    }
    for number, (name, commit) in enumerate(strange.items()):
        play.bare.git("update-ref", f"refs/heads/{VERSION_BRANCH}{name}", commit)
        play.testbed.repo.propose(f"{VERSION_BRANCH}{name}", f"ci: {number}", "")
    document = sync()
    assert (document["action"], document["pull"]) == ("opened", 6)
    assert len(document["warnings"]) == 4
    assert "#2 from ci/update-version-scheme has commits by someone else and is left alone" in document["warnings"][3]
    on_main(play, {"pyproject.toml": play.bare.git("show", "main:pyproject.toml").replace('"0.1.0"', '"0.3.0"')})
    assert sync()["action"] == "closed"
    assert [one.number for one in opened(play)] == [2, 3, 4, 5]
    for name, commit in strange.items():
        assert play.testbed.repo.head_of(f"{VERSION_BRANCH}{name}") == commit


def as_ours(play: DrillEnv, parents: list[str], message: str, files: dict[str, str], email: str = "") -> str:
    """A commit that someone made to look like mergeship's, but for its committer."""
    made = play.commit(parents[0], files, message)
    tree = play.bare.git("rev-parse", f"{made}^{{tree}}").strip()
    identity = {
        "GIT_AUTHOR_EMAIL": AUTHOR,
        "GIT_AUTHOR_NAME": "x",
        "GIT_COMMITTER_EMAIL": email,
        "GIT_COMMITTER_NAME": "x",
    }
    bare = Repository(play.bare.path, play.bare.env | identity)
    named = [word for parent in parents for word in ("-p", parent)]
    return bare.git("commit-tree", tree, *named, "-m", message).strip()


def test_what_a_button_of_github_made_of_it_is_still_ours(play: DrillEnv, sync: Any) -> None:
    """ "Update branch": by a merge of main, or by a rebase."""
    sync()
    (pull_request,) = opened(play)
    play.merged(NO_SHIP)
    tree = play.bare.git("merge-tree", "--write-tree", pull_request.head, play.main).split()[0]
    words = ("commit-tree", tree, "-p", pull_request.head, "-p", play.main, "-m", "Merge main")
    identity = {"GIT_COMMITTER_EMAIL": "noreply@github.com", "GIT_COMMITTER_NAME": "GitHub", "GIT_AUTHOR_NAME": "x"}
    person = Repository(play.bare.path, play.bare.env | identity | {"GIT_AUTHOR_EMAIL": "person@example.org"})
    play.bare.git("update-ref", f"refs/heads/{pull_request.branch}", person.git(*words).strip())
    play.testbed.repo.pushed()
    assert sync()["action"] == "moved"
    ours = Repository(play.bare.path, play.bare.env | identity | {"GIT_AUTHOR_EMAIL": AUTHOR})
    again = ours.git("commit-tree", f"{pull_request.head}^{{tree}}", "-p", play.main, "-m", pull_request.title).strip()
    play.bare.git("update-ref", f"refs/heads/{pull_request.branch}", again)
    play.testbed.repo.pushed()
    assert sync()["action"] in {"moved", "unchanged"}
    assert len(opened(play)) == 1


def test_two_of_ours_are_reported(play: DrillEnv, sync: Any) -> None:
    sync()
    play.bare.git("update-ref", f"refs/heads/{VERSION_BRANCH}20200102", opened(play)[0].head)
    play.testbed.repo.propose(f"{VERSION_BRANCH}20200102", "ci: update version to 0.1.1", "")
    assert "more version pull requests are open than needed: #2" in sync()["warnings"][0]


def test_a_limit_is_no_missing_right(play: DrillEnv, sync: Any) -> None:
    slow = Fault(403, "You have exceeded a secondary rate limit", {"retry-after": "600"}, method="POST", path="/pulls")
    play.testbed.repo.faults.append(slow)
    assert sync(status=1)["error"]["code"] == "forge-rate-limited"
    play.testbed.repo.faults.append(
        Fault(403, "You have exceeded a secondary rate limit.", method="POST", path="/pulls")
    )
    assert sync(status=1)["error"]["code"] == "forge-rate-limited"  # GitHub does not always say how long
    assert sync()["action"] == "opened"


def test_a_workspace_s_lock_comes_back_and_ships_nothing(wheel_cache: Path, tmp_path: Path, cli: Cli) -> None:
    """A member below the top, with the lock above it: what sync writes is what decide takes for neutral."""
    project = tmp_path / "repository"
    member = project / "packages" / "obk"
    shutil.copytree(OBK, member, ignore=shutil.ignore_patterns("__pycache__", ".*", "dist"))
    (project / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    lock = '[[package]]\nname = "obk"\nversion = "0.1.0"\nsource = { editable = "packages/obk" }\n'
    (project / "uv.lock").write_text(f"version = 1\n\n{lock}")
    git(tmp_path, "init", "--quiet", str(project))
    commit_all(project, "feat: begin")
    with drill_env(wheel_cache, project=project) as made:
        made.merged(NO_SHIP)
        released(made, "0.1.1")
        environ = made.runner.env()
        folder = made.runner.folder / "packages" / "obk"
        status, out, err = cli("sync", str(folder), "--json", environ=environ)
        assert status == 0, out + err
        assert sorted(path for _, path, _ in made.testbed.repo.files(opened(made)[0])) == [
            "packages/obk/pyproject.toml", "uv.lock",
        ]  # fmt: skip
        made.before = made.main
        made.testbed.repo.merge(2)
        made.runner.at(made.main)
        status, out, err = cli("gate", str(folder), "--pr", "2", "--json", environ=environ)
        assert json.loads(out)["reasons"] == ["#2: it is a version pull request"]


def test_a_declaration_behind_a_link_is_written_where_it_is(play: DrillEnv, sync: Any) -> None:
    text = play.bare.git("show", "main:pyproject.toml")
    commit = play.commit(play.main, {"meta/pyproject.toml": text}, "chore: move (#79)")
    blob = play.bare.git("hash-object", "-w", "--stdin", given="meta/pyproject.toml").strip()
    play.bare.git("read-tree", commit)
    play.bare.git("update-index", "--cacheinfo", f"120000,{blob},pyproject.toml")
    tree = play.bare.git("write-tree").strip()
    made = ("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-p", play.main, "-m", "x (#79)")
    play.bare.git("update-ref", "refs/heads/main", play.bare.git(*made).strip())
    sync()
    assert [path for _, path, _ in play.testbed.repo.files(opened(play)[0])] == ["meta/pyproject.toml"]


def test_a_branch_of_a_fork_is_none_of_ours(play: DrillEnv, sync: Any) -> None:
    branch = f"{VERSION_BRANCH}20200101"
    play.bare.git("update-ref", f"refs/heads/{branch}", play.commit(play.main, {"x": "x"}, "x"))
    play.testbed.repo.propose(branch, "ci: update version to 9", "", fork="evil/obk")
    play.bare.git("update-ref", "-d", f"refs/heads/{branch}")
    document = sync()
    assert (document["action"], document["pull"]) == ("opened", 3)


def test_a_branch_that_is_left_from_a_run_that_died_is_used(play: DrillEnv, sync: Any) -> None:
    play.testbed.repo.faults.append(Fault(500, method="POST", path="/pulls"))
    assert sync(status=1)["error"]["code"] == "forge-refused"  # a POST may have been done: it is not sent twice
    (branch,) = play.bare.git("for-each-ref", "--format=%(refname:strip=2)", f"refs/heads/{VERSION_BRANCH}*").split()
    document = sync()
    assert (document["action"], document["branch"], len(opened(play))) == ("opened", branch, 1)


def test_what_github_refuses_is_reported(play: DrillEnv, sync: Any) -> None:
    play.testbed.repo.faults.append(Fault(422, "Validation Failed", method="POST", path="/pulls"))
    document = sync(status=1)
    assert document["error"]["code"] == "forge-refused"
    assert "Validation Failed" in document["error"]["message"]
    play.testbed.repo.settings.workflow["can_approve_pull_request_reviews"] = False
    document = sync()
    assert document["action"] == "pushed"
    assert document["url"].endswith(f"/compare/main...{document['branch']}?expand=1")
    assert "is not permitted to create or approve pull requests; open it at" in document["warnings"][0]
    assert "warning:" in sync(text=True)


def test_line_ends_modes_and_everything_else_stay(play: DrillEnv, sync: Any) -> None:
    text = play.bare.git("show", "main:pyproject.toml").replace("\n", "\r\n")
    blob = play.bare.git("hash-object", "-w", "--stdin", given=text).strip()
    play.bare.git("read-tree", "main")
    play.bare.git("update-index", "--cacheinfo", f"100755,{blob},pyproject.toml")
    tree = play.bare.git("write-tree").strip()
    made = ("-c", "user.name=x", "-c", "user.email=x@x")
    commit = play.bare.git(*made, "commit-tree", tree, "-p", play.main, "-m", "x (#78)").strip()
    play.bare.git("update-ref", "refs/heads/main", commit)
    sync()
    (pull_request,) = opened(play)
    told = play.bare.git("diff-tree", "-r", "--numstat", commit, pull_request.head).split()
    assert told == ["1", "1", "pyproject.toml"]
    assert play.bare.git("ls-tree", pull_request.head, "pyproject.toml").startswith("100755")
    written = Repository(play.bare.path, play.bare.env).blob(pull_request.head, "pyproject.toml")
    assert written is not None
    assert written.count(b"\r\n") == text.count("\r\n")


def test_a_version_from_tags_is_not_written(play: DrillEnv, sync: Any) -> None:
    text = play.bare.git("show", "main:pyproject.toml").replace('version = "0.1.0"', 'dynamic = ["version"]')
    on_main(play, {"pyproject.toml": f'{text}\n[tool.hatch.version]\nsource = "vcs"\n'})
    document = sync()
    assert document["action"] == "nothing"
    assert "from tags" in document["why"]


def test_before_the_first_release_there_is_nothing(wheel_cache: Path, cli: Cli) -> None:
    with drill_env(wheel_cache) as made:
        environ = made.runner.env()
        status, out, _ = cli("sync", str(made.runner.folder), environ=environ)
    assert (status, out) == (0, "nothing: nothing is released yet\n")


def test_a_branch_with_the_right_words_and_other_files_is_put_right(play: DrillEnv, sync: Any) -> None:
    """Same parent, same subject, ours by its author: what it holds decides."""
    sync()
    (pull_request,) = opened(play)
    other = play.bare.git("rev-parse", f"{play.main}^{{tree}}").strip()
    forged = play.bare.git(
        "-c", f"user.email={AUTHOR}", "-c", "user.name=mergeship",
        "commit-tree", other, "-p", play.main, "-m", pull_request.title,
    ).strip()  # fmt: skip
    play.bare.git("update-ref", f"refs/heads/{pull_request.branch}", forged)
    play.testbed.repo.pushed()
    assert sync()["action"] == "moved"
    assert play.testbed.repo.files(opened(play)[0]) == [("M", "pyproject.toml", "")]
