"""The dress rehearsal."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs.call import Call, Verb, count, path_argument, port

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from pathlib import Path


def _rehearse_arguments(parser: ArgumentParser) -> None:
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
}


def _example(name: str, path: str) -> Path:
    from pathlib import Path

    from mergeship.errors import Misconfigured

    if path != ".":
        raise Misconfigured("usage", "give either PATH or --example", hint="mergeship rehearse --help")
    folder = Path(__file__).resolve().parents[3] / "examples"
    if not (folder / name / "pyproject.toml").is_file():
        there = sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []
        known = f"there is {', '.join(there)}" if there else "examples come with the source, not with the package"
        raise Misconfigured("no-such-example", f"there is no example {name!r}", hint=known)
    return folder / name
