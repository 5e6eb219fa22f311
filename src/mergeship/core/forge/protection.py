"""What main is protected by."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from mergeship.core.forge.setting import MAIN, Actual, Desired, PlanRequest, Setting

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


def desired(actual: Actual, request: PlanRequest, notes: list[str]) -> Iterator[Desired]:
    """Nothing but pull requests with green checks; what others demand besides stays."""
    if "protection" in actual.lacking:
        notes.append(f"main cannot be protected here: {actual.lacking['protection']}. Every writer can push to it")
        return
    current = actual.setting(Protection)
    checks = tuple(Check(context, actual.actions_app) for context in request.contexts)
    alone = len(actual.writers) == 1
    fewest = _reviews(current, request, alone=alone)
    # Whoever has asked for more reviews knows why; ours are what the settings say.
    reviews = fewest if current is None or current.ruleset == OURS else max(fewest, current.reviews)
    if alone and request.reviews is None:
        notes.append(
            f"{actual.writers[0]} is the only writer and cannot approve their own pull request, "
            "so no review is required"
        )
    more = tuple(sorted(check for check in current.checks if check.context not in request.contexts)) if current else ()
    bypass = tuple(who for who in current.bypass if who != ADMINISTRATORS) if current else ()
    wanted = Protection(
        by=current.by if current else "ruleset", ruleset=current.ruleset if current else OURS, active=True, covers=True,
        pull_requests=True, reviews=reviews, squash=True, checks=tuple(sorted({*checks, *more})), strict=True,
        linear=True, force_pushes=False, deletions=False, bypass=bypass,
    )  # fmt: skip
    stripped = msgspec.structs.replace(wanted, checks=tuple(sorted(set(checks))), bypass=(), reviews=fewest)
    others = [*(f"the check {check.context!r}" for check in more), *(f"the bypass of {who}" for who in bypass)]
    others += [f"{reviews - fewest} of {reviews} reviews"] if reviews > fewest else []
    notes += [f"besides, {words}" for words in actual.besides]
    why = "main takes nothing but pull requests that were tested and say clearly whether they deploy"
    yield Desired(wanted, why, current, stripped if others else None, ", ".join(others))


def _reviews(current: Protection | None, request: PlanRequest, *, alone: bool) -> int:
    if request.reviews is not None:
        return request.reviews
    return 0 if alone else max(1, current.reviews if current else 1)
