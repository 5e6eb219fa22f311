"""Drills of the decision: what was merged, and what was not."""

from typing import Any

from mergeship.drills.drill import Drill
from mergeship.drills.runner import Runner
from mergeship.drills.scene import NO_SHIP, SHIP, UNCLEAR, Theatre, demand
from mergeship.drills.seams import clock

HOUR = 3600


def _unclear(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged(UNCLEAR)
        held = scene.decide()
        demand(held.status == 1 and held.code == "hold", f"decide: {held.message}")
        demand("neither of" in held.message and not scene.ledger.releases, held.message)
        demand("decision=ship" in str(held.document["error"]["hint"]), "the hold names no way out")
        by_hand = scene.decide(event=dispatch("ship", "it was meant"))
        demand(by_hand.document.get("decision") == "ship", by_hand.message)
        return f"{held.message}; by hand: ship {by_hand.document['version']}"


def _direct_push(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.shipped()
        scene.pushed()
        held = scene.decide(settings=["forge.deadline=0.5"])
        demand(held.status == 1 and "pushed directly" in held.message, f"decide: {held.message}")
        scene.merged()
        again = scene.decide(settings=["forge.deadline=0.5"])
        demand(again.status == 1, f"the next merge ships it silently: {again.message}")
        skipped = scene.decide(event=dispatch("skip", "a typo in the README"))
        demand(skipped.document.get("decision") == "skip", skipped.message)
        scene.merged()
        version = scene.claimed()
        return f"{held.message}; after a decision by hand to skip it, {version} is claimed"


def _burst(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.shipped()
        scene.merged(SHIP)  # its run stays pending, and is dropped when the third arrives
        scene.merged(NO_SHIP)
        ran = scene.decide()
        demand(ran.document.get("decision") == "ship", f"the third run: {ran.message}")
        claimed = scene.ledger.releases[-1]
        demand(set(claimed.pull_requests) >= {2, 3}, f"it covers {claimed.pull_requests}")
        return f"the third run ships {claimed.version} with #2 and #3"


def _old_run(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        dropped = scene.merged()
        scene.merged()
        scene.shipped()
        before = scene.ledger
        again = scene.decide(dropped)
        demand(again.status == 0 and again.document.get("decision") == "skip", f"the old run: {again.message}")
        demand(scene.ledger == before, "the old run changed the ledger")
        return f"skip: {again.document['reasons'][0]}"


def _approval(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        first = scene.claimed()
        commit = scene.main
        scene.merged()
        other = Runner(scene.stage, "later")
        second = scene.claimed(other, run="2", prelude=clock(3 * HOUR))
        demand(second != first, f"both claimed {first}")
        demand(scene.entry(first).state == "given-up", f"{first} is {scene.entry(first).state}")
        scene.put_built(first, commit)
        scene.runner.repository.git("checkout", "--quiet", "--detach", commit)
        late = scene.deploy()
        demand(late.status == 0 and late.document.get("superseded") == second, f"the late deploy: {late.message}")
        demand(not scene.uploads, "the late deploy sent something")
        demand(scene.deploy(runner=other, run="2").status == 0, "the later deploy failed")
        scene.complete(second)
        return f"{first} waited 3 h and ended green, superseded by {second}"


def _clocks(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        first = scene.claimed(prelude=clock(30 * HOUR))
        commit = scene.main
        scene.merged()
        other = Runner(scene.stage, "behind")
        second = scene.claimed(other, run="2", prelude=clock(-30 * HOUR))
        demand(second != first, f"both claimed {first}")
        scene.runner.repository.git("checkout", "--quiet", "--force", "--detach", commit)
        ahead, behind = scene.deploy(), scene.deploy(runner=other, run="2", prelude=clock(-30 * HOUR))
        demand(ahead.status == behind.status == 0, f"deploys: {ahead.message}, {behind.message}")
        demand(ahead.document.get("superseded") == second, f"the first deploy: {ahead.message}")
        scene.complete(second)
        return f"clocks 60 h apart: {first} given up unsent, {second} contains it, nothing doubled"


def dispatch(decision: str, reason: str) -> dict[str, Any]:
    """The event of a person's decision."""
    inputs = {"decision": decision, "reason": reason}
    return {"inputs": inputs, "ref": "refs/heads/main", "sender": {"login": "maintainer"}}


DRILLS = (
    Drill("unclear-checklist", "a merged checklist with nothing ticked", "hold, and a way out by hand", _unclear),
    Drill("direct-push", "a commit on main without a pull request", "hold until a person decides", _direct_push),
    Drill("burst", "three merges, the pending run dropped", "the third run ships all of them", _burst),
    Drill("old-run-re-run", "the run of an old commit is run again", "skip: it is part of a release", _old_run),
    Drill(
        "approval-wait", "a deploy waits 3 h for approval", "superseded by the next release, nothing sent", _approval
    ),
    Drill("clock-skew", "two runners with clocks 60 h apart", "one complete release of both, nothing doubled", _clocks),
)
