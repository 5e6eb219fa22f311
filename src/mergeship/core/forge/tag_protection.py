"""What the tags of releases are protected by."""

from collections.abc import Iterator

import msgspec

from mergeship.core.forge.setting import TAGS, Actual, Desired, PlanRequest, Setting

OUR_TAGS = "mergeship: tags"
"""The name of the ruleset that a plan makes."""


class TagProtection(Setting, frozen=True, tag="tag-protection"):
    """What the tags of releases are protected by: new ones are free, those that are there stay."""

    ruleset: str
    active: bool
    covers: bool
    """Whether it is about the tags of releases, and nothing else."""
    creations: bool
    """Whether new ones are free."""
    updates: bool
    deletions: bool
    bypass: tuple[str, ...]

    @property
    def name(self) -> str:
        """The pattern of their names."""
        return TAGS


KIND = TagProtection
WORDS = {"active": "in force", "bypass": "bypass actors", "covers": "about that, and nothing else"}


def desired(actual: Actual, _: PlanRequest, __: list[str]) -> Iterator[Desired]:
    """Tags stay where they are."""
    if "tag-protection" in actual.lacking:
        return
    current = actual.setting(TagProtection)
    bypass = current.bypass if current else ()
    name, creations = (current.ruleset, current.creations) if current else (OUR_TAGS, True)
    wanted = TagProtection(
        name, active=True, covers=True, creations=creations, updates=False, deletions=False, bypass=bypass
    )
    stripped = msgspec.structs.replace(wanted, bypass=(), creations=True)
    others = [f"the bypass of {who}" for who in bypass]
    others += [] if creations else [f"the rule that nobody makes a tag {TAGS}, which deploy has to make"]
    yield Desired(wanted, "the tag of a release stays where it is", current, stripped, ", ".join(others))
