"""`mergeship rehearse`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, count, path_argument, port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mergeship.core.result import Drilled, Rehearsed


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--example", metavar="NAME", help="rehearse an example that comes with the source: obk")
    parser.add_argument(
        "--drill",
        metavar="NAME",
        action="append",
        default=[],
        help="inject one fault and demand one outcome instead (repeatable); all for every drill",
    )
    parser.add_argument("--merges", type=count, default=2, metavar="N", help="how many merges (default: 2)")
    parser.add_argument("--keep", metavar="DIR", help="keep the sandbox in a new or empty folder")
    parser.add_argument(
        "--workflow", metavar="FILE", help="the workflow file to run (default: .github/workflows/ci-cd.yml)"
    )
    parser.add_argument("--port", type=port, default=0, help="port of the embedded index (default: a free one)")


def call(call: Call) -> Rehearsed | Drilled:
    """Run it."""
    from pathlib import Path

    from mergeship.commands.rehearse import drill, rehearse
    from mergeship.core.workflow import PATH

    args = call.arguments
    folder = _example(args.example, args.path) if args.example else call.path
    if args.drill:
        return drill(folder, call.environ, call.report, call.overrides, names=args.drill)
    return rehearse(
        folder,
        call.environ,
        call.report,
        call.overrides,
        merges=args.merges,
        keep=Path(args.keep) if args.keep else None,
        port=args.port,
        workflow_path=args.workflow or PATH,
    )


def show(result: Rehearsed | Drilled, call: Call) -> str:
    """The tables of a rehearsal, or of drills."""
    from mergeship.core.result import Drilled
    from mergeship.output import rehearsed  # imports rich, which the stages do without

    return rehearsed.drills(result, call.style) if isinstance(result, Drilled) else rehearsed.tables(result, call.style)


def _example(name: str, path: str) -> Path:
    from pathlib import Path

    from mergeship.errors import Misconfigured

    if path != ".":
        raise Misconfigured("usage", "give either PATH or --example", hint="mergeship rehearse --help")
    folder = Path(__file__).resolve().parents[3] / "examples"
    if not (folder / name / "pyproject.toml").is_file():
        names = sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []
        known = f"there is {', '.join(names)}" if names else "examples come with the source, not with the package"
        raise Misconfigured("no-such-example", f"no example called {name!r}", hint=known)
    return folder / name


VERB = Verb(
    "run the project's real workflow offline, merge after merge, and prove each release",
    (
        "mergeship rehearse --example obk",
        "mergeship rehearse ../project --merges 3 --keep /tmp/sandbox",
        "mergeship rehearse --drill all --json",
        "mergeship rehearse --drill stolen-version --drill cancel",
        "mergeship rehearse --set test.command='pytest -q tests' --set test.requires=pytest",
    ),
    arguments,
    call,
    show,
    live=True,
)
