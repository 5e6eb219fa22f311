"""`mergeship gate`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, count, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.gate import Gated


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pr", type=count, metavar="N", help="a pull request, merged or not")
    what.add_argument("--commit", metavar="SHA", default="", help="a commit on main (default: the one checked out)")
    what.add_argument("--body", metavar="FILE", default="", help="a pull request's text, - for standard input; offline")


def call(call: Call) -> Gated:
    """Run it."""
    from mergeship.commands.gate import gate

    args = call.arguments
    return gate(call.path, call.environ, call.report, call.overrides, pull=args.pr, commit=args.commit, body=args.body)


def show(result: Gated, call: Call) -> str:
    """The decision, then each reason."""
    mark = call.style.bad if result.decision == "hold" else call.style.good
    part = f" ({result.bump})" if result.decision == "ship" else ""
    return "\n".join([f"{mark(result.decision)}{part}", *(f"  {reason}" for reason in result.reasons)])


VERB = Verb(
    "say whether a pull request, text or commit would ship, and why",
    (
        "mergeship gate",
        "mergeship gate --pr 7 --json",
        "mergeship gate --commit 3dc2679ea45f",
        "mergeship gate --body .github/pull_request_template.md",
    ),
    arguments,
    call,
    show,
)
