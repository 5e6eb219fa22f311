"""The repository's settings on the forge."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from mergeship.verbs.call import Call, Verb, count, path_argument, usage

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from mergeship.output.style import Style

    T = TypeVar("T")


def _both(parser: ArgumentParser) -> None:
    parser.add_argument("--allow-remove", action="store_true", help="let the plan remove what mergeship did not create")
    parser.add_argument("--replace-token", action="store_true", help="store PYPI_API_TOKEN anew, although it is there")


def _plan_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    _both(parser)
    parser.add_argument("--out", metavar="FILE", help="keep the plan in a file, for forge apply")
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with 1 if anything would be changed (an error does too, and says so)",
    )


def _apply_arguments(parser: ArgumentParser) -> None:
    parser.usage = "mergeship forge apply [PLAN] [PATH] [options]"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PLAN PATH",
        help="a file of forge plan --out, and the project's folder (default: .)",
    )
    _both(parser)
    _agreeing(parser)


def _agreeing(parser: ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--token-stdin", action="store_true", help="take PYPI_API_TOKEN from standard input, not from the environment"
    )


def _plan(call: Call) -> object:
    from pathlib import Path

    from mergeship.commands.forge_plan import forge_plan

    asked = call.arguments
    return forge_plan(
        call.path,
        call.environ,
        call.tell,
        call.overrides,
        out=Path(asked.out) if asked.out else None,
        allow_remove=asked.allow_remove,
        replace_token=asked.replace_token,
    )


def _apply(call: Call) -> object:
    from mergeship.commands.forge_apply import forge_apply
    from mergeship.output import forged
    from mergeship.pipeline.forging import Wanted

    asked = call.arguments
    plan, path = _words(asked.words)
    if plan and (asked.allow_remove or asked.replace_token):
        raise usage("a plan file says itself what it may do", "forge apply")
    return forge_apply(
        path,
        call.environ,
        call.tell,
        call.overrides,
        plan=plan,
        wanted=Wanted(asked.allow_remove, asked.replace_token),
        agreed=agreement(call, "forge apply", forged.plan),
        token=token(call),
    )


def _words(words: list[str]) -> tuple[Path | None, Path]:
    """The plan file and the project's folder, each of them once."""
    from pathlib import Path

    folders = [Path(word) for word in words if Path(word).is_dir()]
    files = [Path(word) for word in words if not Path(word).is_dir()]
    if len(folders) > 1 or len(files) > 1:
        raise usage("give one plan and one folder at most", "forge apply")
    return next(iter(files), None), next(iter(folders), Path())


def agreement(call: Call, verb: str, render: Callable[[T, Style], str]) -> Callable[[T], None]:
    """Shows what would be done, and asks whether it may be."""

    def agreed(shown: T) -> None:
        if call.arguments.yes:
            from mergeship.core.event import Note
            from mergeship.output.style import Style

            call.tell(Note(render(shown, Style())))
            return
        if call.arguments.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            from mergeship.errors import Misconfigured

            raise Misconfigured(
                "not-agreed",
                "nobody can be asked here whether that may be done",
                hint=f"look at what would be done: mergeship forge plan; then mergeship {verb} --yes",
            )
        from mergeship.output import asking
        from mergeship.output.style import style_for

        asking.agreed(render(shown, style_for(sys.stderr, call.environ)))

    return agreed


def token(call: Call) -> Callable[[], str]:
    """The value of PYPI_API_TOKEN: from standard input, from the environment, or from a person; never from argv."""

    def given() -> str:
        if call.arguments.token_stdin:
            return _piped()
        if value := call.environ.get("PYPI_API_TOKEN", ""):
            return value
        if sys.stdin.isatty():
            from getpass import getpass

            return getpass("PYPI_API_TOKEN (not shown): ")
        return ""

    return given


def _piped() -> str:
    """Standard input as text. What cannot be read is not shown: it may be a token all the same."""
    from mergeship.errors import Misconfigured

    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise Misconfigured(
            "no-token", "standard input is not UTF-8", hint="hand over the token as plain text"
        ) from None


def _setup_arguments(parser: ArgumentParser) -> None:
    path_argument(parser)
    _both(parser)
    _agreeing(parser)
    parser.add_argument(
        "--wait", type=count, default=1800, metavar="SECONDS", help="how long one step may take (default: 1800)"
    )


def _setup(call: Call) -> object:
    from mergeship.commands.setup import setup
    from mergeship.output import forged
    from mergeship.pipeline.forging import Wanted

    asked = call.arguments
    return setup(
        call.path,
        call.environ,
        call.tell,
        call.overrides,
        wanted=Wanted(asked.allow_remove, asked.replace_token),
        agreed=agreement(call, "setup", forged.setup),
        token=token(call),
        wait=asked.wait,
    )


def _show_setup(result: object, call: Call) -> str:
    from mergeship.core.result import SetUp
    from mergeship.output import forged
    from mergeship.output.style import style_for

    assert isinstance(result, SetUp)  # noqa: S101
    return forged.set_up(result, style_for(sys.stdout, call.environ))


def _show_plan(result: object, call: Call) -> str:
    from mergeship.core.forge.plan import Plan
    from mergeship.output import forged
    from mergeship.output.style import style_for

    assert isinstance(result, Plan)  # noqa: S101
    return forged.plan(result, style_for(sys.stdout, call.environ))


def _show_applied(result: object, call: Call) -> str:
    from mergeship.core.result import Applied
    from mergeship.output import forged
    from mergeship.output.style import style_for

    assert isinstance(result, Applied)  # noqa: S101
    return forged.applied(result, style_for(sys.stdout, call.environ))


def _exit_status(result: object, call: Call) -> int:
    changes: tuple[object, ...] = getattr(result, "changes", ())
    return 1 if changes and call.arguments.exit_code else 0


VERBS = {
    "forge plan": Verb(
        "show what of the repository's settings on GitHub would be changed, and why; change nothing",
        "  mergeship forge plan\n  mergeship forge plan --out plan.json\n  mergeship forge plan --exit-code --json",
        _plan_arguments,
        _plan,
        _show_plan,
        _exit_status,
    ),
    "forge apply": Verb(
        "do exactly what a plan says: protection, secret, environment, permissions, labels",
        "  mergeship forge apply\n"
        "  mergeship forge apply plan.json\n"
        "  pass show pypi/obk | mergeship forge apply --yes --token-stdin",
        _apply_arguments,
        _apply,
        _show_applied,
    ),
    "setup": Verb(
        "set a repository up: settings, files, and one pull request followed to the index",
        "  mergeship setup\n"
        "  pass show pypi/obk | mergeship setup --yes --token-stdin\n"
        "  mergeship setup --yes --set auth=trusted",
        _setup_arguments,
        _setup,
        _show_setup,
    ),
}
