"""Errors of the ledger and of the decision."""

from mergeship.errors import Failed, Held, Misconfigured
from mergeship.errors.code import Code

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
CODES = {
    "bad-dispatch": Code(
        _WRONG,
        "The workflow was dispatched without a decision, or without a reason.",
        "Dispatch it with `decision=ship` or `decision=skip`, and a reason.",
    ),
    "bad-event": Code(
        _WRONG,
        "The event that started the workflow cannot be read, or is none that starts a release.",
        "Leave GITHUB_EVENT_PATH alone; start the pipeline by push to main and workflow_dispatch only.",
    ),
    "hold": Code(
        _HELD,
        "A merged pull request does not say clearly whether it ships, or a commit was pushed directly.",
        "Make each pull request clear and run the job again, or decide by hand: dispatch the workflow.",
    ),
    "ledger-behind": Code(
        _HELD,
        "The index has a tagged release that the ledger lacks: it was put back to an earlier state.",
        "Push back the last commit that mergeship wrote; or, if someone released by hand, decide by hand.",
    ),
    "ledger-busy": Code(_HELD, "Other runs kept changing the ledger.", "Run the job again."),
    "ledger-deleted": Code(
        _HELD, "The ledger's ref is gone from the origin.", "Push back the last commit that mergeship wrote."
    ),
    "ledger-disagrees": Code(
        _HELD,
        "The ledger contradicts the index or the tags.",
        "Put back what mergeship wrote; if an owner deleted a release on purpose, decide by hand.",
    ),
    "ledger-disorder": Code(
        _HELD,
        "The ledger's releases are not in the order in which main's runs make them.",
        "Push back the last commit that mergeship wrote.",
    ),
    "ledger-edited": Code(
        _HELD, "The ledger changed in a way that no run makes.", "Push back the last commit that mergeship wrote."
    ),
    "ledger-foreign-files": Code(
        _HELD, "The ledger binds a version to files of another one.", "Push back the last commit that mergeship wrote."
    ),
    "ledger-foreign-run": Code(
        _HELD,
        "The run that the ledger names is not one of main's own workflow on that commit.",
        "Push back the last commit that mergeship wrote, and find out who wrote the others.",
    ),
    "ledger-leap": Code(
        _HELD, "The ledger has a version that no decision chooses.", "Push back the last commit that mergeship wrote."
    ),
    "ledger-off-main": Code(
        _HELD,
        "The ledger has begun to release a commit that is not on main.",
        "Push back the last commit that mergeship wrote; or, if main was rewritten on purpose, decide by hand.",
    ),
    "ledger-of-another": Code(
        _HELD, "The ledger belongs to another project.", "A renamed project begins a new ledger; the hint says how."
    ),
    "ledger-refused": Code(
        _HELD,
        "The origin does not take the ledger.",
        "Give the token `contents: write`, and let no ruleset forbid `refs/mergeship/ledger`.",
    ),
    "ledger-rewound": Code(
        _HELD, "The ledger was put back to an earlier commit.", "Push back the last commit that mergeship wrote."
    ),
    "ledger-too-new": Code(_HELD, "A newer mergeship wrote the ledger.", "Update mergeship on this runner."),
    "ledger-unreadable": Code(
        _HELD, "The ledger is not a document that mergeship wrote.", "Push back the last commit that mergeship wrote."
    ),
    "may-not-decide": Code(
        _HELD,
        "Who dispatched the workflow does not have the role for it.",
        "Someone with that role dispatches it.",
    ),
    "not-main": Code(_WRONG, "The workflow runs on another ref than main.", "Run it with `--ref main`."),
    "policy-changed": Code(
        _HELD,
        "These merges change what decides on them, where secrets go, or what runs beside those.",
        "Look at what the message names; confirm it by a dispatch that names the commit.",
    ),
    "too-many-commits": Code(
        _HELD, "More commits than any release has came since the last one.", "Decide by hand: dispatch the workflow."
    ),
}
