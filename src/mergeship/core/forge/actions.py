"""Which actions may run."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class Actions(Setting, frozen=True, tag="actions"):
    """Which actions may run."""

    enabled: bool
    allowed: str
    """`all`, `local_only` or `selected`; as it is."""
    pinned: bool | None
    """Whether an action has to be named by its whole commit; None if that is unknown."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "actions"


KIND = Actions
WORDS: dict[str, str] = {}


def desired(actual: Actual, request: PlanRequest, notes: list[str]) -> Iterator[Desired]:
    """Actions run, and are pinned as soon as the workflows pin them."""
    current = actual.setting(Actions)
    if current is None:
        notes.append("not checked which actions may run: GitHub did not say")
        return
    pinned = None if current.pinned is None else True
    if pinned and request.unpinned:
        loose = f"{', '.join(request.unpinned)}: pin them to a full commit SHA"
        words = "GitHub does not run" if current.pinned else "pinning actions is not required yet because of"
        notes.append(f"{words} {loose}")
        pinned = current.pinned
    if pinned is None:
        notes.append("not checked whether actions must be pinned: this server does not say")
    if current.allowed not in {"all", ""}:
        notes.append(f"the allowed actions are {current.allowed}: the workflows' actions have to be among them")
    yield Desired(Actions(True, current.allowed, pinned), "actions run, and are pinned: a tag can be moved", current)
