"""Drills of two runners at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillEnv, DrillSession, demand
from mergeship.drills.fork_server import fork_server
from mergeship.drills.runner import Ran, Runner

ROUNDS = 50
EVERY = 10  # rounds after which both runners deploy at once, too


def race(session: DrillSession, rounds: int = ROUNDS, every: int = EVERY) -> str:
    """So many rounds: now both on one commit, now on two."""
    with session.env() as drill, _two(drill) as both, ThreadPoolExecutor(2) as pool:
        apart = deployed = 0
        for number in range(1, rounds + 1):
            drill.merged()
            commits = [drill.main] * 2
            if number % 2 == 0:
                drill.merged()
                commits[1] = drill.main
                apart += 1
            for runner, commit in zip(both, commits, strict=True):
                runner.at(commit)
            ran = list(pool.map(lambda runner: drill.call("decide", runner=runner), both))
            _judge(drill, commits, ran)
            if number % every == 0:
                _deploy(drill, both, pool, differ=number % (2 * every) != 0)
                deployed += 1
        versions = [entry.version for entry in drill.ledger.releases]
        demand(len(versions) == len(set(versions)), "a version was claimed twice")
        return f"{rounds} rounds, {apart} of them on two commits: {len(versions)} versions; {deployed} deployed at once"


@contextmanager
def _two(drill: DrillEnv) -> Iterator[tuple[Runner, Runner]]:
    """Two runners that need no new process for each call."""
    root, env = drill.testbed.box.root, drill.testbed.box.env
    with fork_server(root, env) as first, fork_server(root, env) as other:
        yield Runner(drill.testbed, "first", server=first), Runner(drill.testbed, "second", server=other)


def _judge(drill: DrillEnv, commits: list[str], ran: list[Ran]) -> None:
    """One commit has one version; two commits have two, unless the later one has taken the earlier one along."""
    demand(all(run.status == 0 for run in ran), "; ".join(run.message for run in ran))
    versions = [str(run.document["version"]) for run in ran]
    if commits[0] == commits[1]:
        demand(versions[0] == versions[1] != "", f"one commit got {' and '.join(versions)}")
    else:
        demand(versions[1] not in {"", versions[0]}, f"two commits got {' and '.join(versions)}")
    for commit in set(commits):
        held = [entry.version for entry in drill.ledger.releases if entry.commit == commit]
        demand(len(held) <= 1, f"{commit[:12]} has {', '.join(held)}")


def _deploy(drill: DrillEnv, both: tuple[Runner, Runner], pool: ThreadPoolExecutor, *, differ: bool) -> None:
    """Both runners deploy the last claim at once: with the same bytes, or each with its own, of which one set wins."""
    entry = drill.ledger.releases[-1]
    for number, runner in enumerate(both):
        runner.at(entry.commit)
        drill.put_built(entry.version, entry.commit, runner, comment=b"built again" if differ and number else b"")
        runner.repository.git("checkout", "--quiet", "--force", "--detach", entry.commit)
    ran = list(pool.map(lambda runner: drill.call("deploy", runner=runner), both))
    stopped = [run for run in ran if run.status]
    allowed = 1 if differ else 0
    demand(len(stopped) <= allowed, "; ".join(run.message for run in ran))
    demand(all(run.code == "uploading-elsewhere" for run in stopped), "; ".join(run.message for run in stopped))
    now = drill.entry(entry.version)
    demand(now.state == "released", f"{now.version} is {now.state}")
    sent = {file.name: file.sha256 for file in now.files}
    demand(sent.items() <= drill.published.items(), f"the index has {drill.published}")


DRILLS = (Drill("race", f"two runners at once, {ROUNDS} rounds", "no version and no commit twice", race),)
