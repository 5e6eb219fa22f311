"""Runs drills, some at a time, and says of each what was seen."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mergeship.adapters.environment import uv
from mergeship.core.progress import DrillEnded, DrillStarted, Reporter
from mergeship.core.result import Drilled, DrillResult, Problem
from mergeship.drills import (
    crashes,
    engine,
    forge,
    forgeries,
    hostile,
    ledgers,
    merges,
    neighbours,
    races,
    uploads,
    version_pull,
)
from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillSession
from mergeship.errors import MergeshipError, Misconfigured

AT_ONCE = 3  # some of them wait
# The long ones first, so that the last one is a short one.
DRILLS: tuple[Drill, ...] = (
    *crashes.DRILLS,
    *races.DRILLS,
    *engine.DRILLS,
    *forge.DRILLS,
    *version_pull.DRILLS,
    *hostile.DRILLS,
    *merges.DRILLS,
    *uploads.DRILLS,
    *ledgers.DRILLS,
    *forgeries.DRILLS,
    *neighbours.DRILLS,
)
ALL = "all"


def chosen(names: Sequence[str]) -> tuple[Drill, ...]:
    """The drills of these names, in their own order. Raises Misconfigured for one that is none."""
    known = {drill.name: drill for drill in DRILLS}
    for name in names:
        if name != ALL and name not in known:
            raise Misconfigured("no-such-drill", f"no drill called {name!r}", hint=f"choose {ALL}, {', '.join(known)}")
    return DRILLS if ALL in names else tuple(drill for drill in DRILLS if drill.name in names)


def drilled(
    project: Path,
    name: str,
    names: Sequence[str],
    environ: Mapping[str, str],
    overrides: Sequence[str],
    report: Reporter,
) -> Drilled:
    """Play the drills of these names on a project, which is not touched."""
    drills = chosen(names)
    began = time.monotonic()
    uv()  # finding it is not safe in two threads at once
    with tempfile.TemporaryDirectory(prefix="mergeship-wheels-") as wheel_cache:
        session = DrillSession(project, name, environ, Path(wheel_cache), overrides)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda drill: _played(drill, session, report), drills))
    failed = [result.name for result in results if not result.passed]
    problem = None
    if failed:
        words = f"{len(failed)} of {len(results)} drills failed: {', '.join(failed)}"
        problem = Problem("drill-failed", words, f"run one by itself: mergeship rehearse --drill {failed[0]}")
    return Drilled(name, tuple(results), round(time.monotonic() - began, 3), problem)


def _played(drill: Drill, session: DrillSession, report: Reporter) -> DrillResult:
    report(DrillStarted(drill.name))
    began = time.monotonic()
    try:
        seen, passed = drill.play(session), True
    except MergeshipError as error:
        seen, passed = error.message, False
    seconds = round(time.monotonic() - began, 3)
    report(DrillEnded(drill.name, passed, seen, seconds))
    return DrillResult(drill.name, passed, drill.injected, drill.expected, seen, seconds)
