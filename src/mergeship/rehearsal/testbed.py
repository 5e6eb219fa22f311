"""Where a rehearsal plays: the sandbox, the origin, the embedded index and the embedded forge."""

import base64
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from mergeship.adapters.index.attesting import TRUST
from mergeship.core import progress
from mergeship.core.progress import JobStarted, MergeStarted, Note, Reporter
from mergeship.core.result import Job
from mergeship.core.workflow import PATH, Workflow
from mergeship.rehearsal import engine, events
from mergeship.rehearsal.events import Event
from mergeship.rehearsal.origin import Merge, RehearsalOrigin
from mergeship.rehearsal.sandbox import Sandbox
from mergeship.world.forge import app as forge_app
from mergeship.world.forge.accounts import ACTIONS, EVERYTHING, MAINTAINER, OWNER, Grant, Permissions
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import Run
from mergeship.world.forge.views.identity import ADDRESS
from mergeship.world.identity import Publisher
from mergeship.world.index import app as index_app
from mergeship.world.index.catalog import Catalog
from mergeship.world.serving import serving
from mergeship.world.sigstore import app as sigstore_app
from mergeship.world.sigstore.instance import Sigstore

CHECKLIST = """\
### PR Deployment Checklist

- [x] Deployment PR (will trigger PyPI release)
- [ ] Non-deployment PR (documentation, chores, automation)
- [ ] Changelog updated (Codex automation task run after GitHub Release)
"""
PUBLISHERS = (
    "TWINE_REPOSITORY_URL",
    "UV_PUBLISH_URL",
    "FLIT_INDEX_URL",
    "HATCH_INDEX_REPO",
    "PDM_PUBLISH_REPO",
)
"""Variables by which publishing tools take the address of an upload API."""
PERMISSIONS: Permissions = {"contents": "write", "pull-requests": "write", "actions": "read", "metadata": "read"}
"""What the jobs' tokens may do, all of them together: the engine gives all of them the same one."""


CONCLUSIONS = {"passed": "success", "skipped": "skipped"}
"""How GitHub calls what became of a job; everything else is a failure."""


class Testbed(msgspec.Struct, frozen=True):
    """A project on a forge and an index of its own."""

    project: str
    """The project's normalized name."""
    box: Sandbox
    origin: RehearsalOrigin
    catalog: Catalog
    repo: FakeRepository
    index: str
    """The base address of the index."""
    forge: str
    """The base address of the forge."""
    sigstore: Sigstore
    token: str
    """What the jobs know as GITHUB_TOKEN."""
    person: str
    """The token of the maintainer, who may do everything."""
    later: ExitStack
    """What is started when it is needed, and ends with the testbed."""

    @property
    def variables(self) -> dict[str, str]:
        """What the forge says of itself to its jobs."""
        return forge_app.variables(self.forge, self.repo)

    def act(self, program: str, workflow: Workflow, merge: Merge, number: int, report: Reporter) -> list[Job]:
        """Run the workflow on the push that a merge is, as run `number`."""
        report(MergeStarted(number, merge.after, merge.title, workflow.jobs))
        return self.push(program, workflow, merge, number, report)

    def push(self, program: str, workflow: Workflow, merge: Merge, number: int, report: Reporter) -> list[Job]:
        """Run the workflow on a push, unreported; the forge records the run, and each job once it has begun."""
        names = dict(zip(workflow.jobs, workflow.names, strict=True))
        run = Run(
            number=number, workflow=workflow.path, event="push", branch="main", commit=merge.after,
            began=self.repo.clock(), jobs={},
        )  # fmt: skip
        self.repo.runs.append(run)

        def reported(event: progress.Event) -> None:
            if isinstance(event, JobStarted):
                run.jobs[names.get(event.job, event.job)] = "in_progress"
            report(event)

        jobs = self.run(program, workflow, events.pushed(self.repo, self.forge, merge), number, reported)
        run.jobs = {names.get(job.name, job.name): CONCLUSIONS.get(job.status, "failure") for job in jobs}
        run.conclusion = "failure" if any(job.status == "failed" for job in jobs) else "success"
        return jobs

    def run(self, program: str, workflow: Workflow, event: Event, number: int, report: Reporter) -> list[Job]:
        """Run a workflow on an event, on what stands in the clone, as run `number`."""
        artifacts = self.box.artifacts / str(number)
        artifacts.mkdir()
        self.box.event.write_bytes(msgspec.json.encode(event.payload))
        env = self.box.env | {"MERGESHIP_ARTIFACTS": str(artifacts)}
        given = self.variables | {"GITHUB_RUN_ID": str(number)}
        given |= {"GITHUB_WORKFLOW_REF": f"{self.repo.name}/{workflow.path}@refs/heads/main"}
        if workflow.identity:
            given |= self.identity
        arguments = engine.command(program, workflow, self.box, given, event.name)
        return engine.perform(arguments, self.box.root, env, workflow, number, report)

    def login(self, token: str) -> dict[str, str]:
        """A token for git, as its own configuration by the environment."""
        encoded = base64.b64encode(f"x:{token}".encode()).decode()
        header = {"GIT_CONFIG_KEY_0": "http.extraheader", "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {encoded}"}
        return {"GIT_CONFIG_COUNT": "1", **header}

    @property
    def identity(self) -> dict[str, str]:
        """What a job asks for its identity with."""
        url = f"{self.forge}{ADDRESS}?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.repo.identity_token}

    def trust(self, environment: str) -> None:
        """Enter the repository's workflow on the index, as a person does before the first release; start Sigstore."""
        owner, _, name = self.repo.name.partition("/")
        self.repo.deploys_to = environment
        base = self.later.enter_context(serving(sigstore_app.application(self.sigstore)))
        trust = self.box.root / "sigstore.json"
        trust.write_bytes(msgspec.json.encode(self.sigstore.client(base)))
        self.box.env[TRUST] = str(trust)
        workflow = PATH.rpartition("/")[2]
        self.catalog.publishers.append(Publisher(self.project, owner, name, workflow, environment, pending=True))

    @property
    def by_person(self) -> dict[str, str]:
        """The environment of the maintainer, who works with the forge."""
        return {**self.box.env, **self.variables, "GH_TOKEN": self.person}


OF_SYNC = "MERGESHIP_TOKEN"
"""A secret that a repository may have, for checks that run at once; here it has none."""


def give_secrets(testbed: Testbed, workflow: Workflow, *, made_up: bool = True) -> None:
    """What is stored on the forge; with `made_up`, any other secret that the workflow names is a token of the index."""
    wanted = (name for name in workflow.secrets if made_up and name != OF_SYNC)
    names = dict.fromkeys(wanted, testbed.catalog.token)
    testbed.box.write_secrets({**names, **testbed.repo.stored, "GITHUB_TOKEN": testbed.token})


@contextmanager
def set_up(
    box: Sandbox, folder: Path, project: str, overrides: Sequence[str], report: Reporter, port: int = 0
) -> Iterator[Testbed]:
    """A testbed for the project in `folder`, called `project` on the index, while the block runs."""
    catalog = Catalog(box.index, token=f"pypi-{secrets.token_urlsafe(32)}")
    with serving(index_app.application(catalog), port) as index:
        report(Note(f"embedded index at {index}/simple/"))
        _point_at(box, index, overrides)
        origin = RehearsalOrigin(box, folder)
        repo = FakeRepository(origin.bare, f"{OWNER}/{project}", box.artifacts)
        catalog.issuer = repo.issuer
        catalog.sigstore = Sigstore(repo.issuer)
        token = repo.new_token(Grant(ACTIONS, PERMISSIONS))
        person = repo.new_token(Grant(MAINTAINER, {EVERYTHING: "write"}))
        with serving(forge_app.application(repo)) as forge, ExitStack() as later:
            report(Note(f"embedded forge at {forge}/{repo.name}"))
            origin.work.git("remote", "set-url", "origin", f"{forge}/{repo.name}.git")
            yield Testbed(project, box, origin, catalog, repo, index, forge, catalog.sigstore, token, person, later)


def _point_at(box: Sandbox, base: str, overrides: Sequence[str]) -> None:
    upload = f"{base}/legacy/"
    lines = (" ".join(override.splitlines()) for override in overrides)
    box.env["MERGESHIP_SET"] = "\n".join([*lines, f"index.upload={upload}", f"index.simple={base}/simple/"])
    box.env["MERGESHIP_PYTHON"] = sys.executable
    box.env["TWINE_NON_INTERACTIVE"] = "1"
    box.env.update(dict.fromkeys(PUBLISHERS, upload))
