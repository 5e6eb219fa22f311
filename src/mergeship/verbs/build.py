"""`mergeship build`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.build import Built


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--version", metavar="VERSION", help="what decide claimed; empty for none (default: the next)")
    parser.add_argument(
        "--unfinished", metavar="JSON", default="[]", help="decide's output of that name: uploads begun before"
    )
    parser.add_argument("--artifact", metavar="DIR", help="a folder that may hold the bytes of those")
    parser.add_argument("--dry-run", action="store_true", help="say what would be built, and build nothing")


def call(call: Call) -> Built:
    """Run it."""
    from pathlib import Path

    from mergeship.commands.build import build

    args = call.arguments
    return build(
        call.path,
        call.environ,
        call.report,
        call.overrides,
        out=call.out,
        version=args.version,
        unfinished=args.unfinished,
        artifact=Path(args.artifact) if args.artifact else None,
        dry_run=args.dry_run,
    )


def show(result: Built, call: Call) -> str:
    """What was built, or would be: the edits, the files, and what was checked."""
    from mergeship.output import text

    done = call.style.good("would build" if result.dry_run else "built")
    lines = [f"{done} {result.project} {result.version} from {result.commit[:12]}: {'; '.join(result.reasons)}"]
    lines += text.edits(result.edits if result.dry_run else ())
    lines += text.files(result.files)
    if result.imported:
        lines.append(f"  installed and imported: {', '.join(result.imported)}")
    lines += [f"  {call.style.warn('not checked:')} {what}" for what in result.not_checked]
    return "\n".join(lines)


VERB = Verb(
    "build the checked-out commit under the next version, once, and check it",
    ("mergeship build --dry-run", "mergeship build --out /tmp/dist --json"),
    arguments,
    call,
    show,
)
