"""What the verbs are made of: their words in the help, their arguments, the call of a command."""

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
    """A verb: its words in the help, its arguments, the call of its command, and what shows the result as text.

    `status` is the exit status of a result without a problem.
    """

    def __init__(
        self,
        summary: str,
        examples: str,
        arguments: Callable[[ArgumentParser], None],
        call: Callable[[Call], object],
        show: Callable[[object, Call], str] | None = None,
        status: Callable[[object, Call], int] | None = None,
    ) -> None:
        self.summary = summary
        self.examples = examples
        self.arguments = arguments
        self.call = call
        self.show = show or _show
        self.status = status or (lambda _, __: 0)


def _show(result: object, call: Call) -> str:
    from mergeship.output import text
    from mergeship.output.style import style_for

    return text.render(result, style_for(sys.stdout, call.environ))


def path_argument(parser: ArgumentParser) -> None:
    """The project's folder."""
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project's folder (default: .)")


def count(text: str) -> int:
    """A number of 1 or more."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def port(text: str) -> int:
    """A port's number."""
    number = int(text)
    if number not in range(65536):
        raise ValueError
    return number


def usage(message: str, verb: str) -> MergeshipError:
    """The error for a command line that nobody can have meant."""
    from mergeship.errors import Misconfigured

    return Misconfigured("usage", message, hint=f"mergeship {verb} --help")


count.__name__, port.__name__ = "number of 1 or more", "port"
