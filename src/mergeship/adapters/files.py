"""Files: read, digested, and written whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mergeship.core.distribution import Distribution, is_distribution
from mergeship.errors import Misconfigured

TEMPLATES = Path(__file__).parent.parent / "templates"


def template(name: str) -> str:
    """The text of a template that comes with mergeship."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def read(path: Path) -> str | None:
    """The text of a file with its line ends as they are, None where there is no file.

    Raises Misconfigured for a file that is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise Misconfigured(
            "not-utf8", f"{path} is not UTF-8: {error.reason} at byte {error.start}", hint="save it as UTF-8"
        ) from error


def reader(folder: Path) -> Callable[[str], str | None]:
    """Reads the files of a folder by their path inside it."""
    return lambda name: read(folder / name)


def write(path: Path, text: str) -> None:
    """Write a text file whole: a crash leaves the old file or the new one. The file's mode is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def move(source: Path, folder: Path) -> None:
    """Move a file into a folder, whole, also from another file system."""
    partial = folder / f".{source.name}.part"
    try:
        shutil.copyfile(source, partial)
        partial.replace(folder / source.name)
    finally:
        partial.unlink(missing_ok=True)
    source.unlink()


def distributions(folder: Path) -> list[Path]:
    """The distributions in a folder, wheels first, as they are uploaded."""
    return wheels_first(path for path in folder.iterdir() if is_distribution(path.name)) if folder.is_dir() else []


def wheels_first(paths: Iterable[Path]) -> list[Path]:
    """Distributions in the order in which they are uploaded."""
    return sorted(paths, key=lambda path: (path.suffix != ".whl", path.name))


def digest(path: Path) -> Distribution:
    """Name, size and sha256 of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Distribution(path.name, path.stat().st_size, sha256)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
