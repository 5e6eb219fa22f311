"""Text files: read as they are, and written whole or not at all."""

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress

from mergeship import disk
from mergeship.errors import Failed, Misconfigured

TYPE_CHECKING = False  # typing would be loaded for one name
if TYPE_CHECKING:
    from mergeship.core.declaration import Rewritten

# Any path will do, and os.path works on it: `bump` goes without pathlib, which takes longer to load than all of this.
StrPath = str | os.PathLike[str]
MAX_TEXT = 64 * 1024 * 1024  # bytes
TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "templates")


def template(name: str) -> str:
    """The text of a template that comes with mergeship."""
    with open(os.path.join(TEMPLATES, name), encoding="utf-8", newline="") as file:
        return file.read()


def read(path: StrPath) -> str | None:
    """The text of a file with its line ends as they are, None if there is no file.

    Raises Misconfigured for one that is not UTF-8, or that nobody would call a text: a pipe, or more than 64 MiB.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            content = file.read(MAX_TEXT + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        return None
    if len(content) > MAX_TEXT:
        raise Misconfigured("too-large", f"{path} is larger than {MAX_TEXT} bytes", hint="name another file")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Misconfigured(
            "not-utf8", f"{path} is not UTF-8: {error.reason} at byte {error.start}", hint="save it as UTF-8"
        ) from error


def reader(folder: StrPath, within: StrPath | None = None) -> Callable[[str], str | None]:
    """Reads the files of a folder by their path inside it; there is nothing outside of the folder `within`.

    By default that is the folder itself. The reader raises Misconfigured for a link that leads out.
    """
    top = os.path.realpath(within or folder)
    base = os.path.realpath(folder)

    def read_inside(name: str) -> str | None:
        path = os.path.normpath(os.path.join(base, name))
        if not _contains(top, path):
            return None
        if "\0" not in path and os.path.lexists(path):
            _inside(path, top)
        return read(path)

    return read_inside


def write(path: StrPath, text: str) -> None:
    """Write a text file whole: a crash leaves the old file or the new one. The file's mode is kept."""
    disk.put(os.path.realpath(path), text.encode())


def rewrite(folder: StrPath, files: "Sequence[Rewritten]", *, within: StrPath) -> None:
    """Write new texts over old ones in `folder`: all of them, or none.

    Everything is on the disk before the first file is replaced, the old texts too, so that putting them back when a
    later one fails needs no more than a rename. Raises Failed if a file is not what it was, and Misconfigured for
    a link that leads out of the folder `within`.
    """
    targets = _targets([os.path.join(folder, file.path) for file in files], os.path.realpath(within))
    several = len(files) > 1
    staged: list[str] = []
    kept: list[str] = []
    undo: list[tuple[str, str]] = []
    try:
        for target, file in zip(targets, files, strict=True):
            staged.append(disk.staged(target, file.after.encode()))
            if several:
                kept.append(disk.staged(target, file.before.encode()))
        for target, file in zip(targets, files, strict=True):
            if read(target) != file.before:
                raise Failed(
                    "file-changed", f"{target} changed while it was about to be written", hint="run the command again"
                )
        for number, target in enumerate(targets):
            if several:
                undo.append((kept[number], target))
            disk.replace(staged[number], target)
    except BaseException:
        for old, target in reversed(undo):
            with suppress(OSError):  # whatever happens to one, the others get their old text
                disk.replace(old, target)
        raise
    finally:
        for left in (*staged, *kept):
            disk.remove(left)


def _targets(paths: Sequence[str], top: str) -> list[str]:
    """The files behind paths, each of them once."""
    targets: list[str] = []
    for path in paths:
        target = _inside(path, top)
        if target in targets:
            raise Misconfigured(
                "same-file", f"{target} is listed twice, once through a link", hint="list each file once"
            )
        targets.append(target)
    return targets


def _inside(path: str, top: str) -> str:
    """The file behind a path; `top` is a folder without links. Raises Misconfigured for one that is not in it."""
    target = os.path.realpath(path)
    if not _contains(top, target):
        raise Misconfigured(
            "link-leads-out", f"{path} is a link that points outside {top}", hint="keep the version in a file inside it"
        )
    return target


def _contains(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
