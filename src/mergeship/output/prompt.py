"""Asks a person at a terminal."""

import sys

from mergeship.errors import Misconfigured


def confirm(shown: str) -> None:
    """Show what would be done, and go on if the person says yes. Raises Misconfigured for anything else."""
    print(shown, file=sys.stderr)
    print("Apply these changes? Only 'yes' is accepted: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise Misconfigured("not-agreed", "nothing was changed", hint="pass --yes to skip the question")
