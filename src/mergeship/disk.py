"""The only place that writes files that have to survive: whole or not at all, and on the disk before it returns."""

import os
from contextlib import suppress


def put(path: str, content: bytes) -> None:
    """Write a file whole: a crash leaves the old one or the new one. Its folder is made, its mode is kept."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = staged(path, content)
    try:
        replace(new, path)
    except BaseException:
        remove(new)
        raise


def staged(path: str, content: bytes) -> str:
    """A new file beside `path` with that content, on the disk, and with the mode of `path` if that exists."""
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.urandom(4).hex()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            with suppress(FileNotFoundError):
                os.fchmod(descriptor, os.stat(path).st_mode & 0o777)
            os.fsync(descriptor)
    except BaseException:
        remove(new)
        raise
    return new


def replace(staged: str, path: str) -> None:
    """Put a file or a folder in its place, for good: a rename is lost in a crash until its folder is on the disk."""
    os.replace(staged, path)
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file that is in nobody's way."""
    with suppress(OSError):  # what is left behind harms nobody; what stops the others from being removed does
        os.unlink(path)


def remove_tree(folder: "str | os.PathLike[str]") -> None:
    """Remove a folder as far as it can be, however deep it is: a program of a pull request may have made it."""
    from shutil import rmtree

    from mergeship.process import ProcessFailed, output

    with suppress(OSError, RecursionError):
        rmtree(folder)
    if os.path.isdir(folder) and not os.path.islink(folder):
        with suppress(ProcessFailed):
            output(["rm", "-rf", "--", os.fspath(folder)], cwd="/", env={"PATH": os.environ.get("PATH", os.defpath)})
