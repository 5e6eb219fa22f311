"""What `setup` and `forge apply` share: a person's consent, and the token of the index."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from mergeship.core.environ import INDEX_TOKEN
from mergeship.verbs import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mergeship.output.style import Style

    T = TypeVar("T")


def plan_arguments(parser: ArgumentParser) -> None:
    """What a plan may do besides."""
    parser.add_argument("--allow-remove", action="store_true", help="let the plan remove what mergeship did not create")
    parser.add_argument("--replace-token", action="store_true", help="replace the stored PYPI_API_TOKEN")


def consent_arguments(parser: ArgumentParser) -> None:
    """How a person agrees, and hands the token over."""
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument(
        "--token-stdin", action="store_true", help="take PYPI_API_TOKEN from standard input, not from the environment"
    )


def confirmed(call: Call, verb: str, render: Callable[[T, Style], str]) -> Callable[[T], None]:
    """Shows what would be done, and asks whether it may be."""

    def confirm(shown: T) -> None:
        if call.arguments.yes:
            from mergeship.core.progress import Note
            from mergeship.output.style import Style

            call.report(Note(render(shown, Style())))
            return
        if call.arguments.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            from mergeship.errors import Misconfigured

            raise Misconfigured(
                "not-agreed",
                "cannot ask for confirmation: not a terminal",
                hint=f"review the plan with mergeship forge plan, then run mergeship {verb} --yes",
            )
        from mergeship.output import prompt
        from mergeship.output.style import style_for

        prompt.confirm(render(shown, style_for(sys.stderr, call.environ)))

    return confirm


def token(call: Call) -> Callable[[], str]:
    """The value of PYPI_API_TOKEN: from standard input, from the environment, or from a person; never from argv."""

    def given() -> str:
        if call.arguments.token_stdin:
            return _piped()
        if value := call.environ.get(INDEX_TOKEN, ""):
            return value
        if sys.stdin.isatty():
            from getpass import getpass

            return getpass(f"{INDEX_TOKEN} (not shown): ")
        return ""

    return given


def _piped() -> str:
    """Standard input as text. What cannot be read is not shown: it may be a token all the same."""
    from mergeship.errors import Misconfigured

    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise Misconfigured("bad-token", "standard input is not UTF-8", hint="pass the token as plain text") from None
