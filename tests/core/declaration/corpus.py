"""Texts of real projects with their true version; they lie on the developers' machines only."""

import json
from typing import Any

import msgspec

from tests.conftest import SHARED

PATH = SHARED / "corpus" / "versions.json"
REASON = "the corpus lies on the developers' machines only"


class Sample(msgspec.Struct, frozen=True):
    """A project's files as they were at one commit, as far as they were kept."""

    id: str
    category: str
    version: str
    files: dict[str, str]
    version_stands_in: list[str]
    how: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.version}"


def samples() -> list[Sample]:
    if not PATH.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))
    return msgspec.convert(found, list[Sample])
