"""The environment that the deploy job belongs to."""

from collections.abc import Iterator

from mergeship.core.forge.setting import MAIN, Actual, Desired, PlanRequest, Setting

PROTECTED_BRANCHES = "(protected branches)"


class Environment(Setting, frozen=True, tag="environment"):
    """An environment, and the branches that may deploy to it: none named means all of them."""

    name: str
    branches: tuple[str, ...]
    """Patterns; `(protected branches)` for whatever is protected, `tag: …` for tags."""


KIND = Environment
WORDS: dict[str, str] = {}


def desired(actual: Actual, request: PlanRequest, notes: list[str]) -> Iterator[Desired]:
    """Deployed to from main, and from where someone else has said."""
    name = request.environment
    if not name:
        notes.append("the setting environment is empty: every writer can read the token with a workflow on a branch")
        return
    if "environment" in actual.lacking:
        notes.append(
            f"environments are not available here ({actual.lacking['environment']}): every writer can read the token, "
            "by a workflow on a branch"
        )
        return
    current = actual.setting(Environment, name)
    kept = tuple(branch for branch in current.branches if _names_more(branch)) if current else ()
    wanted = Environment(name, tuple(sorted({MAIN, *kept})))
    stripped = Environment(name, (MAIN,)) if kept else None
    removes = ", ".join(f"{branch} as a place to deploy from" for branch in kept)
    yield Desired(wanted, "only what is on main can reach the token", current, stripped, removes)


def _names_more(branch: str) -> bool:
    return branch != MAIN and not branch.startswith("(")
