"""`mergeship forge plan`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument
from mergeship.verbs._consent import plan_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.core.forge.plan import Plan


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    plan_arguments(parser)
    parser.add_argument("--out", metavar="FILE", help="keep the plan in a file, for forge apply")
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with status 1 if anything would change",
    )


def call(call: Call) -> Plan:
    """Run it."""
    from pathlib import Path

    from mergeship.commands.forge_plan import forge_plan

    args = call.arguments
    return forge_plan(
        call.path,
        call.environ,
        call.report,
        call.overrides,
        out=Path(args.out) if args.out else None,
        allow_remove=args.allow_remove,
        replace_token=args.replace_token,
    )


def show(result: Plan, call: Call) -> str:
    """What would be changed, field by field, with reasons."""
    from mergeship.output import forged

    return forged.plan(result, call.style)


def status(result: Plan, call: Call) -> int:
    """1 if there are changes, and that was asked for."""
    return 1 if result.changes and call.arguments.exit_code else 0


VERB = Verb(
    "show what of the repository's settings on GitHub would be changed, and why; change nothing",
    ("mergeship forge plan", "mergeship forge plan --out plan.json", "mergeship forge plan --exit-code --json"),
    arguments,
    call,
    show,
    status=status,
)
