"""Copies what `path` names into the artifact's folder, as actions/upload-artifact lays it out."""

import glob
import os
import shutil
import sys
from pathlib import Path


def found(pattern: str) -> set[Path]:
    matches = {Path(match) for match in glob.glob(pattern, recursive=True)}
    inside = {path for match in matches if match.is_dir() for path in match.rglob("*")}
    return {path.absolute() for path in matches | inside if path.is_file()}


def search_path(pattern: str) -> Path:
    """The part of a pattern before its first wildcard; a file's folder."""
    parts = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    path = Path(*parts).absolute()
    return path.parent if path.is_file() else path


def relative(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)


def main() -> int:
    patterns = [os.path.expanduser(line.strip()) for line in os.environ["PATHS"].splitlines() if line.strip()]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    files = {path for pattern in wanted for path in found(pattern)}
    files -= {path for pattern in patterns if pattern.startswith("!") for path in found(pattern[1:])}
    if os.environ["HIDDEN"] != "true":
        here = Path.cwd()
        files = {path for path in files if not any(part.startswith(".") for part in relative(path, here).parts)}
    if not files:
        words = f"No files were found with the provided path: {', '.join(patterns)}. No artifacts will be uploaded."
        level = {"error": "error", "warn": "warning"}.get(os.environ["IF_NO_FILES_FOUND"], "notice")
        print(f"::{level}::{words}")
        return int(level == "error")
    name = os.environ["NAME"]
    if not name or set(name) & set('":<>|*?\r\n\\/'):
        print(f"::error::The artifact name is not valid: {name!r}")
        return 1
    target = Path(os.environ["MERGESHIP_ARTIFACTS"]) / name
    if target.exists():
        if os.environ["OVERWRITE"] != "true":
            print("::error::Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists")
            return 1
        shutil.rmtree(target)
    root = os.path.commonpath([search_path(pattern) for pattern in wanted])
    for path in sorted(files):
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    print(f"Artifact {name} has been successfully uploaded: {len(files)} files")
    return 0


sys.exit(main())
