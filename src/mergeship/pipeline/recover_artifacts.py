"""Looks for the bytes of an upload that has begun, and builds them again if they are nowhere."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import dist, files
from mergeship.adapters.store import RunnerStore
from mergeship.core import distribution
from mergeship.core.distribution import MANIFEST, UNFINISHED, Manifest
from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.progress import Note
from mergeship.core.release import recovery
from mergeship.core.release.recovery import Lost, Rebuild, RecoveryFacts
from mergeship.core.result import Unfinished
from mergeship.disk import remove_tree
from mergeship.errors import MergeshipError, Misconfigured
from mergeship.pipeline.building import Builder
from mergeship.pipeline.clean_room import temporary_folder
from mergeship.pipeline.project_state import name_of


def read(text: str) -> tuple[Unfinished, ...]:
    """What decide's output `unfinished` says. Raises Misconfigured for anything else."""
    try:
        return decoded(text or "[]", tuple[Unfinished, ...])
    except UnreadableError as error:
        raise Misconfigured(
            "bad-unfinished", f"--unfinished cannot be read: {error}", hint="pass decide's output unchanged"
        ) from error


def recover(
    builder: Builder, project: str, begun: Sequence[Unfinished], artifact: Path | None, out: Path
) -> list[tuple[Unfinished, str]]:
    """For each release its bytes below `out`, as they are bound in the ledger; and why not, if they are lost."""
    store = RunnerStore(builder.environ, name_of(builder.repository, builder.environ))
    remove_tree(out / UNFINISHED)
    recovered = []
    for release in begun:
        target = out / UNFINISHED / release.version
        lost = _recovered(builder, release, _folders(release, store, artifact), target)
        manifest = Manifest(project, release.version, release.commit, () if lost else release.files, lost=lost)
        files.write(target / MANIFEST, distribution.encode(manifest))
        recovered.append((release, lost))
    return recovered


def _recovered(builder: Builder, release: Unfinished, folders: Iterable[Path], target: Path) -> str:
    """Put the bytes into the target; why they are lost, if they are."""
    facts = RecoveryFacts(here=_taken(release, folders, target))
    while isinstance(step := recovery.next_step(release.files, facts), Rebuild):
        builder.report(Note(f"{release.version} was started earlier and its bytes are gone; rebuilding"))
        facts = _rebuilt(builder, release, target, facts)
    if isinstance(step, Lost):
        return step.why
    if not facts.rebuilt:
        builder.report(Note(f"{release.version} was started earlier and its bytes are still here"))
    return ""


def _folders(release: Unfinished, store: RunnerStore, artifact: Path | None) -> list[Path]:
    """Where the bytes may be: on this runner, or in an artifact."""
    folders = [store.dist(release.version, release.files)]
    if artifact is not None and artifact.is_dir():
        folders += [artifact, *(path for path in artifact.rglob("*") if path.is_dir())]
    return folders


def _rebuilt(builder: Builder, release: Unfinished, target: Path, facts: RecoveryFacts) -> RecoveryFacts:
    with temporary_folder(builder.environ, "again") as folder:
        try:
            _, made = builder.build(release.commit, release.version, folder)
        except MergeshipError as error:
            return msgspec.structs.replace(facts, rebuilt=True, not_built=error.message)
        equal = _taken(release, [path.parent for path in made], target)
    return msgspec.structs.replace(facts, rebuilt=True, here=facts.here | equal)


def _taken(release: Unfinished, folders: Iterable[Path], target: Path) -> frozenset[str]:
    """Copy the files whose bytes are those in the ledger, and name them."""
    target.mkdir(parents=True, exist_ok=True)
    places = list(folders)
    paths = {file.name: path for file in release.files for path in [dist.find(file, places)] if path}
    for name, path in paths.items():
        shutil.copyfile(path, target / name)
    return frozenset(paths)
