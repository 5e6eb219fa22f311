"""The version pull request."""

from datetime import date

import msgspec
import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.intent import of_checklist, ticked
from mergeship.core.release import version_pull
from mergeship.core.release.decision import Pull
from mergeship.core.release.ledger import Entry, Ledger, State
from tests.ledgers import entry

FILE = Distribution("obk-0.1.1.tar.gz", 7, "a" * 64)


def released(version: str, state: State = "released") -> Entry:
    return entry(version, "c" * 40, state, files=(FILE,), pull_requests=(3,))


def pull(number: int) -> Pull:
    return Pull(
        number, "ci: update version to 0.1.0", "", (), "ci/update-version-20261122", own_branch=True, author="x"
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


@pytest.mark.parametrize(
    ("declared", "version", "opened", "action"),
    [
        ("0.1.0", None, 0, "nothing"),
        (None, "0.1.1", 0, "nothing"),
        ("0.1.0", "0.1.1", 0, "open"),
        ("0.1.0", "0.1.1", 1, "move"),
        ("0.1.0", "0.1.1", 2, "move"),
        ("0.1.1", "0.1.1", 0, "nothing"),
        ("0.2.0", "0.1.1", 1, "close"),
        ("0.1.9", "0.1.10", 0, "open"),
    ],
)
def test_what_is_to_be_done(declared: str | None, version: str | None, opened: int, action: str) -> None:
    pulls = [pull(number) for number in range(opened, 0, -1)]
    step = version_pull.step(declared, released(version) if version else None, pulls)
    assert step.action == action
    assert step.why
    if action in {"move", "close"}:
        assert step.pull == pulls[0]
        assert step.others == tuple(one.number for one in pulls[1:])


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
