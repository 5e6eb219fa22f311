"""The folder of a run's distributions: what build left there, and what deploy finds."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from mergeship.adapters import dist, files
from mergeship.adapters.store import RunnerStore
from mergeship.core import distribution
from mergeship.core.distribution import MANIFEST, UNFINISHED, Distribution, Manifest
from mergeship.core.release.ledger import Entry
from mergeship.errors import Failed


class Artifacts(msgspec.Struct, frozen=True):
    """A folder of distributions, and what the runner keeps of earlier ones."""

    out: Path
    store: RunnerStore

    def manifest(self) -> Manifest | None:
        """What build says of the folder. Raises Failed for what build did not write."""
        return _manifest(self.out)

    def require_built(self, manifest: Manifest, entry: Entry, project: str) -> None:
        """Raise Failed if a claim would be bound to anything but the bytes that were built for it."""
        wrong = distribution.problems(manifest, [dist.digest(file) for file in dist.distributions(self.out)])
        if canonicalize_name(manifest.project) != project:
            wrong.append(f"it is of {manifest.project}, and this is {project}")
        if wrong and entry.state == "claimed":
            raise Failed(
                "not-as-built",
                f"{self.out} does not match the build: {'; '.join(wrong)}",
                hint="nothing was sent; build again and deploy that",
            )

    def found(self, version: str, wanted: Sequence[Distribution]) -> dict[Distribution, Path]:
        """Where the exact bytes of a release's files are, kept ones first, without those that are nowhere."""
        places = [self.store.dist(version, wanted), self.out, self.out / UNFINISHED / version]
        return {file: path for file in wanted for path in [dist.find(file, places)] if path}

    def lost(self, version: str) -> str:
        """What build says if it found the bytes of a release nowhere."""
        manifest = _manifest(self.out / UNFINISHED / version)
        return manifest.lost if manifest and manifest.version == version else ""


def _manifest(folder: Path) -> Manifest | None:
    text = files.read(folder / MANIFEST)
    return distribution.decode(text.encode()) if text is not None else None
