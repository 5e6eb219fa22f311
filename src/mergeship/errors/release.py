"""Errors of a release: its tests, its build, its delivery."""

from mergeship.errors import Failed, Held, Misconfigured
from mergeship.errors.code import Code

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
CODES = {
    "bad-distribution": Code(
        _FAILED,
        "A file is not a distribution, or cannot be unpacked.",
        "Correct the build backend's settings, build again.",
    ),
    "bad-manifest": Code(
        _FAILED, "`mergeship.json` was not written by this mergeship's build.", "Run `mergeship build` again."
    ),
    "bad-metadata": Code(
        _FAILED,
        "The metadata breaks a rule that the index checks.",
        "Correct the field that is named; `twine check` shows where.",
    ),
    "bad-unfinished": Code(_WRONG, "`--unfinished` is not what decide put out.", "Pass decide's output on unchanged."),
    "build-failed": Code(_FAILED, "The build backend failed.", "Read its output above the error."),
    "bytes-missing": Code(
        _FAILED,
        "An upload was begun, and its bytes are not on this machine.",
        "Let that run finish; if it has died, run all its jobs again.",
    ),
    "import-failed": Code(
        _FAILED,
        "What was built was installed, and its modules cannot be imported.",
        "Add the missing module or dependency to the distribution.",
    ),
    "install-failed": Code(_FAILED, "uv could not install what is needed.", "Read uv's output above the error."),
    "no-manifest": Code(
        _FAILED, "There is nothing to deploy for this claim.", "Run `mergeship build`, or download its artifact."
    ),
    "no-program": Code(
        _FAILED, "A program is not in the environment.", "Add it to the requirements of the tests or of the build."
    ),
    "no-python": Code(
        _FAILED, "No Python environment could be made.", "Install a Python that `requires-python` allows."
    ),
    "no-test-command": Code(
        _FAILED,
        "The test command is not installed.",
        "Declare an extra or group `test` that has it, or `test.requires`.",
    ),
    "no-tests": Code(_FAILED, "No test was collected, so nothing was tested.", "Name the tests in `test.command`."),
    "no-uv": Code(_FAILED, "uv is missing.", "Install mergeship again: uv comes with it."),
    "wrong-uv": Code(
        _FAILED,
        "The project's `required-version` of uv is another one than mergeship's.",
        "Change `tool.uv.required-version`, or name such a uv in `MERGESHIP_UV`.",
    ),
    "runner-steered": Code(
        _FAILED,
        "Code of the project, or of a dependency, wrote to a file by which a step steers the next ones.",
        "What it wrote does not count. Find what writes there: a test, a build backend, or a module that is imported.",
    ),
    "not-as-built": Code(
        _FAILED, "The files are not those that were built; nothing was sent.", "Build again, and deploy exactly that."
    ),
    "not-claimed": Code(
        _FAILED, "The commit has no claim, and nothing is sent without a claim.", "Run `mergeship decide` first."
    ),
    "not-committed": Code(
        _WRONG, "A file that the build needs is not in the commit.", "`git add` and commit it: a commit is built."
    ),
    "refused-name": Code(
        _FAILED, "A distribution has a name that PyPI refuses.", "Update the build backend, or repair the wheel."
    ),
    "strange-files": Code(
        _WRONG, "The output folder holds distributions of someone else.", "Remove them, or name another folder."
    ),
    "tests-failed": Code(_FAILED, "The project's tests failed.", "Fix them; nothing is built until they pass."),
    "uploading-elsewhere": Code(
        _HELD + _FAILED,
        "Another run uploads this version; nothing was sent from here.",
        "Wait for that run; if it has died, the next one finishes it.",
    ),
    "version-given-up": Code(
        _FAILED,
        "This version can never be complete on the index.",
        "Re-run all jobs: they use the next version. Yank the files that the hint names.",
    ),
    "wrong-metadata": Code(
        _FAILED,
        "The distribution has another name or version than it should.",
        "Make the build backend read the version from where it is declared.",
    ),
}
