"""What can be expected to go wrong, each with a stable code and an exit status."""


class MergeshipError(Exception):
    """An expected failure: what happened, to what, and what to do next.

    `code` is stable and meant for programs; `message` says what happened and to what; `hint` says what to do
    next; `detail` is output of someone else (a compiler, a test run), shown as it is.
    """

    exit_status = 1

    def __init__(self, code: str, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.detail = detail


class Failed(MergeshipError):
    """The thing asked about failed: tests, a build, an upload, a proof."""


class Held(MergeshipError):
    """What is needed cannot be read or reached, so nothing is done: a hold, never a pass."""


class Overtaken(Held):
    """Another run did the same in the same moment; who looks again finds it done."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, hint="run it again; it picks up the other run's work")


class Misconfigured(MergeshipError):
    """The project, its settings or the command line are wrong."""

    exit_status = 2


class Interrupted(KeyboardInterrupt):
    """The process was asked to end, by Ctrl-C or by a signal from the runner."""
