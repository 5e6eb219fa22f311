"""Errors of git: the checkout, its origin, and main."""

from mergeship.errors import Held, Misconfigured, Overtaken
from mergeship.errors.entry import Entry

_WRONG, _HELD = (Misconfigured,), (Held,)
CODES = {
    "bad-remote": Entry(_WRONG, "The remote's address names no OWNER/NAME.", "Correct it: `git remote set-url`."),
    "bad-repository": Entry(_WRONG, "GITHUB_REPOSITORY is not of the form OWNER/NAME.", "Set it to OWNER/NAME."),
    "branch-moved": Entry(
        (Overtaken,),
        "Another run moved the version branch at the same moment.",
        "Run it again; it finds that run's work.",
    ),
    "branch-refused": Entry(
        _HELD,
        "The origin does not let mergeship push its branch.",
        "Give the token `contents: write`, and check the rulesets for that branch.",
    ),
    "detached-head": Entry(_WRONG, "No branch is checked out.", "`git switch` to the branch that stands for main."),
    "dirty-checkout": Entry(_WRONG, "The checkout differs from its commit.", "Commit or stash the changes."),
    "main-rewritten": Entry(
        _HELD,
        "A release's commit is not in the history of main any more: main was rewritten.",
        "Put main back; or, if that was meant, decide by hand: dispatch the workflow.",
    ),
    "no-git": Entry(_WRONG, "git is not on PATH.", "Install git."),
    "no-main": Entry(_HELD + _WRONG, "The repository has no branch main.", "Push it: `git push origin HEAD:main`."),
    "no-origin": Entry(_WRONG, "The checkout has no remote.", "`git remote add origin URL`."),
    "no-permission": Entry(
        _HELD,
        "The origin refuses the token, or there is none.",
        "Give the job's token the permission that the hint names.",
    ),
    "no-such-commit": Entry(_WRONG, "A name means no commit.", "`git log --first-parent main` lists them."),
    "not-a-repository": Entry(
        _WRONG, "The folder is not a git repository with a commit.", "`git init`, `git add -A`, `git commit`."
    ),
    "not-on-main": Entry(
        _HELD, "The commit is not on main.", "Merge it first; or, if main was rewritten, put main back."
    ),
    "origin-unreachable": Entry(_HELD, "The origin does not answer.", "Run the job again later."),
    "other-default-branch": Entry(
        _WRONG,
        "The default branch is not called main, and releases are made from main.",
        "Rename it; the hint has the command.",
    ),
    "remote-elsewhere": Entry(
        _WRONG,
        "The remote is not on the forge that is asked.",
        "Set GITHUB_API_URL or GITHUB_REPOSITORY to the forge that is meant.",
    ),
    "several-remotes": Entry(
        _WRONG, "There are several remotes, and none is called origin.", "`git remote rename NAME origin`."
    ),
}
