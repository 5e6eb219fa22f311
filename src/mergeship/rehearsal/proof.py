"""What must hold of a release before a rehearsal calls it one."""

import json
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version

from mergeship.adapters import dist, index
from mergeship.adapters.environment import Venv
from mergeship.core import archive
from mergeship.core.distribution import is_distribution
from mergeship.core.listing import Listing
from mergeship.core.progress import Note, ProofReported, Reporter
from mergeship.core.result import Job, Proof, Release
from mergeship.core.text import one_line, plain
from mergeship.core.version import raised
from mergeship.errors import Failed, MergeshipError

_INSTALLED = """
import importlib.metadata, json, sys
found = importlib.metadata.distribution(sys.argv[1])
print(json.dumps([found.version, [str(file) for file in found.files or []]]))
"""
PASSES = "pipeline passes"
IMPORTS = "it imports, and its metadata has the version"
DEADLINE = 30.0  # seconds for one answer of the embedded index


class Prover:
    """Proves the releases of one rehearsal, one merge after another."""

    def __init__(self, project: str, simple: str, folder: Path, *, ours: bool, report: Reporter) -> None:
        self.project = project
        self.simple = simple
        self.folder = folder
        """The project's own, which says what Python it wants."""
        self.ours = ours
        self.proofs: list[Proof] = []
        self.releases: list[Release] = []
        self._report = report
        self._seen = Listing()

    def prove(self, merge: int, commit: str, jobs: Sequence[Job], artifacts: Path, environment: Venv) -> None:
        """Prove everything of one merge, as far as one thing builds on another."""
        failed = next((job for job in jobs if job.status == "failed"), None)
        passed = ", ".join(job.name for job in jobs if job.status == "passed") or "no job ran"
        words = f"{failed.name} failed at {failed.failed_step or 'its set-up'}" if failed else passed
        ran = any(job.status == "passed" for job in jobs)
        self.note(merge, PASSES, ran and failed is None, words)
        release = self._published(merge, commit)
        if release is None:
            return
        self._same_bytes(release, artifacts)
        self._installs(release, environment)

    def _published(self, merge: int, commit: str) -> Release | None:
        listed = index.listing(self.simple, self.project, DEADLINE, {})
        new = [version for version in listed.versions if version not in self._seen.versions]
        fresh = tuple(file for file in listed.files if file not in self._seen.files)
        before, self._seen = self._seen, listed
        if len(new) != 1:
            words = f"the index has {len(new)} new versions: {', '.join(new) or 'none'}"
            self.note(merge, "index lists one new version", held=False, detail=words)
            return None
        version = new[0]
        self.note(merge, "index lists one new version", held=True, detail=version)
        last = max(map(Version, before.versions), default=None)
        if last is not None:
            following = Version(raised(str(last)))
            held = Version(version) == following if self.ours else Version(version) > last
            self.note(merge, "version is fresh", held, f"{last} → {version}")
        release = Release(merge, version, commit, fresh)
        self.releases.append(release)
        return release

    def _same_bytes(self, release: Release, artifacts: Path) -> None:
        built: dict[str, set[str]] = {}
        for path in artifacts.rglob("*"):
            if path.is_file() and is_distribution(path.name):
                built.setdefault(path.name, set()).add(dist.digest(path).sha256)
        published = {file.name: file.sha256 for file in release.files}
        wrong = [f"{name} was built, and is not published" for name in sorted(set(built) - set(published))]
        for name, sha256 in published.items():
            hashes = built.get(name, set())
            if not hashes:
                wrong.append(f"{name}: no artifact of that name was handed on, so this cannot be compared")
            elif len(hashes) > 1:
                wrong.append(f"{name} was handed on with {len(hashes)} different contents")
            elif hashes != {sha256}:
                wrong.append(f"{name}: built {hashes.pop()[:12]}…, published {sha256[:12]}…")
        words = "; ".join(wrong) or f"{len(published)} files, sha256 equal"
        self.note(release.merge, "published bytes are the built ones", not wrong, words)

    def _installs(self, release: Release, environment: Venv) -> None:
        wanted = f"{self.project}=={release.version}"
        work = environment.path.parent
        self._report(Note(f"installing {wanted} from the index into a fresh environment"))
        try:
            environment.create(self.folder)
            environment.install(["--refresh-package", self.project, "--index", self.simple, wanted], work)
            version, names = json.loads(environment.run(["python", "-I", "-c", _INSTALLED, self.project], work))
        except (MergeshipError, json.JSONDecodeError) as error:
            detail = getattr(error, "detail", "") or str(error)
            self.note(release.merge, "uv installs it", held=False, detail=detail.strip())
            return
        self.note(release.merge, "uv installs it", held=True, detail=wanted)
        self._imports(release, environment, version, archive.importable(names))

    def _imports(self, release: Release, environment: Venv, version: str, modules: tuple[str, ...]) -> None:
        if not modules:
            words = "it holds no importable module, so nothing was imported"
            self.note(release.merge, IMPORTS, held=False, detail=words)
            return
        try:
            versions = environment.import_modules(modules, environment.path.parent)
        except Failed as error:
            self.note(release.merge, IMPORTS, held=False, detail=error.detail.splitlines()[-1])
            return
        other = [
            f"{name}.__version__ says {one_line(other_version)}"
            for name, other_version in versions.items()
            if other_version != version
        ]
        held = Version(version) == Version(release.version)
        self.note(release.merge, IMPORTS, held, "; ".join([f"{', '.join(modules)} {version}", *other]))

    def note(self, merge: int, name: str, held: bool, detail: str) -> None:
        """Note whether something held, and report it."""
        self.proofs.append(Proof(merge, name, held, plain(detail)))
        self._report(ProofReported(merge, name, held, plain(detail)))
