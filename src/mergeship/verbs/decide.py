"""`mergeship decide`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.decide import Decided


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be decided, and claim nothing")


def call(call: Call) -> Decided:
    """Run it."""
    from mergeship.commands.decide import decide

    return decide(call.path, call.environ, call.report, call.overrides, dry_run=call.arguments.dry_run)


def show(result: Decided, call: Call) -> str:
    """The decision with the version that is claimed, then each reason."""
    mark = call.style.bad if result.decision == "hold" else call.style.good
    claimed = "would be claimed" if result.dry_run else "is claimed"
    head = f"{mark(result.decision)} {result.commit[:12]}"
    if result.version:
        head += f": {result.version} {claimed}: {'; '.join(result.because)}"
    lines = [head, *(f"  {reason}" for reason in result.reasons)]
    lines += [f"  {entry.version} was started earlier and is finished first" for entry in result.unfinished]
    return "\n".join(lines)


VERB = Verb(
    "decide on everything merged since the last release, and claim a version if it ships",
    ("mergeship decide --dry-run", "GITHUB_TOKEN=… mergeship decide --json"),
    arguments,
    call,
    show,
)
