"""Errors of a rehearsal and of drills."""

from mergeship.errors import Failed, Misconfigured
from mergeship.errors.code import Code

_WRONG, _FAILED = (Misconfigured,), (Failed,)
CODES = {
    "action-not-fetched": Code(
        _FAILED,
        "A workflow uses an action that cannot be fetched here.",
        "Rehearse with network access, or take that step out for the rehearsal.",
    ),
    "conflict": Code(_FAILED, "A pull request of the rehearsal conflicts with main.", "Merge main into it."),
    "drill-failed": Code(
        _FAILED, "A drill saw another outcome than it demands.", "Play it by itself: `rehearse --drill NAME`."
    ),
    "engine-failed": Code(_FAILED, "act itself failed.", "Read its output above the error."),
    "forge-failed": Code(_FAILED, "`forge apply` failed in the rehearsal.", "Read its output above the error."),
    "init-failed": Code(_FAILED, "`init` failed in the rehearsal.", "Read its output above the error."),
    "keep-inside": Code(_WRONG, "The sandbox would lie inside the project.", "Name another folder with `--keep`."),
    "keep-not-empty": Code(_WRONG, "The folder for the sandbox is not empty.", "Name a new or empty folder."),
    "merge-refused": Code(
        _FAILED,
        "A pull request of the rehearsal cannot be merged; on GitHub it could not be either.",
        "Fix the checks that failed above.",
    ),
    "no-act": Code(_FAILED, "act is not installed.", "`pip install 'mergeship[rehearse]'`."),
    "no-rehearse-extra": Code(
        _FAILED, "What a rehearsal needs is not installed.", "`pip install 'mergeship[rehearse]'`."
    ),
    "no-such-drill": Code(_WRONG, "There is no such drill.", "Choose one that the hint lists."),
    "no-such-example": Code(_WRONG, "There is no such example.", "Choose one that the hint lists."),
    "no-workflow": Code(_WRONG, "The project has no such workflow file.", "Name one of its files."),
    "port-taken": Code(_FAILED, "The port is in use.", "Leave `--port` out: a free one is chosen."),
    "rehearsal-failed": Code(
        _FAILED, "A proof of the rehearsal did not hold.", "Read the failing step's last lines; `--keep DIR` helps."
    ),
}
