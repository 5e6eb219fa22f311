"""Labels that the gate and the release notes read."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class Label(Setting, frozen=True, tag="label"):
    """A label."""

    name: str
    color: str = ""
    description: str = ""


KIND = Label
WORDS: dict[str, str] = {}
LABELS = (
    Label("deploy", "0e8a16", "Merging this pull request ships a release"),
    Label("no-deploy", "cfd3d7", "Merging this pull request ships nothing"),
    Label("bump:patch", "bfdadc", "The release raises the third number of the version"),
    Label("bump:minor", "bfd4f2", "The release raises the second number of the version"),
    Label("bump:major", "d4c5f9", "The release raises the first number of the version"),
    Label("feature", "a2eeef", "In the release notes: something new"),
    Label("fix", "d73a4a", "In the release notes: a fix"),
    Label("chore", "fef2c0", "In the release notes: maintenance"),
    Label("documentation", "0075ca", "In the release notes: documentation"),
)
"""What the gate reads, and what release notes sort by."""


def desired(actual: Actual, _: PlanRequest, __: list[str]) -> Iterator[Desired]:
    """Each of them, whatever its colour."""
    labels = {label.name.lower(): label for label in actual.all(Label)}
    for label in LABELS:
        current = labels.get(label.name.lower())
        yield Desired(current or label, "the gate and the release notes read it", current)
