"""Errors of the forge: its API, its settings, the set-up."""

from mergeship.errors import Failed, Held, Misconfigured, Overtaken
from mergeship.errors.code import Code

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
_PLAN = "Make a new one: `mergeship forge plan --out FILE`."
CODES = {
    "app-key": Code(_WRONG, "The key of the GitHub App cannot be read.", "Name the .pem file that GitHub made."),
    "bad-plan": Code(_WRONG, "The file is no plan.", _PLAN),
    "checks-failed": Code(
        _FAILED, "A required check of the set-up's pull request failed.", "Fix it on that branch, run setup again."
    ),
    "edited-plan": Code(_WRONG, "The plan was edited after it was made.", _PLAN),
    "forge-elsewhere": Code(
        _HELD, "GitHub's answer names another server, where its token does not go.", "Check GITHUB_API_URL."
    ),
    "forge-permission": Code(
        _HELD + _WRONG,
        "The token may not do or see that.",
        "Give it the permission that the hint names, or have an administrator run the command.",
    ),
    "forge-rate-limited": Code(_HELD, "GitHub's limit is reached.", "Run it again after the time that the hint names."),
    "forge-refused": Code(_HELD, "GitHub refused the request.", "Fix what GitHub names; else run it again later."),
    "forge-timeout": Code(
        _HELD, "GitHub did not answer in time.", "Run it again; the setting `forge.deadline` is the limit."
    ),
    "forge-token": Code(_WRONG + _HELD, "The token of the forge is malformed, wrong or has expired.", "Use a new one."),
    "forge-unreachable": Code(_HELD, "The forge cannot be reached.", "Check the network, then run it again."),
    "forge-unreadable": Code(
        _HELD, "The server does not answer like GitHub.", "Check GITHUB_API_URL; a server's own ends with /api/v3."
    ),
    "no-such-file": Code(_WRONG, "There is no such file.", "Correct the path."),
    "not-agreed": Code(_WRONG, "Nobody agreed, so nothing was changed.", "Run it in a terminal, or with `--yes`."),
    "nothing-shipped": Code(
        _FAILED, "The pipeline ran green and released nothing.", "`mergeship gate --commit SHA` says why."
    ),
    "other-pipeline": Code(
        _WRONG,
        "The pipeline on main is not mergeship's, so merging would start a foreign pipeline.",
        "Replace it with `mergeship init --force`, merge that, run setup again.",
    ),
    "other-plan": Code(_WRONG, "The plan was made for another repository or server.", _PLAN),
    "other-version": Code(_WRONG, "Another version of mergeship made the plan.", _PLAN),
    "pipeline-failed": Code(
        _FAILED, "The pipeline failed after the set-up's merge.", "Open the run, fix it, run setup again to resume."
    ),
    "pull-request-exists": Code(
        (Overtaken,), "Another run opened the pull request first.", "Run it again; it finds that run's work."
    ),
    "repository-archived": Code(_WRONG, "The repository is archived.", "Unarchive it."),
    "repository-renamed": Code(
        _WRONG + _HELD,
        "The repository has another name now.",
        "`git remote set-url origin URL`; the hint has the name.",
    ),
    "stale-plan": Code(_WRONG, "The settings have changed since the plan was made.", _PLAN),
    "state-moved": Code(
        _FAILED, "Someone changed the setting in the meantime.", "Make a new plan: `mergeship forge plan`."
    ),
    "still-waiting": Code(_HELD, "The set-up waited as long as it may.", "Run setup again to resume."),
}
