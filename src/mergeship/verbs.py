"""The verbs: the words of each in the help, its arguments, and the call of its command.

A verb's module is imported when the verb is called.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mergeship.core.event import Tell
    from mergeship.errors import MergeshipError


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


def _show(result: object, call: Call) -> str:
    from mergeship.output import text
    from mergeship.output.style import style_for

    return text.render(result, style_for(sys.stdout, call.environ))


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
    parser.add_argument("--version", metavar="VERSION", help="what decide claimed; empty for none (default: the next)")
    parser.add_argument(
        "--unfinished", metavar="JSON", default="[]", help="decide's output of that name: uploads begun before"
    )
    parser.add_argument("--artifact", metavar="DIR", help="a folder that may hold the bytes of those")
    parser.add_argument("--dry-run", action="store_true", help="say what would be built, and build nothing")


def _deploy_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")


def _gate_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pr", type=_count, metavar="N", help="a pull request, merged or not")
    what.add_argument("--commit", metavar="SHA", default="", help="a commit on main (default: the one checked out)")
    what.add_argument("--body", metavar="FILE", default="", help="a pull request's text, - for standard input; offline")


def _decide_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be decided, and claim nothing")


def _rehearse_arguments(parser: ArgumentParser) -> None:
    _path(parser)
    parser.add_argument("--example", metavar="NAME", help="rehearse an example that comes with the source: obk")
    parser.add_argument(
        "--drill",
        metavar="NAME",
        action="append",
        default=[],
        help="inject one fault and demand one outcome instead (repeatable); all for every drill",
    )
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
    from pathlib import Path

    from mergeship.commands.build import build

    asked = call.arguments
    return build(
        call.path,
        call.environ,
        call.tell,
        call.overrides,
        out=call.out,
        version=asked.version,
        unfinished=asked.unfinished,
        artifact=Path(asked.artifact) if asked.artifact else None,
        dry_run=asked.dry_run,
    )


def _deploy(call: Call) -> object:
    from mergeship.commands.deploy import deploy

    return deploy(call.path, call.environ, call.tell, call.overrides, out=call.out, dry_run=call.arguments.dry_run)


def _gate(call: Call) -> object:
    from mergeship.commands.gate import gate

    asked = call.arguments
    return gate(call.path, call.environ, call.tell, call.overrides, pull=asked.pr, commit=asked.commit, body=asked.body)


def _decide(call: Call) -> object:
    from mergeship.commands.decide import decide

    return decide(call.path, call.environ, call.tell, call.overrides, dry_run=call.arguments.dry_run)


def _rehearse(call: Call) -> object:
    from pathlib import Path

    from mergeship.commands.rehearse import drill, rehearse
    from mergeship.core.workflow import PATH

    arguments = call.arguments
    folder = _example(arguments.example, arguments.path) if arguments.example else call.path
    if arguments.drill:
        return drill(folder, call.environ, call.tell, call.overrides, names=arguments.drill)
    return rehearse(
        folder,
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
        "  mergeship rehearse --drill all --json\n"
        "  mergeship rehearse --drill stolen-version --drill cancel\n"
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
    "gate": Verb(
        "say whether a pull request, a text or a commit would ship, and why",
        "  mergeship gate\n"
        "  mergeship gate --pr 7 --json\n"
        "  mergeship gate --commit 3dc2679ea45f\n"
        "  mergeship gate --body .github/pull_request_template.md",
        _gate_arguments,
        _gate,
    ),
    "test": Verb(
        "run the project's tests in a fresh environment",
        "  mergeship test\n  mergeship test --set test.command='pytest -q -x'",
        _path,
        _test,
    ),
    "decide": Verb(
        "decide on everything merged since the last release, and claim a version if it ships",
        "  mergeship decide --dry-run\n  GITHUB_TOKEN=… mergeship decide --json",
        _decide_arguments,
        _decide,
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
        _deploy_arguments,
        _deploy,
    ),
}


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
