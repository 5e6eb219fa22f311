"""Drills of the process: it is killed, cancelled, or has no room on the disk."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillEnv, DrillSession, demand
from mergeship.drills.fault_hooks import counted, disk_full
from mergeship.drills.fork_server import fork_server
from mergeship.drills.runner import Ran
from mergeship.process import started
from mergeship.world.fault import Fault

KILLED = -signal.SIGKILL
# What a runner does with a job that is cancelled: https://docs.github.com/actions/reference/workflow-cancellation-reference
CANCEL = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 5.0))
# As a runner starts it; in the background of a shell, Ctrl-C is ignored.
HEARD = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
PROMISED = 7.0  # seconds in which a state is left that can be resumed


def _killed(session: DrillSession) -> str:
    """Every effect of `decide` and of `deploy`, halves of them on two testbeds at once."""
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda half: _half_killed(session, half), (0, 1)))
    decides, deploys = (sum(numbers) for numbers in zip(*counts, strict=True))
    return f"killed at {decides} points of decide and {deploys} of deploy: one version, one set of bytes, each time"


def _half_killed(session: DrillSession, half: int) -> tuple[int, int]:
    with session.env() as drill, fork_server(drill.testbed.box.root, drill.testbed.box.env) as ready:
        drill.runner.server = ready
        drill.merged()
        log = drill.testbed.box.root / "effects"
        decides = _at_every_effect(drill, log, half, drill.decide, _decided)
        version = drill.claimed()
        deploys = _at_every_effect(drill, log, half, drill.deploy, lambda again: _deployed(again, version))
        return decides, deploys


def _at_every_effect(
    drill: DrillEnv, log: Path, half: int, command: Callable[..., Ran], check: Callable[[DrillEnv], None]
) -> int:
    """Kill the command before its first effect, its second one, and so on, each time from the same beginning."""
    back = drill.keep()
    log.unlink(missing_ok=True)
    clean = command(preload=counted(log))
    demand(clean.status == 0, f"undisturbed: {clean.message}")
    points = log.read_text(encoding="utf-8").splitlines()
    demand(len(points) > 1, "no effect was counted")
    killed = 0
    for number, effect in enumerate(points):
        if number % 2 != half:
            continue
        back()
        died = command(preload=counted(log, number))
        demand(died.status == KILLED, f"before {effect!r}: {died.message}")
        again = command()
        demand(again.status == 0, f"after a kill before {effect!r}: {again.message}")
        check(drill)
        killed += 1
    back()
    return killed


def _decided(drill: DrillEnv) -> None:
    claims = [entry.version for entry in drill.ledger.releases]
    demand(len(claims) == 1, f"claimed: {claims}")


def _deployed(drill: DrillEnv, version: str) -> None:
    drill.complete(version)
    demand(len(drill.ledger.releases) == 1, "another version was claimed")


def _cancelled(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        version = drill.claimed()
        drill.testbed.catalog.faults.append(Fault(503, delay=60.0, file=".tar.gz"))
        command = [*drill.runner.command(f"{drill.session.preload}\n{HEARD}"), "deploy", ".", "--json"]
        with started(command, cwd=drill.runner.folder, env=drill.runner.env()) as process:
            _wait_for(lambda: len(drill.published) == 1)
            time.sleep(0.3)
            began = time.monotonic()
            for number, grace in CANCEL:
                process.send_signal(number)
                if _ended(process.pid, grace):
                    break
            seconds = time.monotonic() - began
            process.communicate()
        demand(seconds < PROMISED, f"it took {seconds:.1f} s to end")
        bound = drill.entry(version)
        demand(bound.state == "uploading", f"{version} is {bound.state}")
        drill.testbed.catalog.faults.clear()
        again = drill.deploy()
        demand(again.status == 0, f"again: {again.message}")
        drill.complete(version)
        return f"ended in {seconds:.1f} s in the middle of an upload; the same command finished {version}"


def _wait_for(met: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not met():
        demand(time.monotonic() < until, "the upload never began")
        time.sleep(0.02)


def _ended(pid: int, grace: float) -> bool:
    """Whether a process ends in so many seconds; one that nobody has waited for yet has ended too."""
    until = time.monotonic() + grace
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def _full(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        version = drill.claimed()
        met = 0
        while True:
            ran = drill.deploy(preload=disk_full(met + 1))
            if ran.status == 0:
                break
            demand(ran.code == "disk-full", f"at write {met + 1}: {ran.message}")
            met += 1
            demand(met < 100, "it never ends")  # noqa: PLR2004
        demand(met > 0, "the fault was not met")
        drill.complete(version)
        return f"no room at {met} writes, reported each time; {version} complete in the end"


DRILLS = (
    Drill("kill-at-every-step", "SIGKILL before and after every effect", "the same command goes on", _killed),
    Drill("cancel", "SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL", "ends within 7 s, goes on later", _cancelled),
    Drill("disk-full", "no room, one write after another", "reported each time, and resumed", _full),
)
