"""The set-up of a repository, as a list of steps: where it stands, and what is next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from mergeship.core.forge.plan import Plan
from mergeship.core.plan import FilePlan
from mergeship.core.release.ledger import Ledger

BRANCH = "feature/mergeship-setup"
TITLE = "ci: release with mergeship"
INTRODUCTION = (
    "This is the first release by [mergeship](https://github.com/mergeship/mergeship): merging it runs the pipeline "
    "once, from the tests to the index."
)
Outcome = Literal["green", "red", "waiting"]


class Shown(msgspec.Struct, frozen=True):
    """Everything that a set-up would do, in its order."""

    files: FilePlan
    forge: Plan
    pull: int
    """The pull request that is there already; 0 for one that would be opened."""
    merged: bool
    branch: str
    title: str
    released: str
    """The version that the set-up has released; empty if it has not yet."""
    under_way: str = ""
    """The commit of another release that is on its way, which is followed instead; empty for none."""
    notes: tuple[str, ...] = ()


def released(ledger: Ledger, commit: str) -> str:
    """The version that was released of a commit, or last of all if none is given; empty for none."""
    own = [entry.version for entry in ledger.releases if entry.state == "released" and commit in {"", entry.commit}]
    return own[-1] if own else ""


def under_way(ledger: Ledger, now: datetime, lease: timedelta) -> str:
    """The commit of the newest release that is not at its end, and may still come there; empty for none."""
    alive = [entry.commit for entry in ledger.releases if entry.unfinished or entry.leased(now, lease)]
    return alive[-1] if alive else ""


class CheckState(msgspec.Struct, frozen=True):
    """What is said of a commit under one name: a conclusion, empty while it runs."""

    name: str
    conclusion: str
    url: str = ""


class Checked(msgspec.Struct, frozen=True):
    """How a pull request's required checks stand."""

    outcome: Outcome
    words: str


def checked(required: Sequence[str], states: Sequence[CheckState]) -> Checked:
    """All green, one red, or still waiting for some. A check that was run again counts as it was states last."""
    last = {run.name: run for run in states}
    red = [last[name] for name in required if name in last and last[name].conclusion in _RED]
    if red:
        return Checked("red", ", ".join(f"{run.name} ({run.conclusion}) {run.url}".strip() for run in red))
    waiting = [name for name in required if name not in last or not last[name].conclusion]
    if waiting:
        return Checked("waiting", f"waiting for {', '.join(waiting)}")
    return Checked("green", ", ".join(required) or "no check is required")


_RED = {"failure", "cancelled", "timed_out", "action_required", "startup_failure", "stale"}
