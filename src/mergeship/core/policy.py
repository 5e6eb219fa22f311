"""What a merge may not change for itself: by which rule it is read, where secrets go, and what runs beside them.

A change of it holds until a person names the commit that brings it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from posixpath import normpath

import msgspec

from mergeship.core.settings import Settings
from mergeship.core.text import one_line
from mergeship.core.workflow import scalars
from mergeship.errors import Misconfigured

KEYS = ("intent", "decide.by", "auth", "environment", "runs-on", "index.upload", "index.simple")
WRITTEN = "as mergeship init writes it: "
"""Before the name of a file's content that is as init writes it for the settings beside it."""
Policies = Mapping[str, str]
"""What decides, by its name: a setting with its value, a file with the name of its content."""
_SECRETS = re.compile(r"\bsecrets\b|id-token|write-all", re.IGNORECASE)
_WORDS = 120  # characters of a value
_LONGEST = 300  # characters of a path


def of_settings(settings: Settings) -> Policies:
    """The settings that are policies."""
    values = msgspec.to_builtins(settings)
    policies = {}
    for key in KEYS:
        section, _, name = key.rpartition(".")
        value = (values[section] if section else values)[name]
        policies[key] = value if isinstance(value, str) else " ".join(value or ())
    return policies


def changes(before: Policies | None, after: Policies | None) -> tuple[str, ...]:
    """What has changed, in words; nothing if there was no commit before."""
    if before is None or after is None:
        return ()
    changed = [name for name, value in sorted(after.items()) if not _is_kept(before.get(name), value)]
    return tuple(_words(name, before.get(name), after[name]) for name in changed)


def _is_kept(before: str | None, after: str) -> bool:
    return after.startswith(WRITTEN) or (before or "").removeprefix(WRITTEN) == after


def _words(name: str, before: str | None, after: str) -> str:
    if name not in KEYS:
        return f"{one_line(name)} {'is new' if before is None else 'has changed'}"
    return f"{name}: {one_line(before or '(none)')[:_WORDS]} → {one_line(after or '(none)')[:_WORDS]}"


def hold_words(changed: Sequence[str]) -> str:
    """What holds, and why."""
    return f"a person has to confirm what these merges change: {'; '.join(changed)}"


@cache
def holds_secret(workflow: str) -> bool:
    """Whether a workflow file names a secret, or asks for the job's identity; also if that cannot be told."""
    if _SECRETS.search(workflow):
        return True
    if "\\" not in workflow:
        return False
    try:
        return any(_SECRETS.search(text) for text in scalars(workflow))
    except Misconfigured:
        return True  # GitHub may read it in another way


@cache
def local_paths(text: str) -> tuple[str, ...]:
    """What of the repository a workflow or an action may use or start as `./…`, by its path from the top."""
    words = (word for value in _scalars(text) for word in (value, *value.split()) if word.startswith(("./", "$/")))
    # `$/…` is of the repository that an action is from, which is this one for its own.
    return tuple(path for path in _paths(word.removeprefix("$/") for word in words) if _is_inside(path))


@cache
def named_paths(text: str) -> tuple[str, ...]:
    """Everything in an action that may be the path of a file, from its folder."""
    return _paths(_scalars(text))


def _scalars(text: str) -> Iterator[str]:
    try:
        yield from (value.strip() for value in scalars(text))
    except Misconfigured:
        return  # the file itself is compared


def _paths(values: Iterable[str]) -> tuple[str, ...]:
    paths = (normpath(value) for value in values if value and value.isprintable() and len(value) < _LONGEST)
    return tuple(dict.fromkeys(path for path in paths if not path.startswith("/")))


def _is_inside(path: str) -> bool:
    return path.partition("/")[0] != ".."
