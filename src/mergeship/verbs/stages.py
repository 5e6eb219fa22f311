"""The stages of the workflow, the same on a laptop, and the gate before them."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs.call import Call, Verb, count, path_argument


def _build_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--version", metavar="VERSION", help="what decide claimed; empty for none (default: the next)")
    parser.add_argument(
        "--unfinished", metavar="JSON", default="[]", help="decide's output of that name: uploads begun before"
    )
    parser.add_argument("--artifact", metavar="DIR", help="a folder that may hold the bytes of those")
    parser.add_argument("--dry-run", action="store_true", help="say what would be built, and build nothing")


def _deploy_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")


def _gate_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pr", type=count, metavar="N", help="a pull request, merged or not")
    what.add_argument("--commit", metavar="SHA", default="", help="a commit on main (default: the one checked out)")
    what.add_argument("--body", metavar="FILE", default="", help="a pull request's text, - for standard input; offline")


def _decide_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be decided, and claim nothing")


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


def _sync(call: Call) -> object:
    from mergeship.commands.sync import sync

    return sync(call.path, call.environ, call.tell, call.overrides, dry_run=call.arguments.dry_run)


def _sync_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


VERBS = {
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
        path_argument,
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
    "sync": Verb(
        "bring the released version back into main, by a pull request that ships nothing",
        "  mergeship sync --dry-run\n  GITHUB_TOKEN=… mergeship sync --json",
        _sync_arguments,
        _sync,
    ),
}
