"""Every setting of a forge, a file each, in the order of a plan."""

from mergeship.core.forge import (
    actions,
    environment,
    fork_approval,
    label,
    merging,
    protection,
    secret,
    tag_protection,
    workflow_permissions,
)
from mergeship.core.forge.setting import Actual, Desired, PlanRequest

AnySetting = (
    merging.Merging
    | protection.Protection
    | tag_protection.TagProtection
    | workflow_permissions.WorkflowPermissions
    | actions.Actions
    | fork_approval.ForkApproval
    | environment.Environment
    | secret.Secret
    | label.Label
)
"""A setting, as a plan file holds it."""
_FILES = {
    file.KIND.kind(): file
    for file in (
        merging,
        protection,
        tag_protection,
        workflow_permissions,
        actions,
        fork_approval,
        environment,
        secret,
        label,
    )
}
KINDS = tuple(_FILES)


def desired(actual: Actual, request: PlanRequest) -> tuple[list[Desired], list[str]]:
    """Every setting as it should be, and what a person has to know besides."""
    notes: list[str] = []
    leave = request.leave
    wanted = [
        each for kind, file in _FILES.items() if kind not in leave for each in file.desired(actual, request, notes)
    ]
    if leave:
        notes.append(f"left to someone else: {', '.join(leave)}")
    return wanted, notes


def words(kind: str) -> dict[str, str]:
    """What a setting's fields are called where their names are short for the code's sake."""
    words_of_kind: dict[str, str] = _FILES[kind].WORDS
    return words_of_kind
