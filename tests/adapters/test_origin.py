import os
from pathlib import Path

import pytest

from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import Origin, owner_and_name
from mergeship.core.release.ledger import REF
from mergeship.errors import Held, Misconfigured
from tests import ledgers
from tests.conftest import commit_all, git
from tests.servers import Script, http, raw_server

ENV = dict(os.environ)


@pytest.fixture
def bare(obk: Path) -> Path:
    return ledgers.with_origin(obk)


def origin_of(project: Path) -> Origin:
    return Origin(Repository(project, ENV), {})


def test_refs_are_read_in_one_request(obk: Path, bare: Path) -> None:
    git(obk, "tag", "light")
    git(obk, "tag", "-a", "-m", "x", "heavy")
    git(obk, "push", "--quiet", "origin", "--tags")
    head = git(obk, "rev-parse", "HEAD")
    refs = origin_of(obk).refs()
    assert (refs.main, refs.ledger, refs.tags) == (head, "", {"light": head, "heavy": head})
    written = ledgers.write(obk)
    assert origin_of(obk).refs().ledger == written
    assert git(bare, "log", "-1", "--format=%an %s", REF) == "mergeship a test"


def test_what_a_commit_does_not_contain(obk: Path, bare: Path) -> None:
    """Also what is not here, or no commit at all; a tag that is called like one is none."""
    del bare
    first = git(obk, "rev-parse", "HEAD")
    second = commit_all(obk, "feat: second")
    third = commit_all(obk, "feat: third")
    git(obk, "tag", "0")
    gone, tree, origin = "f" * 40, git(obk, "rev-parse", "HEAD^{tree}"), origin_of(obk)
    asked = [first, second, third, gone, tree, "main", "--all", "", "x\ny"]
    assert origin.outside(second, asked) == {third, gone, tree, "main", "--all", "", "x\ny"}
    assert origin.outside(third, [first, third]) == frozenset()
    assert origin.outside(third, []) == frozenset()
    assert origin.outside(gone, [first]) == {first}
    assert origin.outside("main", [first]) == {first}


def test_the_ledger_has_no_parent_in_main(obk: Path, bare: Path) -> None:
    first = ledgers.write(obk)
    second = ledgers.write_text(obk, "ä\n")
    assert git(bare, "rev-list", REF).split() == [second, first]
    assert origin_of(obk).ledger(second) == "ä\n"
    with pytest.raises(Held, match="holds no ledger"):
        origin_of(obk).ledger(git(obk, "rev-parse", "HEAD"))


def test_a_push_is_a_compare_and_swap(obk: Path, bare: Path) -> None:
    del bare
    origin = origin_of(obk)
    first = origin.write("1", "first", "", 1)
    assert origin.push({REF: first}).done
    one, other = origin.write("2", "one", first, 2), origin.write("2", "other", first, 2)
    assert origin.push({REF: one}).done
    lost = origin.push({REF: other})
    assert (lost.done, lost.moved) == (False, (REF,))
    assert origin.push({REF: one}).done  # again, after an answer that was lost
    assert origin.push({REF: first}).moved == (REF,)  # nothing goes back
    assert origin.push({REF: origin.write("3", "a new beginning", "", 3)}).moved == (REF,)


def test_tag_and_ledger_are_pushed_both_or_neither(obk: Path, bare: Path) -> None:
    origin, head = origin_of(obk), git(obk, "rev-parse", "HEAD")
    first = origin.write("1", "first", "", 1)
    hook = bare / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "no tags today" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    refused = origin.push({REF: first, "refs/tags/v1": head})
    assert not refused.done
    assert refused.refused == {
        "refs/tags/v1": "hook declined: no tags today error: hook declined to update refs/tags/v1"
    }
    assert origin.refs().ledger == ""
    hook.unlink()
    assert origin.push({REF: first, "refs/tags/v1": head}).done
    assert origin.refs().tags == {"v1": head}
    later = commit_all(obk)
    taken = origin.push({REF: origin.write("2", "x", first, 2), "refs/tags/v1": later})
    assert (taken.done, taken.moved, origin.refs().ledger) == (False, ("refs/tags/v1",), first)


def test_a_shallow_clone_gets_the_history_it_needs(obk: Path, bare: Path, tmp_path: Path) -> None:
    first = git(obk, "rev-parse", "HEAD")
    for _ in range(3):
        commit_all(obk)
    git(obk, "push", "--quiet", "origin", "HEAD:main")
    ledgers.write(obk)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{bare}", str(shallow))
    origin = origin_of(shallow)
    assert len(origin.repository.first_parents("HEAD", 9)) == 1
    origin.fetch(origin.refs())
    assert [sha for sha, _ in origin.repository.first_parents("HEAD", 9)][-1] == first
    assert origin.contains(git(obk, "rev-parse", "HEAD"), first)
    assert not origin.contains(first, git(obk, "rev-parse", "HEAD"))
    assert not origin.contains("1" * 40, first)
    assert origin.ledger(origin.refs().ledger)


def test_a_project_without_origin_is_reported(obk: Path) -> None:
    with pytest.raises(Misconfigured, match="no remote called origin"):
        origin_of(obk)


def test_an_origin_that_is_gone_holds(obk: Path, bare: Path) -> None:
    bare.rename(bare.with_name("elsewhere"))
    with pytest.raises(Held) as held:
        origin_of(obk).refs()
    assert held.value.code in {"no-permission", "origin-unreachable"}


def test_the_token_is_for_its_own_host_and_in_no_argument(obk: Path, bare: Path) -> None:
    del bare
    git(obk, "remote", "set-url", "origin", "https://forge.example/o/r.git")
    environ = {"GITHUB_TOKEN": "ghs_secret", "GITHUB_SERVER_URL": "https://forge.example"}
    env = Origin(Repository(obk, ENV), environ)._remote.env
    assert env["GIT_CONFIG_COUNT"] == "4"
    assert env["GIT_CONFIG_KEY_1"] == "http.https://forge.example/.extraheader"
    assert "secret" not in env["GIT_CONFIG_VALUE_1"]  # it is encoded
    for other in ("https://other.example/o/r.git", "http://forge.example/o/r.git", "git@forge.example:o/r.git"):
        git(obk, "remote", "set-url", "origin", other)
        assert "GIT_CONFIG_COUNT" not in Origin(Repository(obk, ENV), environ)._remote.env


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/owner/name.git", "owner/name"), ("git@github.com:owner/name.git", "owner/name"),
        ("ssh://git@host:22/owner/name", "owner/name"), ("/srv/git/name.git/", "git/name"), ("name", "local/name"),
        ("../../x", "local/x"), ("https://github.com/../name", "local/name"),
    ],
)  # fmt: skip
def test_a_repository_s_name(url: str, name: str) -> None:
    assert owner_and_name(url) == name


@pytest.mark.usefixtures("bare")
def test_an_address_that_ends_a_line_elsewhere_is_one(obk: Path) -> None:
    """T21: U+2028 in an e-mail; git ends its lines in one way only."""
    git(obk, "checkout", "--quiet", "-b", "theirs")
    git(obk, "-c", "user.email=evil\u2028\u0085@example.org", "commit", "--quiet", "--allow-empty", "-m", "x")
    git(obk, "push", "--quiet", "origin", "theirs")
    found = origin_of(obk).strangers(git(obk, "rev-parse", "HEAD"), git(obk, "rev-parse", "main"))
    assert found == {"evil\u2028\u0085@example.org"}


def test_a_token_follows_no_redirect(obk: Path, bare: Path) -> None:
    """T19: git would send it on to wherever the origin is said to be now."""
    del bare
    elsewhere = Script(http("404 Not Found"))
    with raw_server(elsewhere) as other:
        location = f"{other}o/r.git/info/refs?service=git-upload-pack"
        with raw_server(Script(http("302 Found", Location=location))) as address:
            server = address.removesuffix("/simple/")
            git(obk, "remote", "set-url", "origin", f"{server}/o/r.git")
            environ = {"GITHUB_TOKEN": "ghs_secret", "GITHUB_SERVER_URL": server}
            with pytest.raises(Held) as held:
                Origin(Repository(obk, ENV), environ).refs()
    assert held.value.code == "repository-renamed"
    assert elsewhere.asked == []


@pytest.mark.parametrize("url", ["https://[bad/o/n.git", "https://forge.example/o/n.git"])
def test_what_is_no_address_is_no_bug(obk: Path, bare: Path, url: str) -> None:
    """T21"""
    del bare
    git(obk, "remote", "set-url", "origin", url)
    server = "http://[bad" if "forge" in url else "https://forge.example"
    with pytest.raises(Misconfigured, match="is no address: Invalid IPv6 URL"):
        Origin(Repository(obk, ENV), {"GITHUB_TOKEN": "s", "GITHUB_SERVER_URL": server})


def test_a_token_goes_nowhere_in_clear(obk: Path, bare: Path) -> None:
    """T13: but within this machine."""
    del bare
    git(obk, "remote", "set-url", "origin", "http://forge.example/o/r.git")
    with pytest.raises(Misconfigured, match="in clear"):
        Origin(Repository(obk, ENV), {"GITHUB_TOKEN": "s", "GITHUB_SERVER_URL": "http://forge.example"})


def test_a_ledger_without_measure_is_not_read(obk: Path, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22"""
    del bare
    monkeypatch.setattr("mergeship.adapters.git.origin._LEDGER", 1_000)
    origin = origin_of(obk)
    small, large = (origin.write("x" * size, "a test", "", 0) for size in (1_000, 1_001))
    assert origin.ledger(small) == "x" * 1_000
    with pytest.raises(Held, match="has 1001 bytes") as held:
        origin.ledger(large)
    assert "git push --force origin COMMIT:" in held.value.hint


def test_a_ledger_that_is_no_commit_is_said_to_be_one_that_cannot_be_read(obk: Path, bare: Path) -> None:
    git(bare, "update-ref", REF, git(bare, "rev-parse", "HEAD^{tree}"))
    origin = origin_of(obk)
    refs = origin.refs()
    with pytest.raises(Held) as held:
        origin.fetch(refs)
    assert held.value.code == "ledger-unreadable"
