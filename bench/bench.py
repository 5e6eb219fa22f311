"""How long things take, each as a ratio to a bare interpreter measured beside it in the same run.

Machines differ and drift: read the ratios. Nothing here passes or fails.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mergeship.drills.env import DrillSession
from mergeship.drills.runner import Ran

ROOT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).parent / "mergeship"
BARE = (sys.executable, "-I", "-c", "pass")


class Bench:
    """Rows of a table, each measured together with the bare interpreter."""

    def __init__(self) -> None:
        self.table = Table("what", "median s", "min s", "max s", "times a bare interpreter", box=None)

    def row(
        self, what: str, runs: int, action: Callable[[], object], before: Callable[[], object] = lambda: None
    ) -> None:
        """Measure `action`; `before` is run before each, and is not measured."""
        before()
        action()  # warm
        own, bare = [], []
        for _ in range(runs):
            bare.append(seconds(lambda: run(BARE)))
            before()
            own.append(seconds(action))
        median = statistics.median(own)
        ratio = median / statistics.median(bare)
        self.table.add_row(what, f"{median:.3f}", f"{min(own):.3f}", f"{max(own):.3f}", f"{ratio:.1f}")


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def run(command: Sequence[object], cwd: Path | None = None, **environ: str) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def git(folder: Path, *words: object) -> None:
    run(["git", "-C", folder, "-c", "user.name=b", "-c", "user.email=b@example.org", *words])


def stages(bench: Bench, work: Path) -> None:
    """The jobs of a run, against the embedded forge and index."""
    session = DrillSession(ROOT / "examples" / "obk", "obk", os.environ, work / "wheels")
    with session.env() as drill:

        def merged() -> None:
            drill.merged()
            drill.runner.at(drill.main)

        def claimed() -> None:
            merged()
            drill.claimed()

        bench.row("mergeship test", 5, lambda: ran(drill.runner.call("test")), merged)
        bench.row("mergeship gate", 5, lambda: ran(drill.runner.call("gate")), merged)
        bench.row("mergeship decide", 5, lambda: ran(drill.runner.call("decide")), merged)
        bench.row("mergeship build", 5, lambda: ran(drill.runner.call("build")), merged)
        bench.row("mergeship deploy", 5, lambda: ran(drill.deploy()), claimed)
        bench.row("mergeship deploy, nothing left to do", 5, lambda: ran(drill.deploy()))


def ran(done: Ran) -> None:
    if done.status:
        sys.exit(done.output)


BUMPED = """
[tool.bumpversion]
current_version = "0.1.0"
[[tool.bumpversion.files]]
filename = "pyproject.toml"
search = 'version = "{current_version}"'
replace = 'version = "{new_version}"'

[tool.commitizen]
version_provider = "pep621"

[tool.semantic_release]
version_toml = ["pyproject.toml:project.version"]
allow_zero_version = true

[tool.tbump.version]
current = "0.1.0"
regex = '(\\d+)\\.(\\d+)\\.(\\d+)'
[tool.tbump.git]
message_template = "Bump to {new_version}"
tag_template = "v{new_version}"
[[tool.tbump.file]]
src = "pyproject.toml"
search = 'version = "{current_version}"'
"""
OTHERS = {
    "bump-my-version": "bump-my-version bump patch --no-commit --no-tag",
    "commitizen": "cz bump --increment PATCH --files-only --yes",
    "hatch": "hatch version patch",
    "python-semantic-release": "semantic-release version --patch --no-commit --no-tag --no-push --no-changelog "
    "--no-vcs-release --skip-build",
    "tbump": "tbump 0.1.1 --non-interactive --only-patch",
    "uv": "uv version --bump patch --frozen",
}


def bumps(bench: Bench, work: Path) -> None:
    """A patch bump of the same project, by mergeship and by the tools of the field."""
    project, env = work / "bumped", work / "env"
    shutil.copytree(ROOT / "examples" / "obk", project)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(BUMPED)
    git(work, "init", "--quiet", project)
    git(project, "remote", "add", "origin", "https://example.org/o/obk.git")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "feat: begin")
    git(project, "tag", "v0.1.0")
    uv = COMMAND.parent / "uv"
    run([uv, "venv", "--quiet", env])
    run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", env / "bin" / "python", *OTHERS])

    def reset() -> None:
        git(project, "reset", "--quiet", "--hard", "v0.1.0")

    def bumped(command: Sequence[object]) -> Callable[[], object]:
        def action() -> None:
            run(command, cwd=project, PYTHONDONTWRITEBYTECODE="")

        return action

    for what, words in {"": "", **OTHERS}.items():
        command = [env / "bin" / words.split()[0], *words.split()[1:]] if what else [COMMAND, "bump", "--offline"]
        bench.row(f"{what or 'mergeship'}: a patch bump", 40 if not what else 5, bumped(command), reset)
        if 'version = "0.1.1"' not in (project / "pyproject.toml").read_text(encoding="utf-8"):
            sys.exit(f"{what} did not bump")


def rehearsal(bench: Bench) -> list[dict[str, float]]:
    seen: list[dict[str, float]] = []

    def once() -> None:
        document = json.loads(run([COMMAND, "rehearse", ROOT / "examples" / "obk", "--json"]))
        jobs = {f"{job['merge']} {job['name']}": job["seconds"] for job in document["jobs"]}
        seen.append({"whole": document["seconds"], **jobs})

    bench.row("mergeship rehearse, two merges", 3, once)
    return seen


def main() -> None:
    console = Console(width=120)
    bench = Bench()
    bench.row("mergeship --version", 30, lambda: run([COMMAND, "--version"]))
    bench.row("mergeship --help", 30, lambda: run([COMMAND, "--help"]))
    with tempfile.TemporaryDirectory() as folder:
        bumps(bench, Path(folder))
        stages(bench, Path(folder))
    seen = rehearsal(bench)
    console.print(bench.table)
    jobs = Table("job of a rehearsal", "median s", box=None)
    for name in seen[0]:
        jobs.add_row(name, f"{statistics.median(once[name] for once in seen):.2f}")
    console.print()
    console.print(jobs)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    console.print(f"\npeak memory of the largest process: {peak:.0f} MiB")


main()
