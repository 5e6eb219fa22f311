"""Drills of two runners at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from mergeship.drills.drill import Drill
from mergeship.drills.runner import Ran, Runner
from mergeship.drills.scene import Scene, Theatre, demand
from mergeship.drills.warm import warm

ROUNDS = 50
EVERY = 10  # rounds after which both runners deploy at once, too


def race(theatre: Theatre, rounds: int = ROUNDS) -> str:
    """So many rounds: now both on one commit, now on two."""
    with theatre.scene() as scene, _two(scene) as both, ThreadPoolExecutor(2) as pool:
        apart = deployed = 0
        for number in range(1, rounds + 1):
            scene.merged()
            commits = [scene.main] * 2
            if number % 2 == 0:
                scene.merged()
                commits[1] = scene.main
                apart += 1
            for runner, commit in zip(both, commits, strict=True):
                runner.at(commit)
            ran = list(pool.map(lambda runner: scene.call("decide", runner=runner), both))
            _judge(scene, commits, ran)
            if number % EVERY == 0:
                _deploy(scene, both, pool)
                deployed += 1
        versions = [entry.version for entry in scene.ledger.releases]
        demand(len(versions) == len(set(versions)), "a version was claimed twice")
        return f"{rounds} rounds, {apart} of them on two commits: {len(versions)} versions; {deployed} deployed at once"


@contextmanager
def _two(scene: Scene) -> Iterator[tuple[Runner, Runner]]:
    """Two runners that need not start anew for each call."""
    root, env = scene.stage.box.root, scene.stage.box.env
    with warm(root, env) as one, warm(root, env) as other:
        yield Runner(scene.stage, "first", warm=one), Runner(scene.stage, "second", warm=other)


def _judge(scene: Scene, commits: list[str], ran: list[Ran]) -> None:
    """One commit has one version; two commits have two, unless the later one has taken the earlier one along."""
    demand(all(one.status == 0 for one in ran), "; ".join(one.message for one in ran))
    versions = [str(one.document["version"]) for one in ran]
    if commits[0] == commits[1]:
        demand(versions[0] == versions[1] != "", f"one commit got {' and '.join(versions)}")
    else:
        demand(versions[1] not in {"", versions[0]}, f"two commits got {' and '.join(versions)}")
    for commit in set(commits):
        held = [entry.version for entry in scene.ledger.releases if entry.commit == commit]
        demand(len(held) <= 1, f"{commit[:12]} has {', '.join(held)}")


def _deploy(scene: Scene, both: tuple[Runner, Runner], pool: ThreadPoolExecutor) -> None:
    """Both runners deploy the last claim at once, with the same bytes."""
    entry = scene.ledger.releases[-1]
    for runner in both:
        runner.at(entry.commit)
        scene.put_built(entry.version, entry.commit, runner)
        runner.repository.git("checkout", "--quiet", "--force", "--detach", entry.commit)
    ran = list(pool.map(lambda runner: scene.call("deploy", runner=runner), both))
    demand(all(one.status == 0 for one in ran), "; ".join(one.message for one in ran))
    now = scene.entry(entry.version)
    demand(now.state == "released", f"{now.version} is {now.state}")
    sent = {file.name: file.sha256 for file in now.files}
    demand(sent.items() <= scene.published.items(), f"the index has {scene.published}")


DRILLS = (Drill("race", f"two runners at once, {ROUNDS} rounds", "no version and no commit twice", race),)
