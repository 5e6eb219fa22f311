"""Errors of the command line and of the machine."""

from mergeship.errors import Failed, Held, MergeshipError, Misconfigured
from mergeship.errors.code import Code


class _Bug(MergeshipError):
    """What is not expected has a status of its own."""

    exit_status = 3


class _Interrupted(MergeshipError):
    """So does what a person stopped."""

    exit_status = 130


CODES = {
    "bug": Code((_Bug,), "mergeship itself failed.", "Report it, with the traceback."),
    "disk-full": Code((Failed,), "There is no space left.", "Free some space, then run it again."),
    "interrupted": Code((_Interrupted,), "The process was asked to end.", "Run it again: it resumes."),
    "os-error": Code((Failed,), "The operating system refused something.", "Check the file that the message names."),
    "bad-proxy": Code(
        (Misconfigured,), "The proxy cannot be used.", "HTTPS_PROXY and ALL_PROXY take http://HOST:PORT."
    ),
    "bad-address": Code((Misconfigured,), "What is set is no address.", "Write https://HOST/…"),
    "sent-in-clear": Code((Misconfigured,), "A secret would be sent in clear.", "Use https."),
    "home-not-read": Code(
        (Misconfigured,), "A file of the runner's home would decide where packages come from.", "Name it explicitly."
    ),
    "not-a-clean-room": Code((Held,), "A file above the temporary folder would steer the tools there.", "Remove it."),
    "process-failed": Code((Failed,), "A program that mergeship started failed.", "Read its output above the error."),
    "usage": Code((Misconfigured,), "The command line is wrong.", "`mergeship VERB --help` shows how."),
}
