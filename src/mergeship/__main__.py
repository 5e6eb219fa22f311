"""The installed command, also as `python -m mergeship`."""

import sys

from mergeship import __version__


def run() -> None:
    """Run the command line of this process; `--version` alone needs no parser."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"mergeship {__version__}")
        return
    import os
    import signal

    from mergeship.cli import interrupt, main

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, interrupt)
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
