"""Errors of git: the checkout, its origin, and main."""

from mergeship.errors import Held, Misconfigured, Overtaken
from mergeship.errors.code import Code

_WRONG, _HELD = (Misconfigured,), (Held,)
CODES = {
    "bad-remote": Code(_WRONG, "The remote's address names no OWNER/NAME.", "Correct it: `git remote set-url`."),
    "bad-repository": Code(_WRONG, "GITHUB_REPOSITORY is not of the form OWNER/NAME.", "Set it to OWNER/NAME."),
    "branch-moved": Code(
        (Overtaken,),
        "Another run moved the version branch at the same moment.",
        "Run it again; it finds that run's work.",
    ),
    "branch-refused": Code(
        _HELD,
        "The origin does not let mergeship push its branch.",
        "Give the token `contents: write`, and check the rulesets for that branch.",
    ),
    "detached-head": Code(_WRONG, "No branch is checked out.", "`git switch` to the branch that stands for main."),
    "dirty-checkout": Code(_WRONG, "The checkout differs from its commit.", "Commit or stash the changes."),
    "main-rewritten": Code(
        _HELD,
        "A release's commit is not in the history of main any more: main was rewritten.",
        "Put main back; or, if that was meant, decide by hand: dispatch the workflow.",
    ),
    "no-git": Code(_WRONG, "git is not on PATH.", "Install git."),
    "no-main": Code(_HELD + _WRONG, "The repository has no branch main.", "Push it: `git push origin HEAD:main`."),
    "no-origin": Code(_WRONG, "The checkout has no remote.", "`git remote add origin URL`."),
    "no-permission": Code(
        _HELD,
        "The origin refuses the token, or there is none.",
        "Give the job's token the permission that the hint names.",
    ),
    "no-such-commit": Code(_WRONG, "A name means no commit.", "`git log --first-parent main` lists them."),
    "not-a-repository": Code(
        _WRONG, "The folder is not a git repository with a commit.", "`git init`, `git add -A`, `git commit`."
    ),
    "not-on-main": Code(
        _HELD, "The commit is not on main.", "Merge it first; or, if main was rewritten, put main back."
    ),
    "origin-unreachable": Code(_HELD, "The origin does not answer.", "Run the job again later."),
    "other-default-branch": Code(
        _WRONG,
        "The default branch is not called main, and releases are made from main.",
        "Rename it; the hint has the command.",
    ),
    "remote-elsewhere": Code(
        _WRONG,
        "The remote is not on the forge that is asked.",
        "Set GITHUB_API_URL or GITHUB_REPOSITORY to the forge that is meant.",
    ),
    "several-remotes": Code(
        _WRONG, "There are several remotes, and none is called origin.", "`git remote rename NAME origin`."
    ),
}
