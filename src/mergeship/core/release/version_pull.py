"""The version pull request: what it is called, what it says, and whether there has to be one."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from mergeship.core import pep440
from mergeship.core.intent import checklist
from mergeship.core.release.decision import VERSION_BRANCH, Pull
from mergeship.core.release.ledger import Entry, Ledger

AUTHOR = "mergeship@users.noreply.github.com"
"""The address of whoever makes its commits; a branch with commits of others is not touched."""
_BRANCH = re.compile(re.escape(VERSION_BRANCH) + r"\d{8}(-\d+)?")
Action = Literal["nothing", "close", "open", "move"]


class Step(msgspec.Struct, frozen=True):
    """What is to be done."""

    action: Action
    why: str
    pull: Pull | None = None
    """The version pull request that is open."""
    others: tuple[int, ...] = ()
    """More of them, which nobody needs."""


def newest(ledger: Ledger) -> Entry | None:
    """The release with the highest version whose files are on the index; None before the first."""
    there = [entry for entry in ledger.releases if entry.state in {"uploaded", "proven", "released"}]
    versions = pep440.comparable([entry.version for entry in there])
    return max(zip(versions, there, strict=True), key=lambda pair: pair[0], default=(None, None))[1]


def step(declared: str | None, entry: Entry | None, opened: Sequence[Pull]) -> Step:
    """What a run does. `declared` is what main says, None where it says nothing; `opened` has the newest first."""
    pull = opened[0] if opened else None
    others = tuple(one.number for one in opened[1:])
    if entry is None:
        return Step("nothing", "nothing is released yet", None)
    if declared is None:
        return Step("nothing", "the version comes from tags, so there is no file to write it into", None)
    ours, theirs = pep440.comparable([declared, entry.version])
    if ours >= theirs:
        why = f"main declares {declared}, and {entry.version} is the newest release"
        return Step("close", why, pull, others) if pull else Step("nothing", why)
    why = f"main declares {declared}, and {entry.version} is released"
    return Step("move" if pull else "open", why, pull, others)


def is_ours(name: str) -> bool:
    """Whether a branch is called as mergeship calls it; people may use the prefix for what they like."""
    return _BRANCH.fullmatch(name) is not None


def branch(day: date, number: int) -> str:
    """The name of a version branch: that day's first, second, and so on."""
    return f"{VERSION_BRANCH}{day:%Y%m%d}" + (f"-{number}" if number > 1 else "")


def title(version: str) -> str:
    """The title of the pull request, and of its commit."""
    return f"ci: update version to {version}"


def body(project: str, entry: Entry, template: str, fallback: str) -> str:
    """The text of the pull request: what the ledger knows, and the checklist that asks to ship nothing.

    `template` is the repository's own; where nothing can be ticked in it, `fallback` is taken.
    """
    files = "\n".join(f"- `{file.name}`, {file.size} bytes, sha256 `{file.sha256}`" for file in entry.files)
    pulls = ", ".join(f"#{number}" for number in entry.pull_requests) or "no pull request"
    facts = (
        f"{project} **{entry.version}** is released from {entry.commit} ({pulls}), and this brings its version back "
        f"into the repository. Merging it ships nothing.\n\n{files}\n"
    )
    return f"{facts}\n{checklist(template, fallback, 'no-deploy')}"
