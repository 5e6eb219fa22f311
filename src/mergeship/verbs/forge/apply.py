"""`mergeship forge apply`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, usage
from mergeship.verbs._consent import confirmed, consent_arguments, plan_arguments, token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mergeship.core.result import Applied, ChangeMade


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    parser.usage = "mergeship forge apply [PLAN] [PATH] [options]"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PLAN PATH",
        help="a file of forge plan --out, and the project's folder (default: .)",
    )
    plan_arguments(parser)
    consent_arguments(parser)


def call(call: Call) -> Applied:
    """Run it."""
    from mergeship.commands.forge_apply import forge_apply
    from mergeship.output import forged
    from mergeship.pipeline.forging import Wanted

    args = call.arguments
    plan, path = _words(args.words)
    if plan and (args.allow_remove or args.replace_token):
        raise usage("a plan file says itself what it may do", "forge apply")
    return forge_apply(
        path,
        call.environ,
        call.report,
        call.overrides,
        plan=plan,
        wanted=Wanted(args.allow_remove, args.replace_token),
        agreed=confirmed(call, "forge apply", forged.plan),
        token=token(call),
    )


def show(result: Applied, call: Call) -> str:
    """What was done, what failed, and what was not tried."""
    from mergeship.output import forged

    style = call.style
    lines = [f"{style.good('done')} {_called(change)}" for change in result.done]
    if result.failed:
        lines.append(f"{style.bad('failed')} {_called(result.failed)}")
    lines += [f"{style.warn('not tried')} {_called(change)}" for change in result.not_tried]
    lines += forged.notes(result.notes, result.kept, style)
    count = f"{len(result.done)} changed" if result.done or result.error else "nothing to change"
    return "\n".join([*lines, f"{style.bold(result.repository)}: {count}"])


def _called(change: ChangeMade) -> str:
    from mergeship.core.text import one_line

    return f"{change.action} {change.kind} {one_line(change.name)}"


def _words(words: list[str]) -> tuple[Path | None, Path]:
    """The plan file and the project's folder, each of them once."""
    from pathlib import Path

    folders = [Path(word) for word in words if Path(word).is_dir()]
    files = [Path(word) for word in words if not Path(word).is_dir()]
    if len(folders) > 1 or len(files) > 1:
        raise usage("give one plan and one folder at most", "forge apply")
    return next(iter(files), None), next(iter(folders), Path())


VERB = Verb(
    "do exactly what a plan says: protection, secret, environment, permissions, labels",
    (
        "mergeship forge apply",
        "mergeship forge apply plan.json",
        "pass show pypi/obk | mergeship forge apply --yes --token-stdin",
    ),
    arguments,
    call,
    show,
)
