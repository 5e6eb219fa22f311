"""Errors of the forge: its API, its settings, the set-up."""

from mergeship.errors import Failed, Held, Misconfigured, Overtaken
from mergeship.errors.entry import Entry

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
_PLAN = "Make a new one: `mergeship forge plan --out FILE`."
CODES = {
    "app-key": Entry(_WRONG, "The key of the GitHub App cannot be read.", "Name the .pem file that GitHub made."),
    "bad-plan": Entry(_WRONG, "The file is no plan.", _PLAN),
    "checks-failed": Entry(
        _FAILED, "A required check of the set-up's pull request failed.", "Fix it on that branch, run setup again."
    ),
    "edited-plan": Entry(_WRONG, "The plan was edited after it was made.", _PLAN),
    "forge-permission": Entry(
        _HELD + _WRONG,
        "The token may not do or see that.",
        "Give it the permission that the hint names, or have an administrator run the command.",
    ),
    "forge-rate-limited": Entry(
        _HELD, "GitHub's limit is reached.", "Run it again after the time that the hint names."
    ),
    "forge-refused": Entry(_HELD, "GitHub refused the request.", "Fix what GitHub names; else run it again later."),
    "forge-timeout": Entry(
        _HELD, "GitHub did not answer in time.", "Run it again; the setting `forge.deadline` is the limit."
    ),
    "forge-token": Entry(
        _WRONG + _HELD, "The token of the forge is malformed, wrong or has expired.", "Use a new one."
    ),
    "forge-unreachable": Entry(_HELD, "The forge cannot be reached.", "Check the network, then run it again."),
    "forge-unreadable": Entry(
        _HELD, "The server does not answer like GitHub.", "Check GITHUB_API_URL; a server's own ends with /api/v3."
    ),
    "no-such-file": Entry(_WRONG, "There is no such file.", "Correct the path."),
    "not-agreed": Entry(_WRONG, "Nobody agreed, so nothing was changed.", "Run it in a terminal, or with `--yes`."),
    "nothing-shipped": Entry(
        _FAILED, "The pipeline ran green and released nothing.", "`mergeship gate --commit SHA` says why."
    ),
    "other-pipeline": Entry(
        _WRONG,
        "The pipeline on main is not mergeship's, so merging would start a foreign pipeline.",
        "Replace it with `mergeship init --force`, merge that, run setup again.",
    ),
    "other-plan": Entry(_WRONG, "The plan was made for another repository or server.", _PLAN),
    "other-version": Entry(_WRONG, "Another version of mergeship made the plan.", _PLAN),
    "pipeline-failed": Entry(
        _FAILED, "The pipeline failed after the set-up's merge.", "Open the run, fix it, run setup again to resume."
    ),
    "pull-request-exists": Entry(
        (Overtaken,), "Another run opened the pull request first.", "Run it again; it finds that run's work."
    ),
    "repository-archived": Entry(_WRONG, "The repository is archived.", "Unarchive it."),
    "repository-renamed": Entry(
        _WRONG + _HELD,
        "The repository has another name now.",
        "`git remote set-url origin URL`; the hint has the name.",
    ),
    "stale-plan": Entry(_WRONG, "The settings have changed since the plan was made.", _PLAN),
    "state-moved": Entry(
        _FAILED, "Someone changed the setting in the meantime.", "Make a new plan: `mergeship forge plan`."
    ),
    "still-waiting": Entry(_HELD, "The set-up waited as long as it may.", "Run setup again to resume."),
}
