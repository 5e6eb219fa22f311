"""The installed command, also as `python -m mergeship`."""

import sys

from mergeship import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED = 130


def run() -> None:
    """Run the command line of this process; only `--version` needs no parser."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"mergeship {__version__}")
        return
    _run()


def _run() -> None:
    import os
    import signal

    numbers = _heeded()
    for number in numbers:
        signal.signal(number, lambda *_: os._exit(_INTERRUPTED))  # as long as there is nothing to be ended
    import gc

    gc.set_threshold(100_000)  # looking for circles after every 700 objects finds none while modules load
    from mergeship.cli import main
    from mergeship.errors import Interrupted

    def interrupt(_: int, frame: "FrameType | None") -> None:
        if _is_loading(frame):
            again()
            return
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # a second time must not disturb what ends and removes everything
        raise Interrupted

    def arm() -> None:
        for number in numbers:
            signal.signal(number, interrupt)

    def again() -> None:
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    def lost(unraisable: "sys.UnraisableHookArgs") -> None:
        """An interruption that came while something was deleted goes no further: it comes once more."""
        if not isinstance(unraisable.exc_value, Interrupted):
            sys.__unraisablehook__(unraisable)
            return
        arm()
        again()

    sys.unraisablehook = lost
    arm()
    status = main(sys.argv[1:], os.environ)
    signal.setitimer(signal.ITIMER_REAL, 0)  # what is left to do takes no signal
    sys.exit(status)


def _heeded() -> "list[int]":
    """The signals that ask to end; nohup means what it says."""
    import signal

    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return [number for number in asking if signal.getsignal(number) is not signal.SIG_IGN]


def _is_loading(frame: "FrameType | None") -> bool:
    """Whether modules or types are being read: what is left half way there fails later, or ends the interpreter."""
    library = getattr(sys.modules.get("msgspec"), "__file__", None)
    types = (f"{library.rpartition('/')[0]}/",) if library else ()
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(("<frozen importlib", *types)) or name.endswith("/typing.py"):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    run()
