"""Starts the command with a drill's fault in its process: a file of Python that is run first."""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from mergeship.rehearsal.step import step


def command(preload: Path) -> Sequence[str]:
    """What to start instead of the installed command."""
    return (sys.executable, "-I", "-m", "mergeship.drills.launch", str(preload))


def launch() -> None:
    """Run the file that the first argument names, and then mergeship with the others."""
    runpy.run_path(sys.argv.pop(1))
    step()


if __name__ == "__main__":
    launch()
