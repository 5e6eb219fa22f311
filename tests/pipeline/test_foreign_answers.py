"""Answers of a forge and of an index that are not what they should be: each ends as something that can be expected."""

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from mergeship.commands.decide import decide
from mergeship.commands.deploy import deploy
from mergeship.commands.forge_plan import forge_plan
from mergeship.commands.gate import gate
from mergeship.commands.setup import setup
from mergeship.commands.sync import sync
from mergeship.drills.env import NO_SHIP, DrillEnv
from mergeship.errors import Failed, MergeshipError, Misconfigured
from mergeship.pipeline.forging import Wanted
from tests.conftest import TOKEN
from tests.testbeds import drill_env

RUNS = 1_000 if os.environ.get("MERGESHIP_FUZZ") else 24
UPLOADS = 100 if os.environ.get("MERGESHIP_FUZZ") else 8
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\u2028\x00", "9" * 5_000, "1" * 200, [], [None], {}, {"a": 1}, ["x"],
    "2026-01-01T00:00:00", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "🜁", "../..", "::error::x",
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"<html>log in</html>", b"1e999",
    b'"' + b"x" * 10_000 + b'"', b"9" * 10_000,
)  # fmt: skip

_GITS = re.compile(rb"[0-9a-f]{4}|\Z")  # what git answers: it waits for the rest of half an answer until it is ended


class Mangler:
    """Replaces a value somewhere in an answer, or the whole of it, when it is armed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secrets
        self.armed = False
        self.seen: list[str] = []

    def __call__(self, body: bytes) -> bytes:
        if not self.armed or _GITS.match(body) or self.random.random() < 0.6:
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
    mangler = mangling(monkeypatch, 21)
    play.merged()
    play.shipped()
    play.merged()
    play.claimed()
    play.merged(NO_SHIP)
    play.runner.at(play.main)
    commands: tuple[Callable[..., object], ...] = (
        partial(decide, dry_run=True),
        partial(deploy, out=play.runner.folder / "dist", dry_run=True),
        partial(gate, commit="HEAD"),
        partial(sync, dry_run=True),
        forge_plan,
        partial(setup, wanted=Wanted(), agreed=_refuse, token=lambda: TOKEN, wait=0),
    )
    ended: dict[str, int] = {}
    for number in range(RUNS):
        command = commands[number % len(commands)]
        environ = play.runner.env(str(number), play.push, MERGESHIP_SET=play.testbed.box.env["MERGESHIP_SET"])
        given = (*environ["MERGESHIP_SET"].splitlines(), "forge.deadline=1", "index.deadline=1")
        mangler.armed, mangler.seen = True, []
        try:
            command(play.runner.folder, environ, lambda _: None, given)
            outcome = "done"
        except MergeshipError as error:
            outcome = error.code
        except Exception as error:
            raise AssertionError(f"{command}, run {number}: {mangler.seen}") from error
        finally:
            mangler.armed = False
        ended[outcome] = ended.get(outcome, 0) + 1
    assert len(ended) > 3, ended


def test_no_answer_doubles_or_loses_a_release(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T21: whatever a deploy was answered, the next run on the same merge ends it, with one version."""
    mangler = mangling(monkeypatch, 22)
    play.merged()
    version = play.claimed()
    back = play.keep()
    ended: dict[str, int] = {}
    for number in range(UPLOADS):
        mangler.armed, mangler.seen = True, []
        ran = play.deploy(run=str(number), event=play.push, settings=("forge.deadline=2", "index.deadline=2"))
        mangler.armed = False
        ended[ran.code] = ended.get(ran.code, 0) + 1
        try:
            if play.entry(version).state != "released":
                play.shipped(run=f"{number}-again", event=play.push)
            play.complete(version)
        except Failed as error:
            raise AssertionError(f"run {number}: {ran.message}: {mangler.seen}") from error
        back()
    assert len(ended) > 1, ended


def mangling(monkeypatch: pytest.MonkeyPatch, seed: int) -> Mangler:
    """What mangles everything that the servers answer."""
    mangler = Mangler(seed)
    for kind in (Response, JSONResponse):
        monkeypatch.setattr(kind, "render", _mangled(kind.render, mangler))
    return mangler


def _refuse(_: object) -> None:
    raise Misconfigured("not-agreed", "nobody agreed")


def _mangled(render: Callable[..., Any], mangler: Mangler) -> Callable[..., bytes]:
    def mangled(response: Response, content: Any) -> bytes:
        return mangler(bytes(render(response, content)))

    return mangled
