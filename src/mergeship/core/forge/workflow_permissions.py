"""What GITHUB_TOKEN may do."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class WorkflowPermissions(Setting, frozen=True, tag="workflow-permissions"):
    """What GITHUB_TOKEN may do if a workflow does not say it."""

    default: str
    """`read` or `write`."""
    pull_requests: bool
    """Whether Actions may open pull requests."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "GITHUB_TOKEN"


KIND = WorkflowPermissions
WORDS: dict[str, str] = {}


def desired(actual: Actual, _: PlanRequest, __: list[str]) -> Iterator[Desired]:
    """As little as possible, and the right to open pull requests."""
    why = "each job asks for what it needs, and the job `sync` opens the version pull request"
    yield Desired(WorkflowPermissions("read", pull_requests=True), why, actual.setting(WorkflowPermissions))
