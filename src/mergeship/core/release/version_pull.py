"""The version pull request: a machine without effects, and what the pull request is called and says."""

import re
from datetime import date
from typing import Literal

import msgspec

from mergeship.core import pep440
from mergeship.core.intent import checklist
from mergeship.core.release.decision import VERSION_BRANCH, Pull
from mergeship.core.release.ledger import Entry, Ledger

_BRANCH = re.compile(re.escape(VERSION_BRANCH) + r"\d{8}(-\d+)?")
Action = Literal["nothing", "closed", "opened", "moved", "unchanged", "pushed"]


class Prepared(msgspec.Struct, frozen=True):
    """A branch of ours, and the commit that it should be at."""

    branch: str
    at: str
    """The commit that it is at; empty if it is not there yet."""
    commit: str
    same: bool
    """Whether it has exactly that commit already."""


class PullFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knows."""

    declared: str | None
    """The version that main declares; None if it comes from tags."""
    entry: Entry | None
    """The newest release; None before the first."""
    open_pulls: tuple[Pull, ...] = ()
    """The version pull requests of ours that are open, the newest first."""

    # Found out on the way.
    prepared: Prepared | None = None
    pushed: bool = False
    closed: bool = False
    pull: Pull | None = None
    """The pull request as it is now."""
    refused: str | None = None
    """The forge's words if it does not let us open one."""

    @property
    def current(self) -> Pull | None:
        """The version pull request that is open."""
        return self.open_pulls[0] if self.open_pulls else None


class Prepare(msgspec.Struct, frozen=True):
    """Make the commit, on this machine only, and find the branch for it."""

    entry: Entry


class Close(msgspec.Struct, frozen=True):
    """Close the pull request, and delete its branch."""

    pull: Pull
    why: str
    action: Action = "closed"


class Push(msgspec.Struct, frozen=True):
    """Put the branch on the commit."""

    prepared: Prepared
    action: Action


class Open(msgspec.Struct, frozen=True):
    """Open a pull request."""

    branch: str
    entry: Entry
    action: Action = "opened"


class Update(msgspec.Struct, frozen=True):
    """Give the pull request that is open its new title and text."""

    number: int
    entry: Entry
    action: Action = "moved"


class Settled(msgspec.Struct, frozen=True):
    """Nothing is left to do."""

    action: Action


Effect = Close | Push | Open | Update
"""What others can see; a dry run stops before it."""
Step = Prepare | Effect | Settled


def why(facts: PullFacts) -> str:
    """Why there has to be a version pull request, or none."""
    if facts.entry is None:
        return "nothing is released yet"
    if facts.declared is None:
        return "the version comes from tags, so there is no file to write it into"
    if _caught_up(facts.declared, facts.entry):
        return f"main declares {facts.declared}, and {facts.entry.version} is the newest release"
    return f"main declares {facts.declared}, and {facts.entry.version} is released"


def next_step(facts: PullFacts) -> Step:
    """What to do next."""
    entry, pull = facts.entry, facts.current
    if entry is None or facts.declared is None:
        return Settled("nothing")
    if _caught_up(facts.declared, entry):
        if pull is None:
            return Settled("nothing")
        return Settled("closed") if facts.closed else Close(pull, why(facts))
    if facts.prepared is None:
        return Prepare(entry)
    prepared, action = facts.prepared, action_of(pull)
    if prepared.same and pull and pull.title == title(entry.version):
        return Settled("unchanged")
    if not prepared.same and not facts.pushed:
        return Push(prepared, action)
    if facts.refused is not None:
        return Settled("pushed")
    if facts.pull:
        return Settled(action)
    return Update(pull.number, entry) if pull else Open(prepared.branch, entry)


def action_of(pull: Pull | None) -> Action:
    """What becomes of a pull request that has to be there."""
    return "moved" if pull else "opened"


def _caught_up(declared: str, entry: Entry) -> bool:
    ours, theirs = pep440.comparable([declared, entry.version])
    return ours >= theirs


def newest(ledger: Ledger) -> Entry | None:
    """The release with the highest version whose files are on the index; None before the first."""
    entries = [entry for entry in ledger.releases if entry.state in {"uploaded", "proven", "released"}]
    versions = pep440.comparable([entry.version for entry in entries])
    return max(zip(versions, entries, strict=True), key=lambda pair: pair[0], default=(None, None))[1]


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

    `template` is the repository's own; if nothing can be ticked in it, `fallback` is taken.
    """
    files = "\n".join(f"- `{file.name}`, {file.size} bytes, sha256 `{file.sha256}`" for file in entry.files)
    pulls = ", ".join(f"#{number}" for number in entry.pull_requests) or "no pull request"
    facts = (
        f"{project} **{entry.version}** is released from {entry.commit} ({pulls}), and this brings its version back "
        f"into the repository. Merging it ships nothing.\n\n{files}\n"
    )
    return f"{facts}\n{checklist(template, fallback, 'no-deploy')}"
