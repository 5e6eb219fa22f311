"""The command line: the parser tree, and the only place where an error becomes an exit status.

A verb's module is imported when the verb is called; `--version` and `--help` import none.
"""

from __future__ import annotations

import sys
from argparse import Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter

from mergeship import __version__

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from mergeship.core.event import Event, Tell
    from mergeship.errors import MergeshipError

BUG = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
ISSUES = "https://github.com/mergeship/mergeship/issues"
EPILOG = """\
examples:
  mergeship rehearse --example obk    see two merges ship, offline
  mergeship rehearse                  rehearse the project in this folder
  mergeship init                      write its pipeline
  mergeship build --dry-run           say which version would be built next, and why

exit status: 0 done, 1 the thing asked about failed, 2 usage or configuration, 3 a bug of mergeship, 130 interrupted
"""


class Call:
    """What a verb is called with, besides its own arguments."""

    def __init__(self, arguments: Namespace, environ: Mapping[str, str], tell: Tell) -> None:
        self.arguments = arguments
        self.environ = environ
        self.tell = tell
        self.overrides = (*filter(None, environ.get("MERGESHIP_SET", "").splitlines()), *arguments.set)

    @property
    def path(self) -> Path:
        """The project's folder."""
        from pathlib import Path

        return Path(self.arguments.path)

    @property
    def out(self) -> Path:
        """The folder of the distributions."""
        from pathlib import Path

        return Path(self.arguments.out or self.path / "dist")


class Verb:
    """A verb: its words in the help, its arguments, the call of its command, and what shows the result as text."""

    def __init__(
        self,
        summary: str,
        examples: str,
        arguments: Callable[[ArgumentParser], None],
        call: Callable[[Call], object],
        show: Callable[[object, Call], str] | None = None,
    ) -> None:
        self.summary = summary
        self.examples = examples
        self.arguments = arguments
        self.call = call
        self.show = show or _show


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line and give its exit status back."""
    as_json = "--json" in argv
    try:
        return _dispatch(argv, environ)
    except KeyboardInterrupt:
        _say("interrupted", as_json=as_json)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return BROKEN_PIPE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    except Exception as error:  # noqa: BLE001 - told apart below: expected, or a bug of ours
        return _fail(error, environ, as_json=as_json)


def _dispatch(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = _parser(argv)
    if any("\udc80" <= character <= "\udcff" for argument in argv for character in argument):
        parser.error("an argument is not UTF-8")
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "verb") or arguments.verb is None:
        parser.print_help()
        return 0
    verb = VERBS[arguments.verb]
    if arguments.verb == "rehearse":
        from mergeship.output.telling import watching

        with watching(environ, as_json=arguments.json) as tell:
            call = Call(arguments, environ, tell)
            result = verb.call(call)
    else:
        call = Call(arguments, environ, _teller(as_json=arguments.json))
        result = verb.call(call)
    if arguments.json:
        from mergeship.output import document

        print(document.success(result))
    else:
        print(verb.show(result, call))
    problem = getattr(result, "error", None)
    if problem is None:
        return 0
    if not arguments.json:
        from mergeship.errors import Failed
        from mergeship.output import text
        from mergeship.output.style import style_for

        error = Failed(problem.code, problem.message, hint=problem.hint)
        print(text.failure(error, style_for(sys.stderr, environ)), file=sys.stderr)
    return 1


def _teller(*, as_json: bool) -> Tell:
    """Tells events as lines; what that takes is loaded with the first one."""
    tellers: list[Tell] = []

    def tell(event: Event) -> None:
        if not tellers:
            from mergeship.output.telling import plainly

            tellers.append(plainly(as_json=as_json))
        tellers[0](event)

    return tell


def _show(result: object, call: Call) -> str:
    from mergeship.output import text
    from mergeship.output.style import style_for

    return text.render(result, style_for(sys.stdout, call.environ))


def _parser(argv: Sequence[str]) -> ArgumentParser:
    """The parser tree; only the verb that is called gets its arguments."""
    parser = _Parser(
        prog="mergeship",
        description="Merge to main, and it is on PyPI: once, tested, and told.",
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
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", prog="mergeship", parser_class=_Parser)
    called = argv[0] if argv and argv[0] in VERBS else None
    for name, verb in VERBS.items():
        if called not in {None, name}:
            continue
        inner = verbs.add_parser(
            name,
            help=verb.summary,
            description=verb.summary[0].upper() + verb.summary[1:] + ".",
            epilog=f"examples:\n{verb.examples}",
            formatter_class=_Help,
            allow_abbrev=False,
        )
        if name == called or "--print-completion" in argv:
            verb.arguments(inner)
            inner.add_argument(
                "--set",
                action="append",
                default=[],
                metavar="KEY=VALUE",
                help="override a setting (repeatable)",
            )
            inner.add_argument(
                "--json", action="store_true", help="print one JSON document; progress goes to standard error"
            )
    return parser


def _path(parser: ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project's folder (default: .)")


def _init_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--bump-script",
        action="store_true",
        help="write .github/scripts/bump_patch.py too, which bumps without mergeship",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")


def _build_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _rehearse_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--example", metavar="NAME", help="rehearse an example that comes with the source: obk")
    parser.add_argument("--merges", type=_count, default=2, metavar="N", help="how many merges (default: 2)")
    parser.add_argument("--keep", metavar="DIR", help="keep the sandbox in a new or empty folder")
    parser.add_argument(
        "--workflow", metavar="FILE", help="the workflow file to run (default: .github/workflows/ci-cd.yml)"
    )
    parser.add_argument("--port", type=_port, default=0, help="port of the embedded index (default: a free one)")


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
        raise _usage(f"{words[0]!r} is no part: choose {', '.join(PARTS)}", "bump")
    if part and arguments.to:
        raise _usage(f"give either {part} or --to {arguments.to}", "bump")
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


def _test(call: Call) -> object:
    from mergeship.commands.test import test

    return test(call.path, call.environ, call.tell, call.overrides)


def _build(call: Call) -> object:
    from mergeship.commands.build import build

    return build(call.path, call.environ, call.tell, call.overrides, out=call.out, dry_run=call.arguments.dry_run)


def _deploy(call: Call) -> object:
    from mergeship.commands.deploy import deploy

    return deploy(call.path, call.environ, call.tell, call.overrides, out=call.out, dry_run=call.arguments.dry_run)


def _rehearse(call: Call) -> object:
    from pathlib import Path

    from mergeship.commands.rehearse import rehearse
    from mergeship.core.workflow import PATH

    arguments = call.arguments
    return rehearse(
        _example(arguments.example, arguments.path) if arguments.example else call.path,
        call.environ,
        call.tell,
        call.overrides,
        merges=arguments.merges,
        keep=Path(arguments.keep) if arguments.keep else None,
        port=arguments.port,
        workflow_path=arguments.workflow or PATH,
    )


VERBS = {
    "rehearse": Verb(
        "run the project's real workflow offline, merge after merge, and prove each release",
        "  mergeship rehearse --example obk\n"
        "  mergeship rehearse ../project --merges 3 --keep /tmp/sandbox\n"
        "  mergeship rehearse --set test.command='pytest -q tests' --set test.requires=pytest",
        _rehearse_arguments,
        _rehearse,
    ),
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
    "test": Verb(
        "run the project's tests in a fresh environment",
        "  mergeship test\n  mergeship test --set test.command='pytest -q -x'",
        _path,
        _test,
    ),
    "build": Verb(
        "build the checked-out commit under the next version, once, and check it",
        "  mergeship build --dry-run\n  mergeship build --out /tmp/dist --json",
        _build_arguments,
        _build,
    ),
    "deploy": Verb(
        "upload exactly what was built, and wait until the index lists it",
        "  mergeship deploy --dry-run\n  PYPI_API_TOKEN=… mergeship deploy --set index.upload=testpypi",
        _build_arguments,
        _deploy,
    ),
}


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


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _port(text: str) -> int:
    number = int(text)
    if number not in range(65536):
        raise ValueError
    return number


def _usage(message: str, verb: str) -> MergeshipError:
    from mergeship.errors import Misconfigured

    return Misconfigured("usage", message, hint=f"mergeship {verb} --help")


_count.__name__, _port.__name__ = "number of 1 or more", "port"


def _example(name: str, path: str) -> Path:
    from pathlib import Path

    from mergeship.errors import Misconfigured

    if path != ".":
        raise Misconfigured("usage", "give either PATH or --example", hint="mergeship rehearse --help")
    folder = Path(__file__).resolve().parents[2] / "examples"
    if not (folder / name / "pyproject.toml").is_file():
        there = sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []
        known = f"there is {', '.join(there)}" if there else "examples come with the source, not with the package"
        raise Misconfigured("no-such-example", f"there is no example {name!r}", hint=known)
    return folder / name


def _fail(error: Exception, environ: Mapping[str, str], *, as_json: bool) -> int:
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
    if as_json:
        print(document.failure(expected))
    else:
        print(text.failure(expected, style_for(sys.stderr, environ)), file=sys.stderr)
    if environ.get("GITHUB_ACTIONS") == "true":
        print(text.annotation(expected), file=sys.stderr)
    return status


def _of_the_machine(error: OSError) -> MergeshipError:
    from mergeship.errors import Failed
    from mergeship.process import is_disk_full

    full = error.errno in _FULL or is_disk_full(str(error))
    what = f"{error.filename or 'the machine'}: {error.strerror}" if error.strerror else str(error)[:300]
    hint = "free some space, then run it again" if full else "look at that file or folder"
    return Failed("disk-full" if full else "os-error", what, hint=hint)


_FULL = {28, 122}  # ENOSPC, EDQUOT


def _say(message: str, *, as_json: bool) -> None:
    from mergeship.errors import MergeshipError
    from mergeship.output import document

    if as_json:
        print(document.failure(MergeshipError("interrupted", message)))
    else:
        print(message, file=sys.stderr)
