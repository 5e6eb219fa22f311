"""Which actions may run."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Asked, Desired, Setting


class Actions(Setting, frozen=True, tag="actions"):
    """Which actions may run."""

    enabled: bool
    allowed: str
    """`all`, `local_only` or `selected`; as it is."""
    pinned: bool | None
    """Whether an action has to be named by its whole commit; None where that is not told."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "actions"


KIND = Actions
WORDS: dict[str, str] = {}


def desired(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Desired]:
    """Actions run, and are pinned as soon as the workflows pin them."""
    found = actual.one(Actions)
    if found is None:
        notes.append("which actions may run was not checked: GitHub did not tell")
        return
    pinned = None if found.pinned is None else True
    if pinned and asked.unpinned:
        loose = f"{', '.join(asked.unpinned)}: name them by their whole commit"
        words = "GitHub does not run" if found.pinned else "that actions are pinned is not asked for yet, because of"
        notes.append(f"{words} {loose}")
        pinned = found.pinned
    if pinned is None:
        notes.append("whether actions have to be pinned was not checked: this server does not tell")
    if found.allowed not in {"all", ""}:
        notes.append(f"the allowed actions are {found.allowed}: those that the workflows use have to be among them")
    yield Desired(Actions(True, found.allowed, pinned), "actions run, and are pinned: a tag can be moved", found)
