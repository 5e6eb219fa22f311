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

from mergeship.rehearsal.index.catalog import Catalog
from mergeship.rehearsal.index.server import serving

ROOT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).parent / "mergeship"
BARE = (sys.executable, "-I", "-c", "pass")
TOKEN = "pypi-bench"  # noqa: S105 - of an index that lives as long as this process


class Bench:
    """Rows of a table, each measured together with the bare interpreter."""

    def __init__(self) -> None:
        self.table = Table("what", "median s", "min s", "max s", "times a bare interpreter", box=None)

    def row(self, what: str, runs: int, action: Callable[[], object]) -> None:
        action()  # warm
        own, bare = [], []
        for _ in range(runs):
            bare.append(seconds(lambda: run(BARE)))
            own.append(seconds(action))
        median = statistics.median(own)
        ratio = median / statistics.median(bare)
        self.table.add_row(what, f"{median:.3f}", f"{min(own):.3f}", f"{max(own):.3f}", f"{ratio:.1f}")


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def run(command: Sequence[object], **environ: str) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def git(folder: Path, *words: object) -> None:
    run(["git", "-C", folder, "-c", "user.name=b", "-c", "user.email=b@example.org", *words])


def stages(bench: Bench, work: Path) -> None:
    project = work / "obk"
    shutil.copytree(ROOT / "examples" / "obk", project)
    git(work, "init", "--quiet", project)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "feat: begin")
    with serving(Catalog(work / "index", token=TOKEN)) as base:
        environ = {"MERGESHIP_SET": f"index.upload={base}/legacy/", "PYPI_API_TOKEN": TOKEN}
        for verb in ("test", "build", "deploy"):
            # The second deploy sends the same bytes again: PyPI takes them, and so does the index.
            bench.row(f"mergeship {verb}", 5, lambda verb=verb: run([COMMAND, verb, project], **environ))  # type: ignore[misc]


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
