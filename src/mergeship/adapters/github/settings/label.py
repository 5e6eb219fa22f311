"""Labels.

Source: https://docs.github.com/rest/issues/labels
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from mergeship.adapters.github.connection import NOT_FOUND, Connection, unless
from mergeship.adapters.github.settings.handler import Handler, Reading
from mergeship.core.forge.label import Label


async def _read(ask: Connection, _: Reading) -> Sequence[Label]:
    labels = map(_label, await ask.all(f"{ask.base}/labels?per_page=100"))
    return sorted(labels, key=lambda label: label.name)


async def _again(ask: Connection, label: Label) -> Label | None:
    answer = await unless(NOT_FOUND, ask.item(f"{ask.base}/labels/{quote(label.name, safe='')}"))
    return _label(answer) if answer else None


async def _write(ask: Connection, _: object, after: Label, __: str) -> None:
    words = {"name": after.name, "color": after.color, "description": after.description}
    await ask.write("POST", f"{ask.base}/labels", words, "issues=write")


def _label(answer: dict[str, Any]) -> Label:
    return Label(str(answer["name"]), str(answer["color"]), str(answer.get("description") or ""))


HANDLER = Handler(read=_read, again=_again, write=_write)
