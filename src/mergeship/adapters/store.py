"""What the runner keeps of a repository between jobs: bytes of releases, and the last ledger commit it saw."""

import hashlib
import re
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mergeship import disk
from mergeship.core.distribution import Distribution

_SEEN = "ledger-seen"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 100  # bytes of that file


class RunnerStore:
    """The folder `$XDG_STATE_HOME/mergeship/SERVER/OWNER/REPO`."""

    def __init__(self, environ: Mapping[str, str], repository: str) -> None:
        home = Path(environ.get("HOME") or "/nonexistent")
        base = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")
        server = urlsplit(environ.get("GITHUB_SERVER_URL") or "https://github.com").netloc
        self.folder = base / "mergeship" / server / repository

    def seen(self) -> str:
        """The last ledger commit that this runner saw; empty if it saw none, or if something else stands there."""
        path = self.folder / _SEEN
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            commit = file.read(_LONGEST).decode(errors="replace").strip()
        return commit if _COMMIT.fullmatch(commit) else ""

    @property
    def seen_path(self) -> Path:
        """The file that remembers it: a person who put the ledger back on purpose removes it."""
        return self.folder / _SEEN

    def remember(self, commit: str) -> None:
        """Remember a ledger commit."""
        if commit != self.seen():
            _make_way(self.folder / _SEEN)
            disk.put(str(self.folder / _SEEN), f"{commit}\n".encode())

    def dist(self, version: str, files: Collection[Distribution]) -> Path:
        """The folder of a version's distributions, those bytes and no others; it may not be there."""
        key = hashlib.sha256(" ".join(sorted(file.sha256 for file in files)).encode()).hexdigest()
        return self.folder / "dist" / version / key[:16]

    def keep(self, version: str, files: Mapping[Distribution, Path]) -> None:
        """Keep the bytes of a version: all of its files or none."""
        target = self.dist(version, files)
        if target.exists():
            return
        for folder in (self.folder / "dist", target.parent):
            if not folder.is_dir() or folder.is_symlink():
                _make_way(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".", dir=target.parent))
        try:
            for path in files.values():
                disk.put(str(partial / path.name), path.read_bytes())
            if not target.exists():
                disk.replace(str(partial), str(target))
        finally:
            disk.remove_tree(partial)

    def prune(self, done: Collection[str]) -> None:
        """Remove the bytes of versions that have come to their end."""
        for version in done:
            disk.remove_tree(self.folder / "dist" / version)


def _make_way(path: Path) -> None:
    """Remove what stands in the place of something of ours: a link, a pipe, a folder."""
    if path.is_dir() and not path.is_symlink():
        disk.remove_tree(path)
    else:
        path.unlink(missing_ok=True)
