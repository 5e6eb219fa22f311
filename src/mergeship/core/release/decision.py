"""Ship, skip or hold: what becomes of everything that was merged since the last release."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, get_args

import msgspec

from mergeship.core import intent
from mergeship.core.intent import Intent, Policy
from mergeship.core.release.belief import FINISHED
from mergeship.core.release.commit_range import DISPATCH, Commit, Range
from mergeship.core.release.ledger import Entry, Skip
from mergeship.core.settings import Role
from mergeship.core.skip_marker import skip_marker
from mergeship.core.text import one_line
from mergeship.core.version import PARTS, Part
from mergeship.errors import Held

Outcome = Literal["ship", "skip", "hold"]
CORRECT = "make each pull request say clearly whether it deploys, then run the job again; or " + DISPATCH


class Pull(msgspec.Struct, frozen=True):
    """A pull request, as the forge reports it. Anyone may have written its title, body, branch and author."""

    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    branch: str
    own_branch: bool
    """Whether its branch is one of this repository, and not a fork's."""
    author: str
    head: str = ""
    """The commit that its branch is at."""
    commit: str = ""
    """Its merge commit, once it is merged."""
    open: bool = False
    merged: datetime | None = None
    updated: datetime | None = None
    files: tuple[str, ...] | None = None
    """Paths from the repository's top; None if they were not asked for."""
    edited: bool = False
    """Whether the body was changed after the merge."""
    edited_by: str = ""
    """Who did that without having write access; empty for nobody."""
    auto_message: str = ""
    """The message that its merge commit will have, as auto-merge has fixed it; empty if nothing is fixed."""
    more_than_allowed: tuple[str, ...] = ()
    """What a version or maintenance pull request changes beyond what it may."""


class Merged(msgspec.Struct, frozen=True):
    """A commit on main, and the pull requests that brought it."""

    commit: Commit
    pulls: tuple[Pull, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """Why, of one thing."""

    about: str
    """`#7`, or a commit."""
    says: str
    outcome: Outcome | Literal["neutral"]

    def __str__(self) -> str:
        return f"{self.about}: {self.says}"


class Decision(msgspec.Struct, frozen=True):
    """What a run does, and why."""

    decision: Outcome
    reasons: tuple[Reason, ...]
    bump: Part = "patch"
    remedy: str = ""
    """How a hold is ended."""
    own: Entry | None = None
    """The release that the commit has already; a ship goes on with it."""

    @property
    def words(self) -> tuple[str, ...]:
        """The reasons as text; those of the outcome only, as long as there are some."""
        mine = tuple(str(reason) for reason in self.reasons if reason.outcome == self.decision)
        return mine or tuple(str(reason) for reason in self.reasons)

    @property
    def pulls(self) -> tuple[int, ...]:
        """The numbers of the pull requests that were looked at."""
        return tuple(int(reason.about[1:]) for reason in self.reasons if reason.about.startswith("#"))


class ByHand(msgspec.Struct, frozen=True):
    """What a person decided, by `workflow_dispatch`."""

    decision: Literal["ship", "skip"]
    says: str
    actor: str
    commit: str = ""
    """The beginning of the commit's name, if a person confirms what it brings; empty, or at least seven digits."""
    role: str = ""
    """What the actor may do on the forge; empty if nobody was asked."""


def already_decided(run: Range, person: ByHand | None = None, *, open_: bool = False) -> Decision | None:
    """The decision on a commit that has its release already, or is part of one; None if merges or a person decide.

    A person may skip what is claimed, or `open_` otherwise, as the index has nothing of it yet.
    """
    here = run.head[:12]
    if person and person.decision == "skip" and run.own and (run.own.state == "claimed" or open_):
        return None
    if run.newer and person and run.newer.state not in FINISHED:  # which may still come to nothing
        words = f"{run.newer.version} is {run.newer.state} for {run.newer.commit[:12]}, which contains it"
        remedy = f"wait for run {run.newer.run or '(none)'}; then {DISPATCH}"
        return Decision("hold", (Reason(here, words, "hold"),), remedy=remedy)
    if run.newer:
        words = f"it is part of {run.newer.version}, {run.newer.state}: superseded"
        return Decision("skip", (Reason(here, words, "skip"),))
    if run.own and run.own.state == "released":
        return Decision("skip", (Reason(here, f"it is released as {run.own.version}", "skip"),), own=run.own)
    if run.own:
        words = f"it has {run.own.version}, {run.own.state}"
        if person and person.decision == "skip":
            words += ": what the index has of it cannot be skipped any more"
        return Decision("ship", (Reason(here, words, "ship"),), own=run.own)
    return None


def not_again(commit: str, words: str) -> Decision:
    """The hold for a commit that would be released once more."""
    remedy = "a commit is released once: merge something, and ship that; or dispatch with decision=skip"
    return Decision("hold", (Reason(commit[:12], words, "hold"),), remedy=remedy)


def highest(roles: Collection[str]) -> str:
    """The highest of some roles; empty if none of them writes."""
    ranks: tuple[str, ...] = get_args(Role)
    return max((role for role in roles if role in ranks), key=ranks.index, default="")


def require_role(person: ByHand, roles: Collection[str], wanted: str) -> ByHand:
    """The person with the highest of the roles that they have. Raises Held for one below `wanted`."""
    ranks = get_args(Role)
    role = highest(roles)
    if role not in ranks[ranks.index(wanted) :]:
        raise Held(
            "may-not-decide",
            f"{person.actor} {f'has the role {role}' if role else 'cannot write here'}, and decide.by is {wanted}",
            hint=f"someone with the role {wanted} dispatches the workflow",
        )
    return msgspec.structs.replace(person, role=role)


def by_hand(person: ByHand) -> Decision:
    """The decision that a person takes, with the reason given."""
    role = f" ({person.role})" if person.role else ""
    words = f"by {person.actor}{role}: {one_line(person.says)}"
    return Decision(person.decision, (Reason("by hand", words, person.decision),))


def decide(merges: Sequence[Merged], policy: Policy, since: str, introduced: str = "") -> Decision:
    """One unclear, or pushed directly: hold. Else one that deploys: ship. Else skip. Each pull request counts once.

    The commit that `introduced` the pipeline may have been pushed directly: nothing asked for a pull request yet.
    """
    reasons: list[Reason] = []
    parts: list[Part] = ["patch"]
    for merge in merges:
        if not merge.pulls and merge.commit.sha == introduced and not merge.commit.names_pull:
            reasons.append(Reason(introduced[:12], "it brought the pipeline: the record begins with it", "neutral"))
        elif not merge.pulls:
            words = f"{one_line(merge.commit.subject)[:80]!r} has no merged pull request: it was pushed directly"
            reasons.append(Reason(merge.commit.sha[:12], words, "hold"))
    for pull, messages in _each_once(merges):
        reason, part = _of(pull, messages, policy)
        reasons.append(reason)
        parts.append(part)
    reasons += _conflicting(merges, reasons)
    outcomes = {reason.outcome for reason in reasons}
    if "hold" in outcomes:
        return Decision("hold", tuple(reasons), remedy=CORRECT)
    if "ship" in outcomes:
        return Decision("ship", tuple(reasons), max(parts, key=PARTS.index))
    return Decision("skip", tuple(reasons) or (Reason("nothing", f"was merged since {since}", "skip"),))


def without_proof(decided: Decision, skips: Sequence[Skip]) -> Decision:
    """What a person has once decided against, in runs that nobody knows any more, is asked for again."""
    if decided.decision == "skip" or not skips:
        return decided
    words = "a person is said to have skipped everything up to here, and no run proves it"
    reasons = tuple(Reason(skip.commit[:12], words, "hold") for skip in skips)
    return Decision("hold", (*decided.reasons, *reasons), remedy=DISPATCH)


def _each_once(merges: Sequence[Merged]) -> list[tuple[Pull, tuple[str, ...]]]:
    """Each pull request with the messages of all of its commits, and with everything that any of them may not."""
    pulls: dict[int, tuple[Pull, tuple[str, ...]]] = {}
    for merge in merges:
        for pull in merge.pulls:
            before, messages = pulls.get(pull.number, (pull, ()))
            more = tuple(dict.fromkeys((*before.more_than_allowed, *pull.more_than_allowed)))
            pulls[pull.number] = (
                msgspec.structs.replace(pull, more_than_allowed=more), (*messages, merge.commit.message)
            )  # fmt: skip
    return list(pulls.values())


def _conflicting(merges: Sequence[Merged], reasons: Sequence[Reason]) -> list[Reason]:
    """Commits that several pull requests brought, as a second one with the same head does, and that disagree."""
    outcome_of = {reason.about: reason.outcome for reason in reasons}
    conflicting = []
    for merge in merges:
        outcomes = {outcome_of[f"#{pull.number}"] for pull in merge.pulls}
        if len(outcomes) > 1:
            numbers = " and ".join(f"#{pull.number}" for pull in merge.pulls)
            conflicting.append(Reason(merge.commit.sha[:12], f"{numbers} brought it and disagree", "hold"))
    return conflicting


def would(pull: Pull, policy: Policy) -> Decision:
    """What one pull request would do, looked at alone, before there is a commit of it.

    Of the message that this will have, only what auto-merge has fixed is known, and that it begins with the title.
    """
    reason, part = _of(pull, (pull.auto_message,) if pull.auto_message else (), policy)
    outcome: Outcome = "skip" if reason.outcome == "neutral" else reason.outcome
    marker = "" if pull.merged else skip_marker(pull.auto_message or f"{pull.title}\n\n{pull.body}")
    if not marker:
        return Decision(outcome, (reason,), part, remedy=CORRECT if outcome == "hold" else "")
    words = f"it says {marker}, so GitHub starts no run for its merge"
    if outcome == "skip":  # the next merge decides on both
        return Decision(outcome, (reason, Reason(reason.about, words, "neutral")), part)
    remedy = f"take {marker} out of its title and text" + (
        ", and switch auto-merge off and on" * bool(pull.auto_message)
    )
    return Decision("hold", (reason, Reason(reason.about, words, "hold")), part, remedy=remedy)


def of_intent(intended: Intent, about: str) -> Reason:
    """A reason from an intent."""
    outcomes: dict[str, Outcome] = {"deploy": "ship", "no-deploy": "skip", "unclear": "hold"}
    also = ', and "Changelog updated"' if intended.changelog else ""
    return Reason(about, f"{intended.says}{also}", outcomes[intended.wanted])


def _of(pull: Pull, messages: Sequence[str], policy: Policy) -> tuple[Reason, Part]:
    about = f"#{pull.number}"
    what = neutral_kind(pull)
    if what and pull.more_than_allowed:
        more = ", ".join(pull.more_than_allowed[:5])
        return Reason(about, f"it is a {what} pull request and changes more than it may: {more}", "hold"), "patch"
    if what:
        return Reason(about, f"it is a {what} pull request", "neutral"), "patch"
    if pull.edited_by and intent.depends_on_body(policy, pull.body, messages):
        words = f"its text was edited after the merge by {one_line(pull.edited_by)}, who has no write access"
        return Reason(about, words, "hold"), "patch"
    intended = intent.read(
        policy, title=pull.title, body=pull.body, labels=pull.labels, messages=messages, corrected=pull.edited
    )
    return of_intent(intended, about), intended.part if intended.wanted == "deploy" else "patch"


def neutral_kind(pull: Pull) -> str:
    """`version` or `maintenance` for a pull request that asks for nothing itself; empty for all others.

    By its branch, and only if that is this repository's own: a fork may call its branch as it likes.
    """
    if not pull.own_branch:
        return ""
    if pull.branch.startswith(VERSION_BRANCH):
        return "version"
    return "maintenance" if pull.branch == MAINTENANCE_BRANCH else ""


VERSION_BRANCH = "ci/update-version-"
MAINTENANCE_BRANCH = "codex-automation"
MAINTAINED = ("README.md", "CHANGELOG.md")
"""The files that a maintenance pull request may change."""


def unexpected_files(pull: Pull, versioned: Iterable[str], maintained: Iterable[str] = MAINTAINED) -> tuple[str, ...]:
    """The files of a neutral pull request that it may not touch.

    `versioned` are those that declare the version, `maintained` those of maintenance; all by their paths from the
    repository's top.
    """
    allowed = set(versioned) if neutral_kind(pull) == "version" else set(maintained)
    return tuple(one_line(path) for path in pull.files or ("(its files are not known)",) if path not in allowed)
