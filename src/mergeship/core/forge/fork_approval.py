"""Whose pull requests run workflows only after a person has agreed."""

from collections.abc import Iterator

from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class ForkApproval(Setting, frozen=True, tag="fork-approval"):
    """Whose pull requests run workflows only after a person has agreed."""

    policy: str

    @property
    def name(self) -> str:
        """What is set here."""
        return "workflows of forks"


KIND = ForkApproval
WORDS: dict[str, str] = {}


def desired(actual: Actual, _: PlanRequest, notes: list[str]) -> Iterator[Desired]:
    """A person agrees for everybody from outside."""
    if "fork-approval" in actual.lacking:
        if not actual.private:
            notes.append(f"not checked whether forks' workflows need approval: {actual.lacking['fork-approval']}")
        return
    why = "a fork's pull request runs code on the self-hosted runner"
    yield Desired(ForkApproval("all_external_contributors"), why, actual.setting(ForkApproval))
