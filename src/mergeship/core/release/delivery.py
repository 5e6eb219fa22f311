"""One release from its claim to its end: a machine without effects.

`next_step` says what to do, from the ledger's entry and from what is known. Whoever performs a step puts what came of
it into the facts and asks again, until the answer is an end. Each step may be done twice, so the same command goes on
from wherever an earlier one stopped.
"""

from datetime import timedelta
from typing import assert_never

from mergeship.core import pep440
from mergeship.core.distribution import MANIFEST
from mergeship.core.listing import Listing
from mergeship.core.release.ledger import Entry
from mergeship.core.release.steps import (
    Await,
    DeliveryFacts,
    Done,
    GiveUp,
    Keep,
    Look,
    Move,
    PutTag,
    Reread,
    Send,
    Step,
    Stop,
    Superseded,
)
from mergeship.core.release.upload import NEXT_VERSION, TRY_AGAIN
from mergeship.errors import Failed, Held

SECOND_LOOK = 10.0
"""Seconds to wait for a release whose pages lagged before already."""


def next_step(entry: Entry | None, facts: DeliveryFacts) -> Step:
    """What to do about a release. `entry` is None if the ledger does not have it any more."""
    if facts.giving_up:
        return _giving_up(entry, facts, facts.giving_up)
    if entry is None or entry.state == "given-up":
        return Superseded()
    sent_by_none = facts.built and entry.state == "uploaded"  # a build for it is here, so nothing of it was sent
    if (facts.unbound or sent_by_none) and entry.begun and entry.files != facts.built:
        return _elsewhere(entry)
    match entry.state:
        case "claimed":
            return _bind(entry, facts)
        case "uploading":
            return _send(entry, facts)
        case "uploaded":
            return _prove(entry, facts)
        case "proven" | "released":
            return _tag(entry, facts)
        case _:
            assert_never(entry.state)


def _bind(entry: Entry, facts: DeliveryFacts) -> Step:
    """Bind the version to its bytes before the first of them is sent: who wins this swap, uploads."""
    if not facts.built:
        return Stop(not_built(entry))
    if not facts.on_main:
        return Stop(
            Held(
                "main-rewritten",
                f"{entry.version} was claimed for {entry.commit[:12]}, which is not on main any more",
                hint="nothing was sent; restore main, or merge what should ship",
            )
        )
    if facts.tag not in {"", entry.commit}:
        return _give_up(entry, f"there is a tag {entry.tag_name} on another commit, {facts.tag[:12]}")
    if facts.listing is None:
        return Look()
    published = filter(pep440.is_version, facts.listing.versions)
    if any(pep440.same(version, entry.version) for version in published):
        if not facts.reread:
            return Reread()  # another run may have done all of it in the meantime
        return _give_up(entry, "someone else published that version after it was claimed")
    if not facts.kept:
        return Keep(facts.built)
    return Move("uploading", files=facts.built, began=facts.now)


def _elsewhere(entry: Entry) -> Stop:
    """Another run has bound the version to bytes that it built itself."""
    return Stop(
        Held(
            "uploading-elsewhere",
            f"{entry.version} is being uploaded by run {entry.run}, with other bytes than those built here",
            hint="nothing was sent from here and nothing is lost: that run finishes it, or the next one does",
        )
    )


def _send(entry: Entry, facts: DeliveryFacts) -> Step:
    """Send every file that the index does not show."""
    if facts.listing is None:
        return Look()
    has = {file.name: facts.listing.presence(file) for file in entry.files}
    other = [name for name, what in has.items() if what == "other"]
    if other:
        return _give_up(entry, f"the index has other bytes under {', '.join(other)}")
    if facts.sent:
        return _after_sending(entry, facts)
    due = tuple(file for file in entry.files if has[file.name] != "same")
    if not facts.here.issuperset(due):
        return _without_bytes(entry, facts)
    return Send(due) if due else Move("uploaded")


def _after_sending(entry: Entry, facts: DeliveryFacts) -> Step:
    return Move("uploaded") if facts.sent[-1].ended == "sent" else _not_sent(entry, facts)


def _not_sent(entry: Entry, facts: DeliveryFacts) -> Step:
    """What follows a file that was not taken."""
    last = facts.sent[-1]
    match last.ended:
        case "give-up":
            return _give_up(entry, last.message, last.hint)
        case "late" if last.looking:
            if abs(facts.now - (entry.began or entry.at)) > facts.lease:
                return _give_up(entry, f"{last.message}, and the index never showed it", last.hint)
            return Stop(Failed(last.code, last.message, hint=TRY_AGAIN))
        case "late" | "stop" | "again" | "look" | "sent":
            return Stop(Failed(last.code, last.message, hint=last.hint))
        case _:
            assert_never(last.ended)


def _without_bytes(entry: Entry, facts: DeliveryFacts) -> Step:
    """Bytes that are not here: the index has them, another run sends them, or the version is lost."""
    if facts.unlisted is None:
        return Await(entry.files, facts.deadline)
    if not facts.unlisted:
        return Move("uploaded")
    over = _waited(entry, facts) > facts.lease
    if facts.lost and (over or (entry.run and entry.run == facts.run)):
        return _give_up(entry, facts.lost)
    error = Failed(
        "bytes-missing",
        f"{entry.version} is being uploaded by run {entry.run or '(none)'}, and its bytes are not here",
        hint="that run finishes it; if it died, re-run all its jobs: build looks for the bytes everywhere",
    )
    return Stop(error, elsewhere=True)


def _prove(entry: Entry, facts: DeliveryFacts) -> Step:
    """Wait until the index lists every file with equal hashes: nothing else was uploaded, whatever answered.

    Other bytes are no lag. Nor is it one once the lease is over: then the same bytes are sent again.
    """
    waited = _waited(entry, facts)
    if facts.unlisted is None:
        lagged_before = waited > timedelta(seconds=facts.deadline) and not facts.sent
        return Await(entry.files, min(facts.deadline, SECOND_LOOK) if lagged_before else facts.deadline)
    if not facts.unlisted:
        return Move("proven")
    if facts.listing is None:
        return Look()
    other = [file.name for file in entry.files if facts.listing.presence(file) == "other"]
    if other:
        return _give_up(entry, f"the index has other bytes under {', '.join(other)}")
    last = facts.sent[-1] if facts.sent else None
    if last and last.ended != "sent" and not last.looking:  # that it exists there is what was said before
        return _not_sent(entry, facts)
    if waited > facts.lease and not facts.sent:
        if facts.here.issuperset(entry.files):
            return Send(tuple(file for file in entry.files if facts.listing.presence(file) != "same"))
        if facts.lost:
            return _give_up(entry, facts.lost)
    error = Failed(
        "not-listed",
        f"{entry.version} was sent, and the index does not list it: {facts.unlisted}",
        hint=f"run the job again later; if {facts.page} never lists it, check the setting index.simple",
    )
    return Stop(error, elsewhere=True)


def _waited(entry: Entry, facts: DeliveryFacts) -> timedelta:
    """How long nothing has come of it: as its run says, and as the ledger does if that is this run, or none."""
    return abs(facts.now - (facts.quiet_since or entry.at))


def _tag(entry: Entry, facts: DeliveryFacts) -> Step:
    """Put the tag on the commit. A tag that the forge refuses is a warning, and no more."""
    if entry.state == "released" and entry.tag == "created":
        return Done(())
    if facts.tag_refused is not None:
        recorded = (entry.state, entry.tag, entry.tag_says) == ("released", "refused", facts.tag_refused)
        refused = Move("released", tag="refused", tag_says=facts.tag_refused)
        return Done((_refused(entry, facts.tag_refused),)) if recorded else refused
    created = Move("released", tag="created", tag_says="")
    return created if facts.tag == entry.commit else PutTag(created)


def _refused(entry: Entry, words: str) -> str:
    return (
        f"the forge refused the tag {entry.tag_name}: {words}; "
        f"push it yourself: git push origin {entry.commit}:refs/tags/{entry.tag_name}"
    )


def _give_up(entry: Entry, why: str, hint: str = "") -> GiveUp:
    return GiveUp(why, hint, entry.state)


def not_built(entry: Entry) -> Failed:
    """The failure of a claim without distributions."""
    return Failed(
        "no-manifest",
        f"there is no {MANIFEST} of {entry.version}, so there is nothing to deploy",
        hint="run mergeship build first; in a workflow, download its artifact into that folder",
    )


def _giving_up(entry: Entry | None, facts: DeliveryFacts, wanted: GiveUp) -> Step:
    """The failure that says what to do, once the ledger has it."""
    if entry and entry.state == wanted.state:
        return wanted
    if entry and entry.state != "given-up":
        words = f"{wanted.why}; and run {entry.run} goes on with it"
        return Stop(
            Failed(
                "uploading-elsewhere", words, hint=f"follow run {entry.run}: it finishes the version, or gives it up"
            ),
            given_up=True,
        )
    if facts.listing is None:
        return Look()
    following = "" if NEXT_VERSION in wanted.hint else NEXT_VERSION
    rest = yank(entry, facts.listing, facts.page) if entry else ""
    error = Failed(
        "version-given-up",
        f"{entry.version if entry else 'it'} is given up: {wanted.why}",
        hint="; ".join(filter(None, [wanted.hint, following, rest])),
    )
    return Stop(error, given_up=True)


def yank(entry: Entry, listed: Listing, page: str) -> str:
    """What to do about files of a version that was given up; empty if the index shows none of them."""
    stray = [file.name for file in entry.files if listed.presence(file) == "same"]
    if not stray:
        return ""
    return f"yank {entry.version} on {page}, which has {', '.join(stray)} of it and will never have the rest"
