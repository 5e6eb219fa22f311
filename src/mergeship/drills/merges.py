"""Drills of the decision: what was merged, and what was not."""

from typing import Any

from mergeship.core.workflow import PATH
from mergeship.drills.drill import Drill
from mergeship.drills.env import NO_SHIP, SHIP, UNCLEAR, DrillSession, demand, pipeline
from mergeship.drills.fault_hooks import clock
from mergeship.drills.runner import Runner

HOUR = 3600


def _unclear(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged(UNCLEAR)
        held = drill.decide()
        demand(held.status == 1 and held.code == "hold", f"decide: {held.message}")
        demand("neither of" in held.message and not drill.ledger.releases, held.message)
        demand("decision=ship" in str(held.document["error"]["hint"]), "the hold names no way out")
        by_hand = drill.decide(event=dispatch("ship", "it was meant"))
        demand(by_hand.document.get("decision") == "ship", by_hand.message)
        return f"{held.message}; by hand: ship {by_hand.document['version']}"


def _direct_push(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        drill.pushed()
        held = drill.decide(settings=["forge.deadline=0.5"])
        demand(held.status == 1 and "pushed directly" in held.message, f"decide: {held.message}")
        drill.merged()
        again = drill.decide(settings=["forge.deadline=0.5"])
        demand(again.status == 1, f"the next merge ships it silently: {again.message}")
        skipped = drill.decide(event=dispatch("skip", "a typo in the README"))
        demand(skipped.document.get("decision") == "skip", skipped.message)
        drill.merged()
        version = drill.claimed()
        return f"{held.message}; after a decision by hand to skip it, {version} is claimed"


def _first_run_dropped(session: DrillSession) -> str:
    """No run, no ledger and no tag says that the merge before this one asked to ship."""
    with session.env() as drill:
        drill.merged(NO_SHIP, changes={PATH: pipeline()})
        drill.merged(SHIP)  # its run failed at the tests, or was dropped
        drill.merged(NO_SHIP)
        version = drill.claimed()
        demand(drill.deploy().status == 0, "deploy failed")
        drill.complete(version)
        return f"{version} ships all three"


def _first_merge_unclear(session: DrillSession) -> str:
    """A hold lasts until it is resolved, also before there is anything in the ledger."""
    with session.env() as drill:
        drill.merged(NO_SHIP, changes={PATH: pipeline()})
        drill.merged(UNCLEAR)
        held = drill.decide()
        demand(held.status == 1 and "neither of" in held.message, f"decide: {held.message}")
        drill.merged(SHIP)
        again = drill.decide()
        demand(again.status == 1 and "#2: " in again.message, f"the next merge ships it silently: {again.message}")
        return f"held twice: {again.message}"


def _burst(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        drill.merged(SHIP)  # its run stays pending, and is dropped when the third arrives
        drill.merged(NO_SHIP)
        ran = drill.decide()
        demand(ran.document.get("decision") == "ship", f"the third run: {ran.message}")
        claimed = drill.ledger.releases[-1]
        demand(set(claimed.pull_requests) >= {2, 3}, f"it covers {claimed.pull_requests}")
        return f"the third run ships {claimed.version} with #2 and #3"


def _old_run(session: DrillSession) -> str:
    with session.env() as drill:
        dropped = drill.merged()
        drill.merged()
        drill.shipped()
        before = drill.ledger
        again = drill.decide(dropped)
        demand(again.status == 0 and again.document.get("decision") == "skip", f"the old run: {again.message}")
        demand(drill.ledger == before, "the old run changed the ledger")
        return f"skip: {again.document['reasons'][0]}"


def _approval(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        first = drill.claimed()
        commit = drill.main
        drill.merged()
        other = Runner(drill.testbed, "later")
        second = drill.claimed(other, run="2", preload=clock(3 * HOUR))
        demand(second != first, f"both claimed {first}")
        demand(drill.entry(first).state == "given-up", f"{first} is {drill.entry(first).state}")
        drill.put_built(first, commit)
        drill.runner.repository.git("checkout", "--quiet", "--detach", commit)
        late = drill.deploy()
        demand(late.status == 0 and late.document.get("superseded") == second, f"the late deploy: {late.message}")
        demand(not drill.uploads, "the late deploy sent something")
        demand(drill.deploy(runner=other, run="2").status == 0, "the later deploy failed")
        drill.complete(second)
        return f"{first} waited 3 h and ended green, superseded by {second}"


def _clocks(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        first = drill.claimed(preload=clock(30 * HOUR))
        commit = drill.main
        drill.merged()
        other = Runner(drill.testbed, "behind")
        second = drill.claimed(other, run="2", preload=clock(-30 * HOUR))
        demand(second != first, f"both claimed {first}")
        drill.runner.repository.git("checkout", "--quiet", "--force", "--detach", commit)
        ahead, behind = drill.deploy(), drill.deploy(runner=other, run="2", preload=clock(-30 * HOUR))
        demand(ahead.status == behind.status == 0, f"deploys: {ahead.message}, {behind.message}")
        demand(ahead.document.get("superseded") == second, f"the first deploy: {ahead.message}")
        drill.complete(second)
        return f"clocks 60 h apart: {first} given up unsent, {second} contains it, nothing doubled"


def dispatch(decision: str, reason: str, commit: str = "", by: str = "maintainer") -> dict[str, Any]:
    """The event of a person's decision, and of what it confirms."""
    inputs = {"decision": decision, "reason": reason, "commit": commit}
    return {"inputs": inputs, "ref": "refs/heads/main", "sender": {"login": by}}


DRILLS = (
    Drill("unclear-checklist", "a merged checklist with nothing ticked", "hold, and a way out by hand", _unclear),
    Drill("direct-push", "a commit on main without a pull request", "hold until a person decides", _direct_push),
    Drill("first-run-dropped", "before any release, a run is dropped", "the next run ships it too", _first_run_dropped),
    Drill("first-merge-unclear", "before any release, a merge is unclear", "hold until resolved", _first_merge_unclear),
    Drill("burst", "three merges, the pending run dropped", "the third run ships all of them", _burst),
    Drill("old-run-re-run", "the run of an old commit is run again", "skip: it is part of a release", _old_run),
    Drill(
        "approval-wait", "a deploy waits 3 h for approval", "superseded by the next release, nothing sent", _approval
    ),
    Drill("clock-skew", "two runners with clocks 60 h apart", "one complete release of both, nothing doubled", _clocks),
)
