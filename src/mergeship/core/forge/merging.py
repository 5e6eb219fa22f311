"""How pull requests are merged."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class Merging(Setting, frozen=True, tag="merging"):
    """How pull requests are merged. A squash commit that has the pull request's text keeps its intent for ever."""

    squash: bool
    title: str
    """Of a squash commit: `PR_TITLE` or `COMMIT_OR_PR_TITLE`."""
    message: str
    """`PR_BODY`, `COMMIT_MESSAGES` or `BLANK`."""
    delete_branch: bool
    """Whether a merged branch is deleted."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "pull requests"


KIND = Merging
WORDS = {"squash": "squash merges"}


def desired(actual: Actual, _: PlanRequest, __: list[str]) -> Iterator[Desired]:
    """Squash commits with the pull request's title and text."""
    wanted = Merging(squash=True, title="PR_TITLE", message="PR_BODY", delete_branch=True)
    why = "the squash commit keeps the checklist, which nobody can edit later"
    yield Desired(wanted, why, actual.setting(Merging))
