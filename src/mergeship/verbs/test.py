"""`mergeship test`."""

from __future__ import annotations

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.test import Tested


def call(call: Call) -> Tested:
    """Run it."""
    from mergeship.commands.test import test

    return test(call.path, call.environ, call.report, call.overrides)


def show(result: Tested, call: Call) -> str:
    """What passed, and how long it took."""
    return f"{call.style.good('passed')} {result.command} in {result.seconds:.1f} s"


VERB = Verb(
    "run the project's tests in a fresh environment",
    ("mergeship test", "mergeship test --set test.command='pytest -q -x'"),
    path_argument,
    call,
    show,
)
