"""Which merges a run decides on: everything on main since the last release, so that a dropped run loses nothing."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from mergeship.core.release.ledger import Entry, Ledger
from mergeship.errors import Held

MOST = 250
"""Commits in one release; more than that is nobody's day, but a history that was misread."""
LONG = 100
"""Commits from which on it is looked for a run that had nothing to ship, instead of looking all of them up."""
_OF_PULL = re.compile(r"\(#\d+\)$|^Merge pull request #\d+ ", re.ASCII)
_RUN = "gh workflow run ci-cd.yml --ref main -f decision=ship -f reason='…'"
_SKIP = " (or decision=skip)"
DISPATCH = f"decide by hand: {_RUN}{_SKIP}"


def confirm(commit: str) -> str:
    """The way to decide by hand that confirms what a commit brings."""
    return f"decide by hand: {_RUN} -f commit={commit[:12]}{_SKIP}"


class Commit(msgspec.Struct, frozen=True):
    """A commit on main's first-parent line."""

    sha: str
    message: str = ""

    @property
    def subject(self) -> str:
        """The message's first line."""
        return self.message.partition("\n")[0]

    @property
    def names_pull(self) -> bool:
        """Whether its subject is one that a merge of a pull request is given."""
        return bool(_OF_PULL.search(self.subject))


class Range(msgspec.Struct, frozen=True):
    """What a run decides on."""

    head: str
    commits: tuple[Commit, ...] = ()
    """Not decided yet, the oldest first."""
    since: str = ""
    """Since what, in words."""
    base: str = ""
    """The last commit before them; empty if there is none."""
    own: Entry | None = None
    """The head's own release, if it has one that still holds."""
    newer: Entry | None = None
    """A release of a later commit, which contains the head."""
    stale: tuple[Entry, ...] = ()
    """Claims whose lease is over: they are given up when the next one is made."""
    claims: tuple[Entry, ...] = ()
    """All claims of the head and of the commits before it."""


def since_last_release(  # noqa: PLR0917 - what a range is made of
    first_parents: Sequence[Commit],
    head: str,
    ledger: Ledger,
    start: "RangeStart",
    now: datetime,
    lease: timedelta,
    without: Collection[Entry] = (),
) -> Range:
    """The range of a run on `head`.

    `first_parents` is main's first-parent line, the newest first; `start` says where a project without a ledger
    begins; entries that it is `without` decide nothing. Raises Held if the history and the ledger do not fit together.
    """
    kept = msgspec.structs.replace(ledger, releases=tuple(entry for entry in ledger.releases if entry not in without))
    first = ledger.releases[0].since if ledger.releases else None
    by_person = by_hand(first_parents, head, kept, now, lease)
    if by_person.own or by_person.newer:
        return by_person
    shas = [commit.sha for commit in first_parents]
    position = shas.index(head)
    begun = [entry for entry in kept.releases if entry.begun]
    skipped = any(skip.commit in shas and skip.at >= begun[-1].at for skip in ledger.skips) if begun else False
    if begun and begun[-1].commit not in shas and not skipped:
        raise _rewritten(f"{begun[-1].version}, {begun[-1].state} at {begun[-1].commit[:12]},", head)
    known, whole = _ends(kept, first, start, now, lease)
    later = next((sha for sha in shas[:position] if sha in known), "")
    if later:
        return msgspec.structs.replace(by_person, since=f"{known[later]} at {later[:12]}, which comes later")
    end = next((number for number in range(position, len(shas)) if shas[number] in known), None)
    undecided = first_parents[position:end]
    if end is None and not whole:
        raise _rewritten(", ".join(f"{what} at {sha[:12]}" for sha, what in list(known.items())[-2:]), head)
    base = shas[end] if end is not None else ""
    since = f"{known[base]} at {base[:12]}" if base else "the first commit"
    return msgspec.structs.replace(by_person, commits=tuple(reversed(undecided)), since=since, base=base)


def since_skip(range_: Range, skipped: str) -> Range:
    """The rest of a long range, behind the commit that was `skipped`: empty for none. Raises Held for too much."""
    shas = [commit.sha for commit in range_.commits]
    if skipped in shas:
        rest = range_.commits[shas.index(skipped) + 1 :]
        words = f"the run at {skipped[:12]}, which had nothing to ship"
        range_ = msgspec.structs.replace(range_, commits=rest, since=words, base=skipped)
    if len(range_.commits) > MOST:
        words = f"there are more than {MOST} commits since the last release"
        raise Held("too-many-commits", words, hint=confirm(range_.head))
    return range_


def by_hand(first_parents: Sequence[Commit], head: str, ledger: Ledger, now: datetime, lease: timedelta) -> Range:
    """The range of a run in which a person decides: no merges, and no limits. Raises Held for what is not on main."""
    shas = [commit.sha for commit in first_parents]
    if head not in shas:
        hint = f"restore main; or, if that was intended, {DISPATCH}"
        raise Held("not-on-main", f"{head[:12]} is not on main (or main was rewritten)", hint=hint)
    position = shas.index(head)
    settled = {entry.commit: entry for entry in ledger.releases if entry.begun or entry.leased(now, lease)}
    later = (settled[sha] for sha in shas[:position] if sha in settled)
    own = settled.get(head)
    newer = next((entry for entry in later if own is None or (own.state == "claimed" and entry.begun)), None)
    claimed = [entry for entry in ledger.releases if entry.state == "claimed"]
    return Range(
        head,
        since="a decision by hand",
        base=shas[position + 1] if position + 1 < len(shas) else "",
        own=None if newer else own,
        newer=newer,
        stale=tuple(entry for entry in claimed if not entry.leased(now, lease)),
        claims=tuple(entry for entry in claimed if entry.commit in shas[position:]),
    )


def _ends(
    ledger: Ledger, first: str | None, start: "RangeStart", now: datetime, lease: timedelta
) -> tuple[dict[str, str], bool]:
    """The commits before which everything is decided, each with what it is, and whether there is none by nature.

    `first` is the last commit before the first release, empty if there is none; None without a release.
    """
    settled = [entry for entry in ledger.releases if entry.begun or entry.leased(now, lease)]
    ends = {entry.commit: f"{entry.version}, {entry.state}" for entry in settled}
    ends |= {skip.commit: "a decision by hand to skip" for skip in ledger.skips if skip.commit not in ends}
    if ends:
        return start.lacking | ends, False
    if first is not None and not start.firm:
        return ({first: "where the ledger begins"} if first else {}), not first
    return start.ends, start.whole


def _rewritten(what: str, head: str) -> Held:
    return Held(
        "main-rewritten", f"{what} is not in the history of {head[:12]}: main was rewritten", hint=_restore(head)
    )


class RangeStart(msgspec.Struct, frozen=True):
    """Where a project begins that has released nothing yet."""

    ends: dict[str, str] = {}
    """Commits that are not part of the range any more, each with what it is."""
    whole: bool = False
    """Whether there is no such commit: everything counts."""
    firm: bool = False
    """Whether main's own history says so, which nobody can write without a merge."""
    lacking: dict[str, str] = {}
    """The commit of a release that tag and index have, and the ledger has not: it ends whatever the ledger says."""


def range_start(
    tagged: str, introduced: str, pushed: tuple[str, str] | None, head: str, shas: Sequence[str]
) -> RangeStart:
    """Since the tag of the highest published version; without it, since the pipeline is on main.

    So a merge whose run was dropped, failed or held is not forgotten, whatever ran before the first release. Without
    a pipeline that says so, since this push's `before`; without a push, since the parent.

    `tagged` is the commit of that tag, and `introduced` the one that brought the pipeline, empty for none; `pushed` is
    the push event's before and after, and `shas` are main's first parents, the newest first.
    """
    if tagged:
        return RangeStart({tagged: "the tag of the highest published version"}, firm=True)
    if introduced in shas:
        before = shas[shas.index(introduced) + 1 :][:1]
        return RangeStart(dict.fromkeys(before, "the commit before the pipeline"), whole=not before, firm=True)
    parent = next(iter(shas[shas.index(head) + 1 :][:1] if head in shas else ()), "")
    if pushed and pushed[1] == head:
        before = pushed[0]
        return RangeStart({before: "this push's beginning"}) if before.strip("0") else RangeStart(whole=True)
    return RangeStart({parent: "the commit before"}) if parent else RangeStart(whole=True)


def _restore(head: str) -> str:
    return f"restore main; or, if that was intended, {confirm(head)}"
