"""`mergeship bump`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.core.bump import Bump


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    parser.usage = "mergeship bump [patch | minor | major] [PATH] [options]"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PART PATH",
        help="what to raise (default: patch), and the project's folder (default: .)",
    )
    parser.add_argument("--to", metavar="VERSION", default="", help="this version and no other")
    parser.add_argument("--leave-0x", action="store_true", help="let --to reach 1.0.0 or more")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    parser.add_argument("--print", action="store_true", help="print the next version only, and write nothing")
    parser.add_argument("--offline", action="store_true", help="do not ask the index what is published")


def call(call: Call) -> Bump:
    """Run it."""
    from mergeship.commands.bump import bump
    from mergeship.core.version import PARTS, BumpRequest

    args = call.arguments
    words = list(args.words)
    part = words.pop(0) if words and words[0] in PARTS else None
    if len(words) > 1:
        raise usage(f"{words[0]!r} is no part: choose {', '.join(PARTS)}", "bump")
    if part and args.to:
        raise usage(f"give either {part} or --to {args.to}", "bump")
    return bump(
        words[0] if words else ".",
        call.environ,
        call.report,
        call.overrides,
        request=BumpRequest(part or "patch", args.to, leave_0x=args.leave_0x),
        offline=args.offline,
        dry_run=args.dry_run or args.print,
    )


def show(result: Bump, call: Call) -> str:
    """The decision with its reasons, then every edit as a diff, then what was written."""
    if call.arguments.print:
        return result.next
    style = call.style
    came = f"{result.declared} → " if result.declared else ""
    lines = [f"{result.project} {came}{style.good(result.next)}: {'; '.join(result.reasons)}"]
    for path in dict.fromkeys(edit.path for edit in result.edits):
        lines += [style.bold(f"--- a/{path}"), style.bold(f"+++ b/{path}")]
        for edit in sorted(edit for edit in result.edits if edit.path == path):
            lines += [
                f"@@ -{edit.line} +{edit.line} @@",
                style.bad(f"-{_shown(edit.before)}"),
                style.good(f"+{_shown(edit.after)}"),
            ]
    if result.dynamic:
        lines.append(f"Nothing to write: the version comes from tags, through {result.dynamic}; build hands it over.")
    elif not result.edits:
        lines.append("Nothing to write: it is already declared.")
    else:
        lines.append(f"{'Wrote' if result.applied else 'Would write'} {', '.join(file.path for file in result.files)}.")
    return "\n".join(lines)


def _shown(line: str) -> str:
    """A line of a file: whatever it holds, it does nothing to the terminal."""
    if line.isprintable():
        return line
    from mergeship.core.text import plain

    return plain(line)


VERB = Verb(
    "write the next version into every declaration, and touch nothing else",
    (
        "mergeship bump",
        "mergeship bump minor --dry-run",
        "mergeship bump --to 0.4.0rc1",
        "mergeship bump --to 1.0.0 --leave-0x",
        "mergeship bump --print --offline",
    ),
    arguments,
    call,
    show,
)
