"""What the runner keeps of a repository between jobs: bytes of releases, receipts, the last ledger commit it saw."""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from mergeship import disk

_SEEN = "ledger-seen"


class State:
    """The folder `$XDG_STATE_HOME/mergeship/OWNER/REPO`."""

    def __init__(self, environ: Mapping[str, str], repository: str) -> None:
        home = Path(environ.get("HOME") or "/nonexistent")
        base = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")
        self.folder = base / "mergeship" / repository

    def seen(self) -> str:
        """The last ledger commit that this runner saw; empty where it saw none."""
        path = self.folder / _SEEN
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    @property
    def seen_path(self) -> Path:
        """The file that remembers it: a person who put the ledger back on purpose removes it."""
        return self.folder / _SEEN

    def remember(self, commit: str) -> None:
        """Remember a ledger commit."""
        if commit != self.seen():
            disk.put(str(self.folder / _SEEN), f"{commit}\n".encode())

    def dist(self, version: str) -> Path:
        """The folder of a version's distributions; it may not be there."""
        return self.folder / "dist" / version

    def keep(self, version: str, files: Collection[Path]) -> None:
        """Keep the bytes of a version: all of its files or none. What is kept already is replaced."""
        target = self.dist(version)
        partial = target.with_name(f".{version}.part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for file in files:
            disk.put(str(partial / file.name), file.read_bytes())
        shutil.rmtree(target, ignore_errors=True)
        disk.replace(str(partial), str(target))

    def prune(self, needed: Collection[str]) -> None:
        """Remove the bytes and the receipts of all versions but those."""
        for kind in ("dist", "receipts"):
            folder = self.folder / kind
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in needed:
                    shutil.rmtree(path, ignore_errors=True)

    def receipt(self, version: str, name: str, sha256: str) -> None:
        """Note that the index took a file."""
        disk.put(str(self.folder / "receipts" / version / name), sha256.encode())

    def has_receipt(self, version: str, name: str, sha256: str) -> bool:
        """Whether the index took that file from this runner."""
        path = self.folder / "receipts" / version / name
        return path.is_file() and path.read_text(encoding="utf-8") == sha256
