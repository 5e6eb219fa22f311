"""A list of file changes as data: shown, then applied, the same list."""

import difflib
from typing import Literal

import msgspec


class FileChange(msgspec.Struct, frozen=True):
    """One file that is wanted, against what is there."""

    path: str
    wanted: str
    found: str | None
    """None if there is no such file."""
    force: bool = False

    @property
    def action(self) -> Literal["create", "replace", "keep", "none"]:
        """`keep` is a file that differs: a person changed it, so it stays unless that is forced."""
        if self.found is None:
            return "create"
        if self.found == self.wanted:
            return "none"
        return "replace" if self.force else "keep"

    @property
    def diff(self) -> str:
        """From what is there to what is wanted, as a unified diff."""
        found = (self.found or "").splitlines(keepends=True)
        lines = difflib.unified_diff(found, self.wanted.splitlines(keepends=True), f"a/{self.path}", f"b/{self.path}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


class FilePlan(msgspec.Struct, frozen=True):
    """Everything that init would do."""

    changes: tuple[FileChange, ...]
    applied: bool = False
