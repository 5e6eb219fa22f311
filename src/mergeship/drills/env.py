"""What a drill plays on: a testbed with merges made as fast as git makes them, and distributions built once for all."""

import copy
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from mergeship.adapters import dist, files
from mergeship.core import distribution, workflow
from mergeship.core.distribution import MANIFEST, Manifest
from mergeship.core.release import ledger
from mergeship.core.release.ledger import REF, Entry, Ledger
from mergeship.core.settings import Settings
from mergeship.drills.runner import Ran, Runner
from mergeship.errors import Failed
from mergeship.process import run
from mergeship.rehearsal.sandbox import sandbox
from mergeship.rehearsal.testbed import CHECKLIST, Testbed, set_up
from mergeship.world.forge.accounts import MAINTAINER
from mergeship.world.forge.merging import PERSON, Method

SHIP = CHECKLIST
NO_SHIP = CHECKLIST.replace("[x] Dep", "[ ] Dep").replace("[ ] Non", "[x] Non")
UNCLEAR = CHECKLIST.replace("[x]", "[ ]")
QUICK = ("forge.deadline=6", "index.deadline=12")
"""Settings of drills: what takes minutes on the network takes seconds here."""


class DrillSession:
    """What all drills of one call share: the project, and its distributions, built once for each version."""

    def __init__(
        self,
        project: Path,
        name: str,
        environ: Mapping[str, str],
        wheel_cache: Path,
        overrides: Sequence[str] = (),
        preload: str = "",
    ) -> None:
        self.project = project
        self.name = name
        self.environ = environ
        self.wheel_cache = wheel_cache
        """Where the distributions are kept."""
        self.overrides = tuple(overrides)
        self.preload = preload
        """Python that every command runs first: how a test takes a guard away."""
        self._built: dict[str, Path] = {}
        self._lock = Lock()

    @contextmanager
    def env(self) -> Iterator["DrillEnv"]:
        """A drill of its own."""
        with (
            sandbox(self.environ, None) as box,
            set_up(box, self.project, self.name, (*QUICK, *self.overrides), lambda _: None) as testbed,
        ):
            testbed.repo.protect()
            testbed.repo.settings.workflow["can_approve_pull_request_reviews"] = True
            yield DrillEnv(self, testbed)

    def distributions(self, version: str, drill: "DrillEnv") -> Path:
        """A folder with the distributions of a version, built by the installed command."""
        with self._lock:
            out = self.wheel_cache / version
            if version not in self._built and (out / MANIFEST).is_file():
                self._built[version] = out  # of an earlier session
            if version not in self._built:
                drill.runner.at(drill.main)
                command = [str(drill.testbed.box.command), "build", ".", "--version", version, "--out", str(out)]
                run(command, cwd=drill.runner.folder, env=drill.testbed.box.env)
                self._built[version] = out
        return self._built[version]


def pipeline() -> str:
    """The workflow file that `mergeship init` writes."""
    return workflow.render(files.template(workflow.TEMPLATES[workflow.PATH]), Settings())


LINK = "->"
"""Before the target of a link, in the place of a file's text."""


class DrillEnv:
    """A project on a testbed, and the runner that the jobs run on."""

    def __init__(self, session: DrillSession, testbed: Testbed) -> None:
        self.session = session
        self.testbed = testbed
        self.bare = testbed.origin.bare
        self.runner = Runner(testbed)
        self._number = 0
        self._kept = 0
        self.before = self.main

    @property
    def main(self) -> str:
        """The commit that main is at."""
        return self.testbed.origin.main()

    def merged(  # noqa: PLR0913 - what a merge is made of
        self,
        body: str = SHIP,
        title: str = "",
        *,
        method: Method = "squash",
        message: str | None = None,
        branch: str = "",
        author: str = MAINTAINER,
        labels: tuple[str, ...] = (),
        changes: Mapping[str, str] = {},
        fork: str = "",
    ) -> str:
        """Merge a pull request, and give main's new commit back."""
        self._number += 1
        branch = branch or f"feature/{self._number}"
        self.before = self.main
        head = self.commit(self.before, changes, title or f"feat: change {self._number}")
        self.bare.git("update-ref", f"refs/heads/{branch}", head)
        pull_request = self.testbed.repo.propose(
            branch, title or f"feat: change {self._number}", body, author=author, labels=labels, fork=fork
        )
        return self.testbed.repo.merge(pull_request.number, method, message)

    def pushed(self, message: str = "fix: pushed directly") -> str:
        """Push a commit to main past everything, as an administrator can."""
        self.before = self.main
        commit = self.commit(self.before, {}, message)
        self.bare.git("update-ref", "refs/heads/main", commit)
        return commit

    def commit(self, parent: str, changes: Mapping[str, str], message: str) -> str:
        """A commit on top of another, on no branch as yet."""
        index = {"GIT_INDEX_FILE": str(self.testbed.box.root / "index-of-changes")}
        tree = self.bare.git("rev-parse", f"{parent}^{{tree}}").strip()
        if changes:
            staged = type(self.bare)(self.bare.path, self.bare.env | index)
            staged.git("read-tree", tree)
            for name, text in changes.items():
                mode = "120000" if text.startswith(LINK) else "100644"
                blob = self.bare.git("hash-object", "-w", "--stdin", given=text.removeprefix(LINK)).strip()
                staged.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{name}")
            tree = staged.git("write-tree").strip()
        return self.bare.git(*PERSON, "commit-tree", tree, "-p", parent, "-F", "-", given=message).strip()

    @property
    def push(self) -> dict[str, Any]:
        """The event of the last merge."""
        return {"ref": "refs/heads/main", "before": self.before, "after": self.main}

    def decide(self, commit: str = "", runner: Runner | None = None, **given: Any) -> Ran:  # noqa: ANN401
        """The job `decide` on a commit, by default main's."""
        runner = runner or self.runner
        commit = commit or self.main
        event = given.pop("event", self.push if commit == self.main else None)
        runner.at(commit)
        return self.call("decide", runner=runner, event=event, **given)

    def put_built(self, version: str, commit: str, runner: Runner | None = None, *, comment: bytes = b"") -> None:
        """What the job `build` hands on: distributions of that version, with the manifest that binds them.

        A `comment` in the wheel makes it another one, as a build does that is not reproducible.
        """
        target = (runner or self.runner).dist
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.session.distributions(version, self), target)
        if comment:
            with zipfile.ZipFile(next(target.glob("*.whl")), "a") as wheel:
                wheel.comment = comment
        built = tuple(dist.digest(file) for file in dist.distributions(target))
        manifest = Manifest(self.testbed.project, version, commit, built)
        files.write(target / MANIFEST, distribution.encode(manifest))

    def deploy(self, runner: Runner | None = None, **given: Any) -> Ran:  # noqa: ANN401
        """The job `deploy`, on what stands in `dist`."""
        return self.call("deploy", runner=runner or self.runner, **given)

    def sync(self, **given: Any) -> Ran:  # noqa: ANN401
        """The job `sync`, on main."""
        self.runner.at(self.main)
        return self.call("sync", runner=self.runner, **given)

    def call(self, *words: str, runner: Runner, **given: Any) -> Ran:  # noqa: ANN401
        """A command on a runner, on what it has checked out."""
        return runner.call(*words, **self._with_preload(given))

    def claimed(self, runner: Runner | None = None, **given: Any) -> str:  # noqa: ANN401
        """Decide on main, build, and give the claimed version back; deploy is what is left to do."""
        ran = self.decide(runner=runner, **given)
        demand(ran.status == 0 and bool(ran.document.get("version")), f"decide: {ran.message}")
        version = str(ran.document["version"])
        self.put_built(version, self.main, runner)
        (runner or self.runner).repository.git("checkout", "--quiet", "--force", "--detach", self.main)
        return version

    def shipped(self, **given: Any) -> Ran:  # noqa: ANN401
        """All jobs of a run on main that ships."""
        self.claimed(**given)
        ran = self.deploy(run=given.get("run", "1"))
        demand(ran.status == 0, f"deploy: {ran.message}")
        return ran

    def _with_preload(self, given: dict[str, Any]) -> dict[str, Any]:
        both = "\n".join(filter(None, [self.session.preload, given.pop("preload", "")]))
        return given | ({"preload": both} if both else {})

    @property
    def ledger(self) -> Ledger:
        """The ledger at the origin."""
        if not self.bare.git("for-each-ref", "--format=%(objectname)", REF).strip():
            return Ledger(project=self.testbed.project)
        return ledger.decode(self.bare.git("show", f"{REF}:{ledger.FILE}"), self.testbed.project)

    def entry(self, version: str) -> Entry:
        """A release in the ledger. A drill fails if there is none."""
        entry = self.ledger.entry(version)
        if entry is None:
            raise DrillFailedError(f"the ledger has no {version}")
        return entry

    @property
    def tags(self) -> dict[str, str]:
        """The tags at the origin, with their commits."""
        listed = self.bare.git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags")
        return dict(line.split(" ") for line in listed.splitlines())

    @property
    def published(self) -> dict[str, str]:
        """The files on the index, with their hashes."""
        project = self.testbed.catalog.project(self.testbed.project)
        return {file.filename: file.sha256 for file in project.files.values()} if project else {}

    @property
    def uploads(self) -> list[tuple[str, int]]:
        """Every upload that the index answered."""
        return self.testbed.catalog.uploads

    def complete(self, *versions: str) -> None:
        """Demand that exactly these versions are released: in the ledger, on the index with equal bytes, and tagged."""
        ledger = self.ledger
        released = [entry.version for entry in ledger.releases if entry.state == "released"]
        demand(released == list(versions), f"released: {', '.join(released) or 'nothing'}")
        wanted = {
            file.name: file.sha256 for entry in ledger.releases for file in entry.files if entry.state == "released"
        }
        demand(self.published == wanted, f"the index has {', '.join(self.published) or 'nothing'}")
        tags = {entry.tag_name: entry.commit for entry in ledger.releases if entry.tag == "created"}
        demand(self.tags == tags, f"the tags are {self.tags}")
        commits = [entry.commit for entry in ledger.releases if entry.state == "released"]
        demand(len(commits) == len(set(commits)), "a commit was released twice")

    def keep(self) -> Callable[[], None]:
        """Keep everything as it is now; what comes back puts it back."""
        box, catalog = self.testbed.box, self.testbed.catalog
        self._kept += 1
        kept = box.root / f"kept-{self._kept}"
        folders = [box.origin, self.runner.home, box.index]
        for folder in folders:
            shutil.copytree(folder, kept / folder.name, symlinks=True)
        projects, burned = copy.deepcopy(catalog.projects), set(catalog.burned)

        def back() -> None:
            for folder in folders:
                shutil.rmtree(folder)
                shutil.copytree(kept / folder.name, folder, symlinks=True)
            catalog.projects = copy.deepcopy(projects)
            catalog.burned = set(burned)
            catalog.uploads.clear()
            catalog.faults.clear()

        return back


class DrillFailedError(Failed):
    """A drill saw something else than what it demands."""

    def __init__(self, seen: str) -> None:
        super().__init__("drill-failed", seen)


def demand(held: bool, seen: str) -> None:
    """Fail the drill with what was seen, unless it is what was demanded."""
    if not held:
        raise DrillFailedError(seen)
