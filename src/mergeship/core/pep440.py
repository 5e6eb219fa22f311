"""Versions, compared; packaging is loaded only for those that are more than numbers.

Importing packaging takes as long as starting Python; `1.2.3` can be settled without it.
"""

from collections.abc import Iterable
from functools import total_ordering
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


LENGTH = 200  # characters that a version may have; Python converts numbers of up to 4300 digits


@total_ordering
class Numbers:
    """A version of only numbers, with what core.version reads of packaging's Version."""

    __slots__ = ("release",)
    epoch = 0
    is_devrelease = False

    def __init__(self, text: str) -> None:
        self.release = tuple(map(int, text.split(".")))

    @property
    def major(self) -> int:
        """The first number."""
        return self.release[0]

    @property
    def public(self) -> str:
        """The normal form (PEP 440)."""
        return str(self)

    def __str__(self) -> str:
        return ".".join(map(str, self.release))

    def _key(self) -> tuple[int, ...]:
        last = max((index for index, number in enumerate(self.release) if number), default=-1)
        return self.release[: last + 1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and self._key() == other._key()

    def __lt__(self, other: "Numbers") -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())


def is_version(text: str) -> bool:
    """Whether a text is a version (PEP 440)."""
    if len(text) > LENGTH:
        return False
    if _is_numbers(text):
        return True
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _is_numbers(text: str) -> bool:
    return text.isascii() and all(part.isdecimal() for part in text.split("."))


def comparable(texts: Iterable[str]) -> "list[Version]":
    """Versions that can be compared with one another, in the same order. Every text has to be a version.

    All of them are packaging's, or all of them are Numbers, which answer the same questions.
    """
    texts = [text.strip() for text in texts]
    if all(map(_is_numbers, texts)):
        return [Numbers(text) for text in texts]  # type: ignore[misc]
    from packaging.version import Version

    return [Version(text) for text in texts]


def same(version: str, other: str) -> bool:
    """Whether two texts are the same version."""
    first, second = comparable([version, other])
    return first == second
