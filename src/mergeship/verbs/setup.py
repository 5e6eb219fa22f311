"""`mergeship setup`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, count, path_argument
from mergeship.verbs._consent import confirmed, consent_arguments, plan_arguments, token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.setup import SetUp


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    plan_arguments(parser)
    consent_arguments(parser)
    parser.add_argument(
        "--wait", type=count, default=1800, metavar="SECONDS", help="how long one step may take (default: 1800)"
    )


def call(call: Call) -> SetUp:
    """Run it."""
    from mergeship.commands.setup import setup
    from mergeship.output import forged
    from mergeship.pipeline.forging import Wanted

    args = call.arguments
    return setup(
        call.path,
        call.environ,
        call.report,
        call.overrides,
        wanted=Wanted(args.allow_remove, args.replace_token),
        agreed=confirmed(call, "setup", forged.setup),
        token=token(call),
        wait=args.wait,
    )


def show(result: SetUp, call: Call) -> str:
    """What came of it."""
    from mergeship.output import forged

    lines = [f"{call.style.good('released')} {result.version} by {result.url}"] if result.version else []
    lines += forged.notes(result.notes, result.kept, call.style)
    count = f"{result.changed} settings changed" if result.changed else "no setting changed"
    return "\n".join([*lines, f"{call.style.bold(result.repository)}: {count}"])


VERB = Verb(
    "set a repository up: settings, files, and one pull request followed to the index",
    (
        "mergeship setup",
        "pass show pypi/obk | mergeship setup --yes --token-stdin",
        "mergeship setup --yes --set auth=trusted",
    ),
    arguments,
    call,
    show,
)
