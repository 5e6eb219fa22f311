"""`mergeship deploy`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.commands.deploy import Deployed


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--out", metavar="DIR", help="the folder of the distributions (default: PATH/dist)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")


def call(call: Call) -> Deployed:
    """Run it."""
    from mergeship.commands.deploy import deploy

    return deploy(call.path, call.environ, call.report, call.overrides, out=call.out, dry_run=call.arguments.dry_run)


def show(result: Deployed, call: Call) -> str:
    """Each release with its files."""
    from mergeship.output import text

    lines = []
    for release in result.releases:
        if result.dry_run:
            words = f"{call.style.good('would deploy')} {result.project} {release.version} to {result.index}"
        else:
            words = f"{call.style.good(release.state)} {result.project} {release.version}: {result.index}"
        lines += [words, *text.files(release.files)]
    if result.superseded:
        mark = call.style.good("superseded")
        lines.append(f"{mark} by {result.superseded}, which contains this commit: nothing to send")
    return "\n".join(lines or [f"{call.style.good('nothing to deploy')}: every release is complete"])


VERB = Verb(
    "upload exactly what was built, and wait until the index lists it",
    ("mergeship deploy --dry-run", "PYPI_API_TOKEN=… mergeship deploy --set index.upload=testpypi"),
    arguments,
    call,
    show,
)
