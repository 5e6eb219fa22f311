"""The command line: the parser tree, and the only place where an error becomes an exit status.

It knows no verb by name: they are found in their folder, and what they need is imported when one is called.
"""

from __future__ import annotations

import sys
from argparse import Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import deque

from mergeship import __version__, verbs
from mergeship.verbs import Call, Verb

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Collection, Mapping, Sequence
    from typing import NoReturn

    from mergeship.core.progress import Event, Reporter
    from mergeship.core.result import Problem
    from mergeship.errors import MergeshipError

BUG = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
_REMEMBERED = 1_000  # lines
ISSUES = "https://github.com/mergeship/mergeship/issues"
EPILOG = """\
examples:
  mergeship rehearse --example obk    see two merges ship, offline
  mergeship rehearse                  rehearse the project in this folder
  mergeship init                      write its pipeline
  mergeship build --dry-run           say which version would be built next, and why

exit status: 0 done, 1 the thing asked about failed, 2 usage or configuration, 3 a bug of mergeship, 130 interrupted
"""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line and give its exit status back."""
    as_json = "--json" in argv
    shown: deque[str] = deque(maxlen=_REMEMBERED)
    try:
        return _dispatch(argv, environ, shown)
    except KeyboardInterrupt:
        _say("interrupted", as_json=as_json)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return BROKEN_PIPE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    except Exception as error:  # noqa: BLE001 - told apart below: expected, or a bug of ours
        return _fail(error, environ, shown, as_json=as_json)


def _dispatch(argv: Sequence[str], environ: Mapping[str, str], shown: deque[str]) -> int:
    parser = _parser(argv)
    if any("\udc80" <= character <= "\udcff" for argument in argv for character in argument):
        parser.error("an argument is not UTF-8")
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "verb") or arguments.verb is None:
        parser.print_help()
        return 0
    verb = verbs.load(arguments.verb)
    if verb.live:
        from mergeship.output.reporter import live_reporter

        with live_reporter(environ, as_json=arguments.json) as report:
            call = Call(arguments, environ, report)
            result = verb.call(call)
    else:
        call = Call(arguments, environ, _reporter(shown, as_json=arguments.json))
        result = verb.call(call)
    if arguments.json:
        from mergeship.output import document

        print(document.success(result), flush=True)
    else:
        print(verb.show(result, call), flush=True)
    warnings = getattr(result, "warnings", ())
    problem = getattr(result, "error", None)
    if warnings or problem:
        _complain(warnings, problem, environ, as_json=arguments.json)
    return 1 if problem else verb.status(result, call)


def _complain(warnings: Sequence[str], problem: Problem | None, environ: Mapping[str, str], *, as_json: bool) -> None:
    """What a result that can be shown has to say against itself; its JSON document says it already."""
    from mergeship.errors import Failed
    from mergeship.output import text
    from mergeship.output.style import style_for

    style, in_job = style_for(sys.stderr, environ), environ.get("GITHUB_ACTIONS") == "true"
    for warning in warnings:
        if not as_json:
            print(f"{style.warn('warning:')} {warning}", file=sys.stderr)
        if in_job:
            print(text.annotated("warning", "mergeship", warning), file=sys.stderr)
    if problem is not None:
        error = Failed(problem.code, problem.message, hint=problem.hint)
        if not as_json:
            print(text.failure(error, style), file=sys.stderr)
        if in_job:
            print(text.annotation(error), file=sys.stderr)


def _reporter(shown: deque[str], *, as_json: bool) -> Reporter:
    """Reports progress as lines, and keeps them; what that takes is loaded with the first event."""
    reporters: list[Reporter] = []

    def report(event: Event) -> None:
        shown.append(getattr(event, "text", ""))
        if not reporters:
            from mergeship.output.reporter import line_reporter

            reporters.append(line_reporter(as_json=as_json))
        reporters[0](event)

    return report


def _parser(argv: Sequence[str]) -> ArgumentParser:
    """The parser tree; only the verb that is called gets its arguments."""
    parser = _Parser(
        prog="mergeship",
        description="Merge to main, and it is on PyPI: exactly once, tested, and announced.",
        epilog=EPILOG,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"mergeship {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_Completion,
        metavar="SHELL",
        help="print a completion script: bash, zsh, fish or tcsh",
    )
    tree = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", prog="mergeship", parser_class=_Parser)
    names = verbs.names()
    called = argv[0] if argv and argv[0] in {name.partition(" ")[0] for name in names} else None
    groups: dict[str, _SubParsersAction[_Parser]] = {}
    for name in names:
        first, _, second = name.partition(" ")
        if called not in {None, first}:
            continue
        if second and first not in groups:
            words = verbs.group(first)
            group = tree.add_parser(
                first, help=_lower(words), description=f"{words}.", formatter_class=_Help, allow_abbrev=False
            )
            groups[first] = group.add_subparsers(
                metavar="VERB", title="verbs", prog=f"mergeship {first}", parser_class=_Parser, required=True
            )
        verb = verbs.load(name)
        inner = (groups[first] if second else tree).add_parser(
            second or first,
            help=verb.summary,
            description=verb.summary[0].upper() + verb.summary[1:] + ".",
            epilog="\n  ".join(["examples:", *verb.examples]),
            formatter_class=_Help,
            allow_abbrev=False,
        )
        inner.set_defaults(verb=name)
        if first == called or "--print-completion" in argv:
            _arguments(inner, verb)
    return parser


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _arguments(parser: ArgumentParser, verb: Verb) -> None:
    """A verb's own arguments, and those of all."""
    verb.arguments(parser)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting (repeatable)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document; progress goes to standard error")


class _Help(RawDescriptionHelpFormatter):
    """Help as wide as the terminal; to find that out, argparse would load shutil, and that three ways to compress."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    import os

    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (ValueError, OSError):
        return 80  # piped


class _Parser(ArgumentParser):
    """Errors take the way of all others, so that `--json` gets its document."""

    def error(self, message: str) -> NoReturn:
        from mergeship.errors import Misconfigured

        raise Misconfigured("usage", message, hint=f"{self.prog} --help")


class _Completion(Action):
    """Prints a completion script, made by shtab."""

    def __call__(self, parser: ArgumentParser, _: Namespace, values: object, __: str | None = None) -> None:
        import shtab

        if values not in shtab.SUPPORTED_SHELLS:
            parser.error(f"no completion for {values}: choose {', '.join(shtab.SUPPORTED_SHELLS)}")
        print(shtab.complete(parser, str(values)))
        parser.exit()


def _fail(error: Exception, environ: Mapping[str, str], shown: Collection[str], *, as_json: bool) -> int:
    """Say what has failed; what was shown of its output before is not shown again."""
    from mergeship.errors import MergeshipError
    from mergeship.output import document, text
    from mergeship.output.style import style_for

    status = BUG
    if isinstance(error, OSError):
        error = _of_the_machine(error)
    if isinstance(error, MergeshipError):
        expected, status = error, error.exit_status
    else:
        import traceback

        traceback.print_exception(error)
        expected = MergeshipError("bug", f"a bug of mergeship: {error!r}", hint=f"please report it: {ISSUES}")
    if not as_json and set(expected.detail.splitlines()) <= set(shown):
        expected.detail = ""
    if not (as_json and _printed(document.failure(expected))):
        print(text.failure(expected, style_for(sys.stderr, environ)), file=sys.stderr)
    if environ.get("GITHUB_ACTIONS") == "true":
        print(text.annotation(expected), file=sys.stderr)
    return status


def _printed(words: str) -> bool:
    """Whether standard output took it; one that is full takes nothing at the end of the process either."""
    import os

    try:
        print(words, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _of_the_machine(error: OSError) -> MergeshipError:
    from mergeship.errors import Failed
    from mergeship.process import is_disk_full

    full = error.errno in _FULL or is_disk_full(str(error))
    what = f"{error.filename or 'the machine'}: {error.strerror}" if error.strerror else str(error)[:300]
    hint = "free some space, then run it again" if full else "check the permissions of that file or folder"
    return Failed("disk-full" if full else "os-error", what, hint=hint)


_FULL = {28, 122}  # ENOSPC, EDQUOT


def _say(message: str, *, as_json: bool) -> None:
    from mergeship.errors import MergeshipError
    from mergeship.output import document

    if as_json:
        print(document.failure(MergeshipError("interrupted", message)))
    else:
        print(message, file=sys.stderr)
