"""Errors of a project: its files, its settings, its version."""

from mergeship.errors import Failed, Held, Misconfigured
from mergeship.errors.code import Code

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
CODES = {
    "bad-name": Code(
        _WRONG, "The project's name is not one that an index takes.", "Use letters, digits, `.`, `_` and `-`."
    ),
    "bad-setting": Code(
        _WRONG,
        "A setting has the wrong type, or a value that is not allowed.",
        "Correct it in `[tool.mergeship]` or after `--set`; the README lists all settings.",
    ),
    "bad-version": Code(_WRONG, "A version is not one that Python packages have.", "Write one like `0.2.0` (PEP 440)."),
    "broken-toml": Code(_WRONG, "A TOML file cannot be parsed.", "Correct the line that the message names."),
    "broken-workflow": Code(
        _WRONG, "A workflow file is not YAML, or has no jobs.", "Correct the line that the message names."
    ),
    "file-changed": Code(
        _FAILED, "A file changed while it was about to be written; nothing was written.", "Run the command again."
    ),
    "link-leads-out": Code(
        _WRONG, "A file of the project is a link that points outside the repository.", "Keep a real file in its place."
    ),
    "no-name": Code(_WRONG, "No file gives the project's name as plain text.", "Add `name` to `[project]`."),
    "no-such-extra": Code(
        _WRONG, "The settings name an extra or a dependency group that the project does not have.", "Correct the name."
    ),
    "not-a-project": Code(_WRONG, "The folder holds no Python project.", "Name the folder that has pyproject.toml."),
    "not-utf8": Code(_WRONG, "A text file is not UTF-8.", "Save it as UTF-8."),
    "same-file": Code(_WRONG, "Two declarations lead to one file, by a link.", "Name the file once."),
    "setting-without-value": Code(_WRONG, "`--set` got no `=`.", "Write `--set key=value`."),
    "too-large": Code(_WRONG, "A file is too large to be a text of the project.", "Name another file."),
    "unknown-setting": Code(
        _WRONG, "There is no such setting.", "Use the name that the hint suggests; the README lists all settings."
    ),
    "version-from-tags": Code(
        _WRONG,
        "The version comes from git tags, so there is no file to write it into.",
        "Tag a commit, or use `--dry-run` to see the next version.",
    ),
    "version-not-writable": Code(
        _WRONG,
        "The version is declared, but not in one piece, or not in a form that can take the new one.",
        "Write it as one plain text in quotes, or choose another version.",
    ),
    "version-not-written": Code(
        _WRONG,
        "The version is computed, or its file is missing.",
        "Write it as plain text, or name the line that holds it in `version-files`.",
    ),
    "version-taken": Code(
        _HELD, "The version is not above everything that was published, tagged or claimed.", "Choose a higher one."
    ),
    "versions-differ": Code(_WRONG, "Two declarations give different versions.", "Write the same one in both."),
    "would-leave-0x": Code(
        _HELD,
        "The next version would be 1.0 or more, and the project is below that.",
        "Delete the stray version, or leave 0.x on purpose: `mergeship bump --to 1.0.0 --leave-0x`.",
    ),
}
