"""mergeship as a step of a rehearsal: a failing one stays until the engine has read its last words.

act closes a step's terminal as soon as the process fails, read or not (`HostEnvironment.exec` in nektos/act).
"""

import os
import runpy
import sys
import time

SECONDS = 0.5


def step() -> None:
    """The installed command; what it ends with is the same."""
    try:
        runpy.run_module("mergeship", run_name="__main__")
    except SystemExit as end:
        if end.code and "GITHUB_ACTIONS" in os.environ:
            sys.stdout.flush()
            sys.stderr.flush()
            time.sleep(SECONDS)
        raise


if __name__ == "__main__":
    step()
