"""What the embedded index holds: projects, releases, files, and names that are burned."""

import copy
import hmac
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from mergeship.world.fault import Faults
from mergeship.world.identity import Issuer, Publisher
from mergeship.world.sigstore.instance import Sigstore

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """What PyPI limits, in bytes and days."""

    file: int = 100 * MIB
    project: int = 10 * 1024 * MIB
    release_days: int = 14


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a release."""

    filename: str
    version: str
    filetype: str
    size: int
    sha256: str
    blake2_256: str
    uploaded: datetime
    requires_python: str
    metadata: bytes | None
    """METADATA of a wheel, None for an sdist."""
    provenance: bytes = b""
    """Its attestations and their publisher, as JSON; empty for none."""


class Minted(msgspec.Struct, frozen=True):
    """A token that a workflow got."""

    publisher: Publisher
    until: datetime


class StoredProject(msgspec.Struct):
    """A project: its name as first uploaded, its files, and the versions that are yanked, with the reason."""

    name: str
    files: dict[str, StoredFile] = msgspec.field(default_factory=dict)
    yanked: dict[str, str] = msgspec.field(default_factory=dict)
    created: dict[str, datetime] = msgspec.field(default_factory=dict)
    """When the first file of each version came."""


class Catalog:
    """Everything that the index holds. Files lie in `folder`; the rest goes with the process."""

    def __init__(
        self,
        folder: Path,
        *,
        token: str,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.token = token
        self.limits = limits or Limits()
        self.clock = clock
        self.issuer: Issuer | None = None
        """Whose identities count; None if trusted publishing is switched off."""
        self.publishers: list[Publisher] = []
        self.identities: set[str] = set()
        """Those that were used; each serves once."""
        self.minted: dict[str, Minted] = {}
        """Tokens that workflows got."""
        self.sigstore: Sigstore | None = None
        """Whose word counts for attestations."""
        self.projects: dict[str, StoredProject] = {}
        self.burned: set[str] = set()
        self.prohibited: set[str] = set()
        """Normalized project names that nobody may take."""
        self.foreign: set[str] = set()
        """Normalized names of projects that belong to someone else."""
        self.conflicting: set[str] = set()
        """Normalized names that someone else takes at the same moment."""
        self.faults = Faults()
        self.uploads: list[tuple[str, int]] = []
        """Every upload that was answered: file name and status."""
        self.shown: dict[str, StoredProject] | None = None
        """What the pages show, if they lag behind; None if they do not."""
        self.serial = 0
        self.lock = threading.Lock()

    def takes(self, password: str) -> bool:
        """Whether that is a token of the index."""
        if hmac.compare_digest(password.encode(), self.token.encode()):
            return True
        return self.publisher(password) is not None

    def publisher(self, password: str) -> Publisher | None:
        """The publisher whose token that is; None for any other token."""
        minted = self.minted.get(password)
        return minted.publisher if minted and self.clock() < minted.until else None

    def project(self, name: str) -> StoredProject | None:
        """A project by any spelling of its name."""
        return self.projects.get(canonicalize_name(name))

    def on_page(self, name: str) -> StoredProject | None:
        """The same, as the pages show it."""
        return (self.projects if self.shown is None else self.shown).get(canonicalize_name(name))

    def lag(self) -> None:
        """Let the pages show for ever what is there now."""
        self.shown = copy.deepcopy(self.projects)

    def file(self, filename: str) -> StoredFile | None:
        """A file by its name."""
        files = (project.files.get(filename) for project in self.projects.values())
        return next(filter(None, files), None)

    def path(self, file: StoredFile) -> Path:
        """Where the bytes of a file lie."""
        return self.folder / file.blake2_256 / file.filename

    def add(self, name: str, file: StoredFile, content: Path) -> None:
        """Take a file into a release, moving its bytes from `content`."""
        path = self.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        content.replace(path)
        project = self.projects.setdefault(canonicalize_name(name), StoredProject(name))
        project.created.setdefault(file.version, file.uploaded)
        project.files[file.filename] = file
        self.burned.add(file.filename)
        self.serial += 1

    def delete(self, filename: str) -> None:
        """Delete a file; its name is never free again."""
        for project in self.projects.values():
            if project.files.pop(filename, None):
                self.serial += 1

    def yank(self, name: str, version: str, reason: str = "") -> None:
        """Yank a release."""
        self.projects[canonicalize_name(name)].yanked[version] = reason
        self.serial += 1
