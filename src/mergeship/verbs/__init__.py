"""The verbs, a file each: its words in the help, its arguments, its call, and what shows its result.

A verb of two words lies in a folder of the first one. A file is imported when its verb is called; the help imports all.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from importlib import import_module

TYPE_CHECKING = False  # typing itself would take a third of the time of --help
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from mergeship.core.progress import Reporter
    from mergeship.errors import MergeshipError
    from mergeship.output.style import Style


class Call:
    """What a verb is called with, besides its own arguments."""

    def __init__(self, arguments: Namespace, environ: Mapping[str, str], report: Reporter) -> None:
        self.arguments = arguments
        self.environ = environ
        self.report = report
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

    @property
    def style(self) -> Style:
        """The colours of standard output."""
        from mergeship.output.style import style_for

        return style_for(sys.stdout, self.environ)


class Verb:
    """A verb: its words in the help, its arguments, the call of its command, and what shows the result as text.

    `status` is the exit status of a result without a problem. `live` verbs are watched in a live view on a terminal.
    """

    def __init__(
        self,
        summary: str,
        examples: tuple[str, ...],
        arguments: Callable[[ArgumentParser], None],
        call: Callable[[Call], object],
        show: Callable[[Any, Call], str],
        *,
        status: Callable[[Any, Call], int] = lambda _, __: 0,
        live: bool = False,
    ) -> None:
        self.summary = summary
        self.examples = examples
        self.arguments = arguments
        self.call = call
        self.show = show
        self.status = status
        self.live = live


def names() -> list[str]:
    """Every verb, in the order of the help; one of two words belongs to a group."""
    return sorted(_found(os.path.dirname(__file__)))


def load(name: str) -> Verb:
    """The verb of that name."""
    verb: Verb = import_module(f"{__name__}.{name.replace(' ', '.')}").VERB
    return verb


def group(name: str) -> str:
    """The words in the help for a group of verbs."""
    return (import_module(f"{__name__}.{name}").__doc__ or "").strip().rstrip(".")


def _found(folder: str, group: str = "") -> list[str]:
    """The files of a folder that are verbs; those that begin with an underscore are shared by some."""
    entries = []
    for entry in os.scandir(folder):
        if entry.name.startswith("_"):
            continue
        if entry.is_dir():
            entries += _found(entry.path, f"{entry.name} ")
        elif entry.name.endswith(".py"):
            entries.append(group + entry.name.removesuffix(".py"))
    return entries


def path_argument(parser: ArgumentParser) -> None:
    """The project's folder."""
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project's folder (default: .)")


def count(text: str) -> int:
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected a number of at least 1, got {text!r}")
    return int(text)


def port(text: str) -> int:
    """A port's number."""
    if not text.isdecimal() or int(text) not in range(65536):
        raise ArgumentTypeError(f"expected a port (0 to 65535), got {text!r}")
    return int(text)


def usage(message: str, verb: str) -> MergeshipError:
    """The error for a command line that nobody can have meant."""
    from mergeship.errors import Misconfigured

    return Misconfigured("usage", message, hint=f"mergeship {verb} --help")
