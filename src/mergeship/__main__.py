"""The installed command, also as `python -m mergeship`."""

import sys

from mergeship import __version__


def run() -> None:
    """Run the command line of this process; only `--version` needs no parser."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"mergeship {__version__}")
        return
    import gc
    import os
    import signal

    gc.set_threshold(100_000)  # looking for circles after every 700 objects finds none while modules load
    from mergeship.cli import main
    from mergeship.errors import Interrupted

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup means it
    ]

    def interrupt(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # a second time must not disturb what ends and removes everything
        raise Interrupted

    for number in numbers:
        signal.signal(number, interrupt)
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
