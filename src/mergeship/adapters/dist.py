"""The built files in a folder: listed, digested, moved whole."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from mergeship.core.distribution import Distribution, is_distribution


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


def find(file: Distribution, folders: Iterable[Path]) -> Path | None:
    """Where a file lies with exactly these bytes; None if none of the folders has it."""
    candidates = (folder / file.name for folder in folders)
    return next((path for path in candidates if path.is_file() and digest(path) == file), None)


def digest(path: Path) -> Distribution:
    """Name, size and sha256 of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Distribution(path.name, path.stat().st_size, sha256)
