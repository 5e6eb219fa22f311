"""Errors of a rehearsal and of drills."""

from mergeship.errors import Failed, Misconfigured
from mergeship.errors.entry import Entry

_WRONG, _FAILED = (Misconfigured,), (Failed,)
CODES = {
    "action-not-fetched": Entry(
        _FAILED,
        "A workflow uses an action that cannot be fetched here.",
        "Rehearse with network access, or take that step out for the rehearsal.",
    ),
    "conflict": Entry(_FAILED, "A pull request of the rehearsal conflicts with main.", "Merge main into it."),
    "drill-failed": Entry(
        _FAILED, "A drill saw another outcome than it demands.", "Play it by itself: `rehearse --drill NAME`."
    ),
    "engine-failed": Entry(_FAILED, "act itself failed.", "Read its output above the error."),
    "forge-failed": Entry(_FAILED, "`forge apply` failed in the rehearsal.", "Read its output above the error."),
    "init-failed": Entry(_FAILED, "`init` failed in the rehearsal.", "Read its output above the error."),
    "keep-inside": Entry(_WRONG, "The sandbox would lie inside the project.", "Name another folder with `--keep`."),
    "keep-not-empty": Entry(_WRONG, "The folder for the sandbox is not empty.", "Name a new or empty folder."),
    "merge-refused": Entry(
        _FAILED,
        "A pull request of the rehearsal cannot be merged; on GitHub it could not be either.",
        "Fix the checks that failed above.",
    ),
    "no-act": Entry(_FAILED, "act is not installed.", "`pip install 'mergeship[rehearse]'`."),
    "no-rehearse-extra": Entry(
        _FAILED, "What a rehearsal needs is not installed.", "`pip install 'mergeship[rehearse]'`."
    ),
    "no-such-drill": Entry(_WRONG, "There is no such drill.", "Choose one that the hint lists."),
    "no-such-example": Entry(_WRONG, "There is no such example.", "Choose one that the hint lists."),
    "no-workflow": Entry(_WRONG, "The project has no such workflow file.", "Name one of its files."),
    "port-taken": Entry(_FAILED, "The port is in use.", "Leave `--port` out: a free one is chosen."),
    "rehearsal-failed": Entry(
        _FAILED, "A proof of the rehearsal did not hold.", "Read the failing step's last lines; `--keep DIR` helps."
    ),
}
