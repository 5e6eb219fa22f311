"""Mutated projects: whatever a file holds, it is refused in words or rewritten in one place; nothing else happens.

`make fuzz` tries 100,000 of them; `make test` a small part.
"""

import ast
import os
import random
import tomllib
import warnings
from collections.abc import Callable
from configparser import RawConfigParser

import pytest

from mergeship.core import pep440
from mergeship.core.declaration import Declared, Rewritten, declared, rewritten
from mergeship.core.project import pyproject_of
from mergeship.errors import MergeshipError
from tests.core.declaration.corpus import samples
from tests.core.declaration.kinds import KINDS, TAGGED

ROUND = 500
ROUNDS = int(os.environ.get("MERGESHIP_FUZZ", "2000")) // ROUND
SCRAPS = [
    '"', "'", '"""', "'''", "\\", "\n", "\r\n", "\r", "\t", " ", "#", "=", ":", "[", "]", "{", "}", "(", ")", ",", "\ufeff",
    "\0", "\x0c", "\u2028", "é", "٣", "0.1.0", '"0.1.0"', "'0.1.0'", "version", 'version = "0.1.0"', "__version__ = '0.1.0'",
    "[project]", "[metadata]", "[tool.poetry]", "project(", "setup(version='0.1.0')", "**x", "dynamic", "attr: a.b", "f'{x}'",
    "nan", "1e999", "9" * 5000, "v", "+local", "1!", "[" * 300, "(" * 300,
]  # fmt: skip
Files = dict[str, str]


def corpus() -> list[Files]:
    every = [*(kind.files for kind in KINDS), *(kind.files for kind in TAGGED)]
    return every + [sample.files for sample in samples()]


def mutated(files: Files, dice: random.Random) -> Files:
    """The files with a few accidents in one or two of them."""
    after = dict(files)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
        path = dice.choice(sorted(after))
        after[path] = dice.choice(ACCIDENTS)(after[path], dice)
    if dice.random() < 0.05:
        del after[dice.choice(sorted(after))]
    return after


def _at(text: str, dice: random.Random) -> int:
    """A place in the text, as often as not beside the version."""
    place = text.find("0.1.0", dice.randint(0, len(text)))
    return max(0, place + dice.randint(-8, 8)) if place >= 0 and dice.random() < 0.5 else dice.randint(0, len(text))


def insert(text: str, dice: random.Random) -> str:
    at = _at(text, dice)
    return text[:at] + dice.choice(SCRAPS) + text[at:]


def replace(text: str, dice: random.Random) -> str:
    at = _at(text, dice)
    return text[:at] + dice.choice(SCRAPS) + text[at + dice.randint(1, 9) :]


def cut(text: str, dice: random.Random) -> str:
    at = _at(text, dice)
    return text[:at] + text[at + dice.randint(1, 40) :]


def end(text: str, dice: random.Random) -> str:
    return text[: _at(text, dice)]


def shuffle(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    first, second = dice.choice(range(len(lines) or 1)), dice.choice(range(len(lines) or 1))
    if lines:
        lines[first], lines[second] = lines[second], lines[first]
    return "".join(lines)


def double(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = dice.randrange(len(lines))
    return "".join(lines[: at + 1] + lines[at:])


def other_ends(text: str, dice: random.Random) -> str:
    return text.replace("\r\n", "\n").replace("\n", dice.choice(["\r\n", "\n", "\r"]))


ACCIDENTS: list[Callable[[str, random.Random], str]] = [insert, replace, cut, end, shuffle, double, other_ends]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_accident_leads_to_a_wrong_edit(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a game that can be played again
    every = corpus()
    for number in range(ROUND):
        files = mutated(dice.choice(every), dice)
        try:
            attempt(files)
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {files}") from error


def attempt(files: Files) -> None:
    try:
        found = read_all(files)
        if found.version is None:
            assert found.vcs is not None
            return
        changed, edits = rewritten(found.places, files.get, "7.8.9")
    except MergeshipError as refused:
        if not refused.hint:
            raise AssertionError(f"no hint: {refused}") from refused
        return
    assert pep440.is_version(found.version)
    if pep440.same(found.version, "7.8.9"):
        return
    (change,) = changed
    (edit,) = edits
    assert change.before == files[change.path]
    assert_one_span(change, found.version)
    assert change.after.split("\n")[edit.line - 1].rstrip("\r") == edit.after
    again = read_all({**files, change.path: change.after})
    assert again.version is not None
    assert again.version.removeprefix("v") == "7.8.9"
    assert outside_of_the_version(change.path, change.before, found.version) == outside_of_the_version(
        change.path, change.after, again.version
    )


def read_all(files: Files) -> Declared:
    text, pyproject = pyproject_of(files.get, "here")
    return declared(pyproject, text, files.get, (), "/here/p")


def assert_one_span(change: Rewritten, old: str) -> None:
    """There is one place in which putting the new version for the old one gives the new text."""
    before, after = change.before, change.after
    starts = [at for at in range(len(before)) if before.startswith(old.strip(), at)]
    assert any(before[:at] + "7.8.9" + before[at + len(old.strip()) :] == after for at in starts) or any(
        before[:at] + "7.8.9" + before[at + len(old) :] == after
        for at in range(len(before))
        if before[at:].startswith(old)
    )


def outside_of_the_version(path: str, text: str, version: str) -> object:
    """What the file's own parser says of it, with every text that is the version counted, not told apart."""
    body = text.removeprefix("\ufeff")
    if path.endswith(".toml"):
        return counted(tomllib.loads(body), version)
    if path.endswith(".cfg"):
        parser = RawConfigParser()
        parser.read_string(body)
        return counted({name: dict(parser.items(name)) for name in parser.sections()}, version)
    if path.endswith(".py"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return len(list(ast.walk(ast.parse(body))))
            except (SyntaxError, ValueError):
                return None  # hatch and PDM read it with a pattern
    return None


def counted(document: object, version: str) -> object:
    """The shape of a document: its keys and the kinds of its values."""
    if isinstance(document, dict):
        return {key: counted(value, version) for key, value in document.items()}
    if isinstance(document, list):
        return [counted(value, version) for value in document]
    return type(document).__name__
