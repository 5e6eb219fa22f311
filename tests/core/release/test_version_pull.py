"""The version pull request."""

from datetime import date
from typing import Any

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.intent import of_checklist, ticked
from mergeship.core.release import version_pull
from mergeship.core.release.decision import Pull
from mergeship.core.release.ledger import Entry, Ledger, State
from mergeship.core.release.version_pull import Close, Open, Prepare, Prepared, PullFacts, Push, Settled, Step, Update
from tests.ledgers import entry

FILE = Distribution("obk-0.1.1.tar.gz", 7, "a" * 64)


def released(version: str, state: State = "released") -> Entry:
    return entry(version, "c" * 40, state, files=(FILE,), pull_requests=(3,))


def pull(number: int, version: str = "0.1.0") -> Pull:
    return Pull(
        number, f"ci: update version to {version}", "", (), "ci/update-version-20261122", own_branch=True, author="x"
    )


def test_the_newest_release_is_the_highest_that_is_on_the_index() -> None:
    assert version_pull.newest(Ledger(project="obk")) is None
    ledger = Ledger(
        project="obk",
        releases=(
            released("0.1.9", "uploaded"), released("0.1.10"), released("0.2.0", "uploading"),
            released("0.3", "given-up"),
        ),
    )  # fmt: skip
    newest = version_pull.newest(ledger)
    assert newest is not None
    assert newest.version == "0.1.10"


ENTRY, HIGHER = released("0.1.1"), released("0.1.10")
CAUGHT_UP = "main declares 0.2.0, and 0.1.1 is the newest release"
THERE = Prepared("ci/update-version-20261122", "1" * 40, "2" * 40, same=False)
SAME = msgspec.structs.replace(THERE, commit=THERE.at, same=True)


def facts(declared: str | None = "0.1.0", entry: Entry | None = ENTRY, **known: Any) -> PullFacts:
    return PullFacts(declared=declared, entry=entry, **known)


@pytest.mark.parametrize(
    ("known", "step"),
    [
        (facts(entry=None), Settled("nothing")),
        (facts(declared=None), Settled("nothing")),
        (facts("0.1.1"), Settled("nothing")),
        (
            facts("0.2.0", open_pulls=(pull(2), pull(1))),
            Close(pull(2), CAUGHT_UP),
        ),
        (facts("0.2.0", open_pulls=(pull(2),), closed=True), Settled("closed")),
        (facts(), Prepare(ENTRY)),
        (facts("0.1.9", HIGHER), Prepare(HIGHER)),
        (facts(prepared=THERE), Push(THERE, "opened")),
        (facts(prepared=THERE, open_pulls=(pull(1),)), Push(THERE, "moved")),
        (facts(prepared=THERE, pushed=True), Open(THERE.branch, ENTRY)),
        (facts(prepared=SAME), Open(SAME.branch, ENTRY)),
        (facts(prepared=SAME, open_pulls=(pull(1),)), Update(1, ENTRY)),
        (facts(prepared=SAME, open_pulls=(pull(1, "0.1.1"),)), Settled("unchanged")),
        (facts(prepared=THERE, pushed=True, refused="no"), Settled("pushed")),
        (facts(prepared=THERE, pushed=True, pull=pull(3)), Settled("opened")),
        (facts(prepared=THERE, pushed=True, open_pulls=(pull(1),)), Update(1, ENTRY)),
        (facts(prepared=THERE, pushed=True, open_pulls=(pull(1),), pull=pull(1)), Settled("moved")),
    ],
)
def test_what_is_done_next(known: PullFacts, step: Step) -> None:
    assert version_pull.next_step(known) == step
    assert version_pull.why(known)


def test_names() -> None:
    assert version_pull.branch(date(2026, 1, 2), 1) == "ci/update-version-20260102"
    assert version_pull.branch(date(2026, 1, 2), 3) == "ci/update-version-20260102-3"
    assert version_pull.title("0.1.1") == "ci: update version to 0.1.1"


TEMPLATE = "Why?\n\n* [x] Deployment PR\n* [ ] Non-deployment PR\n  - [x] Changelog updated\n"


def test_the_text_asks_to_ship_nothing() -> None:
    text = version_pull.body("obk", released("0.1.1"), TEMPLATE, "none")
    found = of_checklist(text)
    assert found is not None
    assert (found.wanted, found.changelog) == ("no-deploy", False)
    assert all(words in text for words in ("**0.1.1**", "c" * 40, "#3", FILE.name, FILE.sha256, "Why?"))
    fallback = version_pull.body("obk", released("0.1.1"), "no list\n", TEMPLATE)
    assert "* [x] Non-deployment PR" in fallback
    assert "no list" not in fallback
    alone = version_pull.body("obk", msgspec.structs.replace(released("0.1.1"), pull_requests=()), TEMPLATE, "")
    assert "no pull request" in alone


@pytest.mark.parametrize(
    ("wanted", "line"), [("deploy", "* [x] Deployment PR"), ("no-deploy", "* [x] Non-deployment PR")]
)
def test_one_item_is_ticked_and_no_other(wanted: str, line: str) -> None:
    text = ticked(TEMPLATE, "deploy" if wanted == "deploy" else "no-deploy")
    assert line in text
    assert text.count("[x]") == 1
    assert ticked("plain", "deploy") == "plain\n"
