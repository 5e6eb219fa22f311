"""What main is protected by."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from mergeship.core.forge.setting import MAIN, Actual, Asked, Desired, Setting

OURS = "mergeship: main"
"""The name of the ruleset that a plan makes."""
ADMINISTRATORS = "administrators"


class Check(msgspec.Struct, frozen=True, order=True):
    """A check that has to be green before a merge, and the App that may report it (0 for any)."""

    context: str
    app: int = 0


class Protection(Setting, frozen=True, tag="protection"):
    """What main is protected by."""

    by: Literal["ruleset", "classic"]
    ruleset: str
    """The name of the ruleset; empty for classic branch protection."""
    active: bool
    covers: bool
    """Whether it is about main, and nothing else."""
    pull_requests: bool
    """Whether changes have to come by pull requests."""
    reviews: int
    squash: bool
    """Whether it lets pull requests be squashed."""
    checks: tuple[Check, ...]
    strict: bool
    """Whether a branch has to be up to date with main."""
    linear: bool
    force_pushes: bool
    deletions: bool
    bypass: tuple[str, ...]
    """Who need not obey: `RepositoryRole 5 always`, or `administrators` for classic protection."""

    @property
    def name(self) -> str:
        """The branch."""
        return MAIN


KIND = Protection
WORDS = {
    "active": "in force",
    "app": "App",
    "by": "as",
    "bypass": "bypass actors",
    "covers": "about that, and nothing else",
    "linear": "linear history",
    "squash": "squash merges",
    "strict": "up to date before a merge",
}


def desired(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Desired]:
    """Nothing but pull requests with green checks; what others demand besides stays."""
    if "protection" in actual.lacking:
        notes.append(f"main cannot be protected here: {actual.lacking['protection']}. Every writer can push to it")
        return
    found = actual.one(Protection)
    checks = tuple(Check(context, actual.actions_app) for context in asked.contexts)
    alone = len(actual.writers) == 1
    fewest = _reviews(found, asked, alone=alone)
    # Whoever has asked for more reviews knows why; ours are what the settings say.
    reviews = fewest if found is None or found.ruleset == OURS else max(fewest, found.reviews)
    if alone and asked.reviews is None:
        notes.append(
            f"{actual.writers[0]} is the only writer and cannot approve their own pull request, "
            "so no review is required"
        )
    more = tuple(sorted(check for check in found.checks if check.context not in asked.contexts)) if found else ()
    bypass = tuple(who for who in found.bypass if who != ADMINISTRATORS) if found else ()
    wanted = Protection(
        by=found.by if found else "ruleset", ruleset=found.ruleset if found else OURS, active=True, covers=True,
        pull_requests=True, reviews=reviews, squash=True, checks=tuple(sorted({*checks, *more})), strict=True,
        linear=True, force_pushes=False, deletions=False, bypass=bypass,
    )  # fmt: skip
    stripped = msgspec.structs.replace(wanted, checks=tuple(sorted(set(checks))), bypass=(), reviews=fewest)
    others = [*(f"the check {check.context!r}" for check in more), *(f"the bypass of {who}" for who in bypass)]
    others += [f"{reviews - fewest} of {reviews} reviews"] if reviews > fewest else []
    notes += [f"besides, {words}" for words in actual.besides]
    why = "main takes nothing but pull requests that were tested and say clearly whether they deploy"
    yield Desired(wanted, why, found, stripped if others else None, ", ".join(others))


def _reviews(found: Protection | None, asked: Asked, *, alone: bool) -> int:
    if asked.reviews is not None:
        return asked.reviews
    return 0 if alone else max(1, found.reviews if found else 1)
