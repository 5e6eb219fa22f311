"""Answers of a forge and of an index that are not what they should be: each ends as something that can be expected."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from mergeship.commands.decide import decide
from mergeship.commands.deploy import deploy
from mergeship.commands.gate import gate
from mergeship.commands.sync import sync
from mergeship.drills.env import NO_SHIP, DrillEnv
from mergeship.errors import MergeshipError
from tests.testbeds import drill_env

RUNS = 1_000 if os.environ.get("MERGESHIP_FUZZ") else 24
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\u2028\x00", "9" * 5_000, "1" * 200, [], [None], {}, {"a": 1}, ["x"],
    "2026-01-01T00:00:00", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "🜁", "../..", "::error::x",
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"<html>log in</html>", b"1e999",
    b'"' + b"x" * 10_000 + b'"', b"9" * 10_000,
)  # fmt: skip


class Mangler:
    """Replaces a value somewhere in an answer, or the whole of it, when it is armed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secrets
        self.armed = False
        self.seen: list[str] = []

    def __call__(self, body: bytes) -> bytes:
        if not self.armed or self.random.random() < 0.6:
            return body
        if self.random.random() < 0.15:
            body = self.random.choice(BODIES)
            self.seen.append(repr(body[:40]))
            return body
        try:
            document = json.loads(body)
        except ValueError:
            return body
        holder: Any = {"": document}
        key: Any = ""
        while isinstance(holder[key], dict | list) and holder[key] and self.random.random() < 0.85:
            holder = holder[key]
            key = self.random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        value = self.random.choice(NASTY)
        self.seen.append(f"{key}: {holder[key]!r} → {value!r}"[:200])
        if holder is document or holder.get("") is not document if isinstance(holder, dict) else True:
            holder[key] = value
            return json.dumps(document).encode()
        return json.dumps(value).encode()


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        yield made


def test_no_answer_ends_in_a_bug(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T21: every command ends with its result, or with an error that can be expected."""
    mangler = Mangler(21)
    for kind in (Response, JSONResponse):
        monkeypatch.setattr(kind, "render", _mangled(kind.render, mangler))
    play.merged()
    play.shipped()
    play.merged()
    play.claimed()
    play.merged(NO_SHIP)
    play.runner.at(play.main)
    commands: tuple[Callable[..., object], ...] = (decide, deploy, gate, sync)
    ended: dict[str, int] = {}
    for number in range(RUNS):
        command = commands[number % len(commands)]
        environ = play.runner.env(str(number), play.push, MERGESHIP_SET=play.testbed.box.env["MERGESHIP_SET"])
        given = (*environ["MERGESHIP_SET"].splitlines(), "forge.deadline=1", "index.deadline=1")
        more: dict[str, Any] = {"out": play.runner.folder / "dist", "dry_run": True} if command is deploy else {}
        more |= {"commit": "HEAD"} if command is gate else {"dry_run": True} if command is not deploy else {}
        mangler.armed, mangler.seen = True, []
        try:
            command(play.runner.folder, environ, lambda _: None, given, **more)
            outcome = "done"
        except MergeshipError as error:
            outcome = error.code
        except Exception as error:
            raise AssertionError(f"{command.__name__}, run {number}: {mangler.seen}") from error
        finally:
            mangler.armed = False
        ended[outcome] = ended.get(outcome, 0) + 1
    assert len(ended) > 3, ended


def _mangled(render: Callable[..., Any], mangler: Mangler) -> Callable[..., bytes]:
    def mangled(response: Response, content: Any) -> bytes:
        return mangler(bytes(render(response, content)))

    return mangled
