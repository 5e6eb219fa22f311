"""`mergeship sync`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.sync import Synced


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def call(call: Call) -> Synced:
    """Run it."""
    from mergeship.commands.sync import sync

    return sync(call.path, call.environ, call.report, call.overrides, dry_run=call.arguments.dry_run)


def show(result: Synced, call: Call) -> str:
    """What became of the version pull request, its edits, and what is left to do."""
    from mergeship.output import text

    what = f"would be {result.action}" if result.dry_run and result.action != "nothing" else result.action
    number = f" #{result.pull}" if result.pull else ""
    lines = [f"{call.style.good(what)}{number} {result.branch}".rstrip() + f": {result.why}"]
    lines += text.edits(result.edits if result.action != "unchanged" else ())
    lines += [f"  {result.url}"] if result.url else []
    lines += [f"  {call.style.warn('next:')} {result.advice}"] if result.advice else []
    return "\n".join(lines)


VERB = Verb(
    "bring the released version back into main, by a pull request that ships nothing",
    ("mergeship sync --dry-run", "GITHUB_TOKEN=… mergeship sync --json"),
    arguments,
    call,
    show,
)
