"""The installed command, also as `python -m mergeship`."""

import sys

from mergeship import __version__

_INTERRUPTED = 130


def run() -> None:
    """Run the command line of this process; only `--version` needs no parser."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"mergeship {__version__}")
        return
    import os
    import signal

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup means it
    ]
    for number in numbers:
        signal.signal(number, lambda *_: os._exit(_INTERRUPTED))  # as long as there is nothing to be ended
    import gc

    gc.set_threshold(100_000)  # looking for circles after every 700 objects finds none while modules load
    from mergeship.cli import main
    from mergeship.errors import Interrupted

    def interrupt(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # a second time must not disturb what ends and removes everything
        raise Interrupted

    def arm() -> None:
        for number in numbers:
            signal.signal(number, interrupt)

    def lost(unraisable: "sys.UnraisableHookArgs") -> None:
        """An interruption that came while something was deleted goes no further: it comes once more."""
        if not isinstance(unraisable.exc_value, Interrupted):
            sys.__unraisablehook__(unraisable)
            return
        from threading import Timer

        arm()
        again = Timer(0.01, os.kill, (os.getpid(), numbers[0]))
        again.daemon = True
        again.start()

    sys.unraisablehook = lost
    arm()
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
