"""The plan of a repository's settings, for people."""

from typing import Any

import msgspec

from mergeship.core.forge import registry
from mergeship.core.forge.plan import Change, Plan
from mergeship.core.setup import Shown
from mergeship.core.text import one_line
from mergeship.output.style import Style

_MARKS = {"create": "+", "update": "~", "remove": "-"}


def plan(shown: Plan, style: Style) -> str:
    """What would be changed, field by field, with reasons."""
    lines = []
    for change in shown.changes:
        paint = style.bad if change.action == "remove" else style.good if change.action == "create" else style.warn
        lines.append(f"{paint(f'{_MARKS[change.action]} {change.kind}')} {style.bold(one_line(change.name))}")
        lines += [f"    {line}" for line in _fields(change)]
        lines += [f"    because {change.why}"] if change.why else []
    number = len(shown.changes)
    lines += notes(shown.notes, shown.kept, style)
    count = f"{number} change{'' if number == 1 else 's'}" if number else "nothing to change"
    return "\n".join([*lines, f"{style.bold(shown.origin.repository)}: {count}"])


def setup(shown: Shown, style: Style) -> str:
    """Everything that a set-up would do."""
    lines = [plan(shown.forge, style)]
    missing = [change.path for change in shown.files.changes if change.action == "create"]
    kept = [change.path for change in shown.files.changes if change.action == "keep"]
    if shown.released:
        lines.append(f"{shown.released} is already released; only the settings are updated")
    elif shown.under_way:
        lines.append(f"the release of {shown.under_way[:12]} is under way and will be followed")
    elif shown.merged:
        lines.append(f"pull request #{shown.pull} is merged; its release will be followed")
    elif shown.pull:
        lines.append(f"pull request #{shown.pull} is open; it will be followed, merged when green, and released")
    else:
        lines.append(f"{style.good('+ pull request')} {style.bold(shown.title)} from {shown.branch}")
        lines += [f"    adds {path}" for path in missing] or ["    changes nothing; the pipeline's files are on main"]
        lines += [f"    leaves {path} as it is" for path in kept]
        lines.append("    it will be followed through its checks, merged when they pass, and released to the index")
    return "\n".join([*lines, *notes(shown.notes, (), style)])


def notes(notes_of_plan: tuple[str, ...], kept: tuple[str, ...], style: Style) -> list[str]:
    """What is reported besides the changes."""
    warnings = [f"{style.warn('stays without --allow-remove:')} {one_line(words)}" for words in kept]
    return [*warnings, *(f"{style.warn('note:')} {one_line(words)}" for words in notes_of_plan)]


def _fields(change: Change) -> list[str]:
    """The fields that differ; all of them for what is new."""
    before: dict[str, Any] = msgspec.to_builtins(change.before) if change.before else {}
    after: dict[str, Any] = msgspec.to_builtins(change.after) if change.after else {}
    short = registry.words(change.kind)
    lines = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if name in {"kind", "name"} or (change.before and old == new):
            continue
        words = short.get(name, name.replace("_", " "))
        if name == "updated" and change.after:
            lines.append("its value is replaced" if change.before else "its value is stored and never shown")
        elif not change.before:
            lines.append(f"{words}: {_shown(new)}")
        elif not change.after:
            lines.append(f"{words}: {_shown(old)}")
        else:
            lines.append(f"{words}: {_shown(old)} → {_shown(new)}")
    return lines


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(item) for item in value) or "none"
    if isinstance(value, dict):  # a check
        app = f" (App {value['app']})" if value.get("app") else ""
        return f"{one_line(str(value['context']))}{app}"
    return one_line(str(value)) or "none"
