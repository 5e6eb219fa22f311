"""Where a project's releases stand, on a real origin that others write to as well."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.release.ledger import KEPT, REF, Ledger, decode
from mergeship.errors import Held
from mergeship.pipeline import project_state
from mergeship.pipeline.project_state import ATTEMPTS, ProjectState
from tests import ledgers
from tests.conftest import git


@pytest.fixture
def state(obk: Path, environ: Mapping[str, str], tmp_path: Path) -> ProjectState:
    ledgers.with_origin(obk)
    ledgers.write(obk, ledgers.entry("0.1.1", git(obk, "rev-parse", "HEAD")))
    return read(obk, environ, tmp_path)


def read(obk: Path, environ: Mapping[str, str], tmp_path: Path) -> ProjectState:
    return project_state.read(obk, ledgers.of_project(environ, tmp_path / "state"), lambda _: None)


def given_up(state: ProjectState) -> Ledger:
    return state.ledger.moved("0.1.1", "given-up", state.now, "7", given_up="for a test")


def test_who_is_faster_wins_and_the_other_one_reads_what_they_wrote(state: ProjectState, obk: Path) -> None:
    other = git(obk, "rev-parse", "HEAD")
    ledgers.write(obk, ledgers.entry("0.1.1", other, run="8"))
    after, refused = state.write(given_up(state))
    assert (refused, after.lost) == (None, 1)
    assert [(entry.run, entry.state) for entry in after.ledger.releases] == [("8", "claimed")]
    assert ledgers.read(obk) == after.ledger
    won, _ = after.write(given_up(after))
    assert (won.lost, ledgers.read(obk)) == (0, won.ledger)


def test_who_loses_for_ever_is_held(state: ProjectState, obk: Path) -> None:
    commit = git(obk, "rev-parse", "HEAD")
    for number in range(ATTEMPTS - 1):
        ledgers.write(obk, ledgers.entry("0.1.1", commit, run=str(number + 1)))
        state, _ = state.write(given_up(state))
    ledgers.write(obk, ledgers.entry("0.1.1", commit, run="99"))
    with pytest.raises(Held, match=f"after {ATTEMPTS} concurrent") as held:
        state.write(given_up(state))
    assert held.value.code == "ledger-busy"


def test_what_could_not_be_read_again_is_not_written(state: ProjectState, obk: Path) -> None:
    """T20: it would be unreadable for ever."""
    with pytest.raises(Held, match="not in normal form") as held:
        state.write(state.ledger.claimed(ledgers.entry("0.1.02", git(obk, "rev-parse", "HEAD"))))
    assert held.value.code == "ledger-unreadable"
    assert ledgers.read(obk) == state.ledger


def test_what_was_put_in_the_ledgers_place_is_not_read(
    state: ProjectState, obk: Path, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """A commit without a ledger is a ledger that was put back, not one that cannot be read."""
    state.store.remember(state.refs.ledger)
    git(tmp_path / "owner" / "origin.git", "update-ref", REF, git(obk, "rev-parse", "HEAD"))
    with pytest.raises(Held) as held:
        read(obk, environ, tmp_path)
    assert held.value.code == "ledger-rewound"


def test_a_long_ledger_is_kept_short_and_nothing_of_it_is_lost(state: ProjectState, obk: Path, tmp_path: Path) -> None:
    """T25: the oldest releases go into a file beside it; what another runner remembers still continues."""
    commit = git(obk, "rev-parse", "HEAD")
    releases = [
        ledgers.entry(
            f"0.{number}.0",
            commit,
            "released",
            tag="created",
            files=(Distribution(f"obk-0.{number}.0.tar.gz", 9, "1" * 64),),
        )
        for number in range(1, 2 * KEPT + 1)
    ]
    ledgers.write(obk, *releases)
    long = state.again()
    short = project_state.archive(long)
    bare = tmp_path / "owner" / "origin.git"
    names = git(bare, "ls-tree", "-r", "--name-only", REF).split()
    assert names == [f"archive/0.1.0-0.{KEPT}.0.json", "ledger.json"]
    assert short.again().ledger == short.ledger
    assert [len(one.ledger.releases) for one in (long, short)] == [2 * KEPT, KEPT]
    old = decode(git(bare, "show", f"{REF}:{names[0]}"), "obk")
    assert (*old.releases, *short.ledger.releases) == long.ledger.releases
    assert project_state.archive(short) == short
    written, _ = short.write(short.ledger.claimed(ledgers.entry("0.999.0", commit)))
    assert git(bare, "ls-tree", "-r", "--name-only", REF).split() == names
    assert len(written.ledger.releases) == KEPT + 1
    assert project_state.archive(long) == long  # someone was faster
