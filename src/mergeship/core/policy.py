"""What a merge may not change for itself: by which rule it is read, where secrets go, and what runs beside them.

A change of it holds until a person names the commit that brings it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from posixpath import normpath

import msgspec

from mergeship.core.settings import Settings
from mergeship.core.text import one_line
from mergeship.core.workflow import parsed, strings
from mergeship.errors import Misconfigured

KEYS = ("intent", "auth", "environment", "runs-on", "index.upload", "index.simple")
WRITTEN = "as mergeship init writes it"
"""Stands for a file of the pipeline that is as init writes it for the settings beside it."""
Policies = Mapping[str, str]
"""What decides, by its name: a setting with its value, a file with the name of its content."""
_SECRETS = re.compile(r"\bsecrets\b|id-token|write-all", re.IGNORECASE)
_LOCAL = re.compile(r"""\buses['"]?\s*:\s*['"]?(\./[^\s'"#]*)""")
_WORDS = 120  # characters of a value


def of_settings(settings: Settings) -> Policies:
    """The settings that are policies."""
    values = msgspec.to_builtins(settings)
    policies = {}
    for key in KEYS:
        section, _, name = key.rpartition(".")
        value = (values[section] if section else values)[name]
        policies[key] = value if isinstance(value, str) else " ".join(value)
    return policies


def changes(before: Policies | None, after: Policies | None) -> tuple[str, ...]:
    """What has changed, in words; nothing if there was no project before."""
    if before is None or after is None:
        return ()
    changed = [name for name in sorted(after) if after[name] not in {before.get(name), WRITTEN}]
    return tuple(_words(name, before.get(name), after[name]) for name in changed)


def _words(name: str, before: str | None, after: str) -> str:
    if name not in KEYS:
        return f"{one_line(name)} {'is new' if before is None else 'has changed'}"
    return f"{name}: {one_line(before or '(none)')[:_WORDS]} → {one_line(after or '(none)')[:_WORDS]}"


def hold_words(changed: Sequence[str]) -> str:
    """What holds, and why."""
    return f"a person has to confirm what these merges change: {'; '.join(changed)}"


@cache
def holds_secret(workflow: str) -> bool:
    """Whether a workflow file names a secret, or asks for the job's identity; also if that cannot be read."""
    return any(_SECRETS.search(text) for text in _texts(workflow))


@cache
def local_uses(text: str) -> tuple[str, ...]:
    """The folders and files of the repository that a workflow or an action uses, from the repository's top."""
    used = [path for piece in _texts(text) for path in _LOCAL.findall(piece)]
    used += [path for path in _texts(text) if path.startswith("./")]
    paths = (normpath(path) for path in used)
    return tuple(dict.fromkeys(path for path in paths if path.partition("/")[0] != ".."))


def _texts(text: str) -> list[str]:
    """The text itself, and every string in it if some may be written in escapes."""
    if "\\" not in text:
        return [text]
    try:
        return [text, *strings(parsed(text, "it"), names=True)]
    except Misconfigured:
        return [text]  # GitHub does not run it either
