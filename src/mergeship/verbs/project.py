"""What a person does with a project: its files, its version."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from mergeship.verbs.call import Call, Verb, path_argument, usage


def _init_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--bump-script",
        action="store_true",
        help="write .github/scripts/bump_patch.py too, which bumps without mergeship",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")


def _bump_arguments(parser: ArgumentParser) -> None:
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


def _bump(call: Call) -> object:
    from mergeship.commands.bump import bump
    from mergeship.core.version import PARTS, Wish

    arguments = call.arguments
    words = list(arguments.words)
    part = words.pop(0) if words and words[0] in PARTS else None
    if len(words) > 1:
        raise usage(f"{words[0]!r} is no part: choose {', '.join(PARTS)}", "bump")
    if part and arguments.to:
        raise usage(f"give either {part} or --to {arguments.to}", "bump")
    return bump(
        words[0] if words else ".",
        call.environ,
        call.tell,
        call.overrides,
        wish=Wish(part or "patch", arguments.to, leave_0x=arguments.leave_0x),
        offline=arguments.offline,
        dry_run=arguments.dry_run or arguments.print,
    )


def _show_bump(result: object, call: Call) -> str:
    from mergeship.core.bump import Bump
    from mergeship.output.bumped import render
    from mergeship.output.style import style_for

    assert isinstance(result, Bump)  # noqa: S101
    return result.next if call.arguments.print else render(result, style_for(sys.stdout, call.environ))


def _init(call: Call) -> object:
    from mergeship.commands.init import init

    arguments = call.arguments
    return init(
        call.path,
        call.overrides,
        force=arguments.force,
        dry_run=arguments.dry_run,
        bump_script=arguments.bump_script,
    )


VERBS = {
    "init": Verb(
        "write the pipeline's files; what a person changed is kept",
        "  mergeship init\n"
        "  mergeship init --dry-run\n"
        "  mergeship init --bump-script\n"
        "  mergeship init --set runs-on='self-hosted linux'",
        _init_arguments,
        _init,
    ),
    "bump": Verb(
        "write the next version into every declaration, and touch nothing else",
        "  mergeship bump\n"
        "  mergeship bump minor --dry-run\n"
        "  mergeship bump --to 0.4.0rc1\n"
        "  mergeship bump --to 1.0.0 --leave-0x\n"
        "  mergeship bump --print --offline",
        _bump_arguments,
        _bump,
        _show_bump,
    ),
}
