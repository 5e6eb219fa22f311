"""One rehearsal from its first merge to its last proof."""

import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters.environment import Environment
from mergeship.core import workflow as workflows
from mergeship.core.event import MergeStarted, Note, Tell
from mergeship.core.result import Job, Problem, Proof, Rehearsed
from mergeship.core.workflow import Workflow
from mergeship.errors import Failed, Misconfigured
from mergeship.process import DISK_FULL, ProcessFailed, is_disk_full, run
from mergeship.rehearsal import engine
from mergeship.rehearsal.index.catalog import Catalog
from mergeship.rehearsal.index.server import serving
from mergeship.rehearsal.origin import Origin, change
from mergeship.rehearsal.proof import PASSES, Prover
from mergeship.rehearsal.push_event import OWNER, push_event
from mergeship.rehearsal.sandbox import Sandbox
from mergeship.rehearsal.stand_ins import STAND_INS, remote

NOT_REHEARSED = (
    "permissions: the engine ignores `permissions:`, so what GITHUB_TOKEN may do is not shown",
    "concurrency: jobs run one after another, and concurrency groups are ignored",
    "environments: their protection rules, reviewers and secrets are ignored",
    "job timeouts: `timeout-minutes` is ignored",
    "OIDC: no identity token is handed out, so trusted publishing is not shown",
    "GitHub's own settings: branch protection is imitated by a git hook, the forge is not there",
)
PUBLISHERS = (
    "TWINE_REPOSITORY_URL",
    "UV_PUBLISH_URL",
    "FLIT_INDEX_URL",
    "HATCH_INDEX_REPO",
    "PDM_PUBLISH_REPO",
)
"""Variables by which publishing tools take the address of an upload API."""


class Asked(msgspec.Struct, frozen=True):
    """What was asked of a rehearsal."""

    project: Path
    name: str
    """The project's normalized name."""
    overrides: tuple[str, ...]
    merges: int
    port: int
    workflow: str
    """The workflow file, relative to the project."""


def perform(asked: Asked, box: Sandbox, tell: Tell) -> Rehearsed:
    """Merge, run, prove, as often as asked, until the pipeline fails. Raises what stops a rehearsal as such."""
    began = time.monotonic()
    act = engine.find_act(box.env["PATH"])
    catalog = Catalog(box.index, token=f"pypi-{secrets.token_urlsafe(32)}")
    with serving(catalog, asked.port) as base:
        tell(Note(f"embedded index at {base}/simple/"))
        _point_at(box, base, asked.overrides)
        origin = Origin(box, asked.project)
        origin.begin(_branch(1))
        workflow = _pipeline(asked, box, tell)
        box.write_secrets(workflow.secrets, catalog.token)
        performance = _Performance(asked, box, origin, workflow, act, tell)
        prover = Prover(asked.name, f"{base}/simple/", box.work, ours=workflow.ours, tell=tell)
        jobs: list[Job] = []
        for number in range(1, asked.merges + 1):
            ran = performance.merge(number)
            jobs += ran
            environment = Environment(box.root / "tmp" / f"proof-{number}", box.env)
            prover.prove(number, origin.work.head(), ran, box.artifacts / str(number), environment)
            if any(job.status == "failed" for job in ran):
                break
        return Rehearsed(
            project=asked.name,
            workflow=asked.workflow,
            releases=tuple(prover.releases),
            jobs=tuple(jobs),
            proofs=tuple(prover.proofs),
            not_rehearsed=(*NOT_REHEARSED, *_left_out(asked, box, workflow)),
            seconds=round(time.monotonic() - began, 3),
            error=_problem(prover.proofs, jobs, asked),
        )


class _Performance(msgspec.Struct, frozen=True):
    """What stays the same from merge to merge."""

    asked: Asked
    box: Sandbox
    origin: Origin
    workflow: Workflow
    act: str
    tell: Tell

    def merge(self, number: int) -> list[Job]:
        """Merge a small change into main, and run the workflow on the push that this is."""
        if number > 1:
            self.origin.begin(_branch(number))
        change(self.box.work, self.asked.name, number)
        merge = self.origin.merge(number, _branch(number), f"feat: rehearse merge {number}")
        artifacts = self.box.artifacts / str(number)
        artifacts.mkdir()
        self.box.event.write_bytes(msgspec.json.encode(push_event(self.asked.name, merge)))
        self.tell(MergeStarted(number, merge.after, merge.title, self.workflow.jobs))
        env = self.box.env | {"MERGESHIP_ARTIFACTS": str(artifacts)}
        given = {"GITHUB_REPOSITORY": f"{OWNER}/{self.asked.name}"}
        arguments = engine.command(self.act, self.workflow, self.box, given)
        return engine.perform(arguments, self.box.root, env, self.workflow, number, self.tell)


def _branch(number: int) -> str:
    return f"feature/rehearsal-{number}"


def _point_at(box: Sandbox, base: str, overrides: Sequence[str]) -> None:
    upload = f"{base}/legacy/"
    lines = (" ".join(override.splitlines()) for override in overrides)
    settings = [*lines, f"index.upload={upload}", f"index.simple={base}/simple/"]
    box.env["MERGESHIP_SET"] = "\n".join(settings)
    box.env["MERGESHIP_PYTHON"] = sys.executable
    box.env["TWINE_NON_INTERACTIVE"] = "1"
    box.env.update(dict.fromkeys(PUBLISHERS, upload))


def _pipeline(asked: Asked, box: Sandbox, tell: Tell) -> Workflow:
    """The workflow that is rehearsed; `mergeship init` writes it where the project has none."""
    path = box.work / asked.workflow
    if not path.is_file():
        if asked.workflow != workflows.PATH:
            raise Misconfigured(
                "no-workflow",
                f"the project has no {asked.workflow}",
                hint="--workflow names a file of the project",
            )
        tell(Note(f"no {asked.workflow} yet: mergeship init writes it"))
        try:
            run([str(box.command), "init"], cwd=box.work, env=box.env)
        except ProcessFailed as error:
            raise Failed("init-failed", "mergeship init failed in the rehearsal", detail=error.detail) from error
    return workflows.read(path.read_text(encoding="utf-8"), asked.workflow)


def _left_out(asked: Asked, box: Sandbox, workflow: Workflow) -> list[str]:
    """What this project's own files bring along that was not rehearsed."""
    left = [f"{use}: stood in for" for use in dict.fromkeys(u.action for u in workflow.uses) if use in STAND_INS]
    left += box.stood_in
    left += [f"{action}: fetched and run as it is" for action in remote(workflow.uses)]
    folder = box.work / Path(workflows.PATH).parent
    workflow_files = folder.iterdir() if folder.is_dir() else ()
    others = sorted(p.name for p in workflow_files if p.suffix in {".yml", ".yaml"} and p != box.work / asked.workflow)
    if others:
        left.append(f"other workflows: {', '.join(others)} (name one with --workflow)")
    return left


def _problem(proofs: Sequence[Proof], jobs: Sequence[Job], asked: Asked) -> Problem | None:
    unproven = [proof for proof in proofs if not proof.held]
    if not unproven:
        return None
    # A pipeline that fails says more than a proof that is missing.
    wrong = next((proof for proof in unproven if proof.name == PASSES), unproven[0])
    if any(is_disk_full(line) for job in jobs for line in job.tail):
        hint = "free some space, or name a folder with more in TMPDIR or --keep"
        return Problem("disk-full", f"{DISK_FULL} in the sandbox: {wrong.detail}", hint)
    return Problem(
        "rehearsal-failed",
        f"merge {wrong.merge} of {asked.merges}: not proven: {wrong.name}: {wrong.detail}",
        hint="the failing step's last lines are above; --keep DIR keeps the sandbox for a look",
    )
