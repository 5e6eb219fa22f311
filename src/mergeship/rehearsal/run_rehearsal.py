"""One rehearsal from its first merge to its last proof."""

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters.environment import Venv
from mergeship.core import workflow as workflows
from mergeship.core.progress import Note, Reporter
from mergeship.core.result import Job, Problem, Proof, Rehearsed
from mergeship.core.settings import Settings
from mergeship.core.workflow import Workflow
from mergeship.errors import Failed, Misconfigured
from mergeship.process import DISK_FULL, ProcessFailed, is_disk_full, run
from mergeship.rehearsal import beginning, engine
from mergeship.rehearsal.contributing import Contributor
from mergeship.rehearsal.origin import Merge, change
from mergeship.rehearsal.proof import PASSES, Prover
from mergeship.rehearsal.sandbox import Sandbox
from mergeship.rehearsal.stand_ins import STAND_INS, remote
from mergeship.rehearsal.testbed import CHECKLIST, Testbed, give_secrets, set_up
from mergeship.world.index.catalog import Catalog

NOT_REHEARSED = (
    "permissions: the engine ignores `permissions:`, so what GITHUB_TOKEN may do is not shown",
    "concurrency: jobs run one after another, and concurrency groups are ignored",
    "environments: their protection rules, reviewers and secrets are ignored",
    "job timeouts: `timeout-minutes` is ignored",
    "OIDC: every job could ask for an identity here; on GitHub only one with `id-token: write` can",
    "approval: the checks of a pull request that GITHUB_TOKEN opens run here at once; GitHub waits for a person",
    "pinned actions: GitHub refuses those that are not named by their whole commit, as `forge apply` has it",
    "GitHub itself: the embedded forge answers like it, and enforces its own rules, not GitHub's",
)


class RehearsalRequest(msgspec.Struct, frozen=True):
    """What was asked of a rehearsal."""

    project: Path
    name: str
    """The project's normalized name."""
    overrides: tuple[str, ...]
    merges: int
    port: int
    workflow: str
    """The workflow file, relative to the project."""
    settings: Settings = Settings()
    """The project's, as far as its workflow is mergeship's."""
    written: bool = True
    """Whether its version is written into a file."""


def run_rehearsal(request: RehearsalRequest, box: Sandbox, report: Reporter) -> Rehearsed:
    """Merge, run, prove, as often as asked, until the pipeline fails. Raises what stops a rehearsal as such."""
    began = time.monotonic()
    act = engine.find_act(box.env["PATH"])
    with set_up(box, request.project, request.name, request.overrides, report, request.port) as testbed:
        testbed.origin.begin("feature/rehearsal-1")
        workflow = pipeline(request.workflow, box, report)
        prover = Prover(request.name, f"{testbed.index}/simple/", box.work, ours=workflow.ours, report=report)
        way = _Way(testbed, workflow, Contributor(testbed, act, request.settings.intent, prover, report))
        if request.settings.auth == "trusted":
            testbed.trust(request.settings.environment)
        way.set_up()
        begun = workflow.ours and beginning.skip_what_was_before(testbed, workflow)
        jobs: list[Job] = []
        for number in range(1, request.merges + 1):
            merge = way.merged(number)
            if merge is None:
                jobs += way.contributor.failed
                break
            ran = testbed.act(act, workflow, merge, number, report)
            jobs += ran
            environment = Venv(box.root / "tmp" / f"proof-{number}", box.env)
            prover.prove(number, merge.after, ran, box.artifacts / str(number), environment)
            if request.settings.attests and prover.releases and prover.releases[-1].merge == number:
                _attested(prover, testbed.catalog)
            if any(job.status == "failed" for job in ran):
                break
            if number == 1 < request.merges and prover.releases and request.written:
                way.brought_back(number, prover.releases[-1].version)
    return Rehearsed(
        project=request.name,
        workflow=request.workflow,
        releases=tuple(prover.releases),
        jobs=tuple(jobs),
        proofs=tuple(prover.proofs),
        not_rehearsed=(*NOT_REHEARSED, *_left_out(request, box, workflow), *(beginning.LEFT_OUT if begun else ())),
        seconds=round(time.monotonic() - began, 3),
        error=_problem(prover.proofs, jobs, request),
    )


def _attested(prover: Prover, catalog: Catalog) -> None:
    """Prove that the index has taken attestations of every file of the last release."""
    release = prover.releases[-1]
    attested = [file.name for file in release.files if (stored := catalog.file(file.name)) and stored.provenance]
    bare = [file.name for file in release.files if file.name not in attested]
    words = f"without: {', '.join(bare)}" if bare else f"{len(attested)} files, signed by this workflow's identity"
    prover.note(release.merge, "the index holds attestations", not bare, words)


class _Way:
    """How a change reaches main: through the forge, or past it if the workflow is not mergeship's."""

    def __init__(self, testbed: Testbed, workflow: Workflow, contributor: Contributor) -> None:
        self.testbed = testbed
        self.workflow = workflow
        self.contributor = contributor
        path = testbed.box.work / workflows.CHECKS
        has_checks = workflow.ours and path.is_file()
        self.checks = workflows.read(path.read_text(encoding="utf-8"), workflows.CHECKS) if has_checks else None

    def set_up(self) -> None:
        """The forge's settings, and the secrets."""
        if self.workflow.ours:
            self.contributor.set_up()
        else:
            self.testbed.repo.protect()
        give_secrets(self.testbed, self.workflow, made_up=not self.workflow.ours)

    def merged(self, number: int) -> Merge | None:
        """A small change, merged into main by a pull request; None if its checks fail."""
        if self.workflow.ours:
            return self.contributor.merged(number, self.checks)
        testbed, branch, title = self.testbed, f"feature/rehearsal-{number}", f"feat: rehearse merge {number}"
        if number > 1:
            testbed.origin.begin(branch)
        change(testbed.box.work, testbed.project, number)
        testbed.origin.submit(branch, title)
        before = testbed.origin.main()
        after = testbed.repo.merge(testbed.repo.propose(branch, title, CHECKLIST).number)
        return testbed.origin.pulled(before, after, title)

    def brought_back(self, number: int, version: str) -> None:
        """The version pull request of a release, merged too."""
        if "sync" in self.workflow.jobs:
            self.contributor.brought_back(number, self.workflow, self.checks, version)


def pipeline(name: str, box: Sandbox, report: Reporter) -> Workflow:
    """The workflow that is rehearsed; `mergeship init` writes it if the project has none."""
    path = box.work / name
    if not path.is_file():
        if name != workflows.PATH:
            raise Misconfigured(
                "no-workflow",
                f"the project has no {name}",
                hint="--workflow names a file of the project",
            )
        report(Note(f"no {name} yet: mergeship init writes it"))
        try:
            run([str(box.command), "init"], cwd=box.work, env=box.env)
        except ProcessFailed as error:
            raise Failed("init-failed", "mergeship init failed in the rehearsal", detail=error.detail) from error
    return workflows.read(path.read_text(encoding="utf-8"), name)


def _left_out(request: RehearsalRequest, box: Sandbox, workflow: Workflow) -> list[str]:
    """What this project's own files bring along that was not rehearsed."""
    left = [f"{use}: stood in for" for use in dict.fromkeys(u.action for u in workflow.uses) if use in STAND_INS]
    left += box.stood_in
    if request.settings.attests:
        left.append("Sigstore: an embedded one attests; the public one, and the way to it, are not asked")
    left += [f"{action}: fetched and run as it is" for action in remote(workflow.uses)]
    folder = box.work / Path(workflows.PATH).parent
    workflow_files = folder.iterdir() if folder.is_dir() else ()
    rehearsed = {box.work / request.workflow} | ({box.work / workflows.CHECKS} if workflow.ours else set())
    others = sorted(p.name for p in workflow_files if p.name.endswith(workflows.SUFFIXES) and p not in rehearsed)
    if others:
        left.append(f"other workflows: {', '.join(others)} (name one with --workflow)")
    return left


def _problem(proofs: Sequence[Proof], jobs: Sequence[Job], request: RehearsalRequest) -> Problem | None:
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
        f"merge {wrong.merge} of {request.merges}: not proven: {wrong.name}: {wrong.detail}",
        hint="the failing step's last lines are above; --keep DIR keeps the sandbox for inspection",
    )
