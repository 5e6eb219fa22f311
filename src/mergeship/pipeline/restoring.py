"""The bytes of an upload that has begun: found again, or built again and equal, or lost."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import dist, files
from mergeship.adapters.state import State
from mergeship.core import distribution
from mergeship.core.distribution import MANIFEST, UNFINISHED, Manifest
from mergeship.core.event import Note
from mergeship.core.result import Unfinished
from mergeship.errors import MergeshipError, Misconfigured
from mergeship.pipeline.making import Workshop
from mergeship.pipeline.standing import name_of


def read(text: str) -> tuple[Unfinished, ...]:
    """What decide's output `unfinished` says. Raises Misconfigured for anything else."""
    try:
        return msgspec.json.decode(text or "[]", type=tuple[Unfinished, ...])
    except msgspec.DecodeError as error:
        raise Misconfigured(
            "bad-unfinished", f"--unfinished cannot be read: {error}", hint="hand over decide's output as it is"
        ) from error


def restored(
    workshop: Workshop, project: str, begun: Sequence[Unfinished], artifact: Path | None, out: Path
) -> list[tuple[Unfinished, str]]:
    """For each release its bytes below `out`, as they are bound in the ledger; and why not, where they are lost."""
    state = State(workshop.environ, name_of(workshop.repository, workshop.environ))
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)
    found = []
    for one in begun:
        target = out / UNFINISHED / one.version
        have = _places(one, state, artifact)
        _copy(have, target)
        why = ""
        if len(have) == len(one.files):
            workshop.tell(Note(f"{one.version} was begun before, and its bytes are still here"))
        else:
            workshop.tell(Note(f"{one.version} was begun before, and its bytes are gone: building it again"))
            why = _rebuilt(workshop, one, target)
        manifest = Manifest(project, one.version, one.commit, () if why else one.files, lost=why)
        files.write(target / MANIFEST, distribution.encode(manifest))
        found.append((one, why))
    return found


def _places(one: Unfinished, state: State, artifact: Path | None) -> dict[str, Path]:
    """Where each file is whose bytes are those in the ledger."""
    folders = [state.dist(one.version, one.files)]
    if artifact is not None and artifact.is_dir():
        folders += [artifact, *(path for path in artifact.rglob("*") if path.is_dir())]
    return {file.name: path for file in one.files for path in [dist.find(file, folders)] if path}


def _rebuilt(workshop: Workshop, one: Unfinished, target: Path) -> str:
    """Build a release again; why it is lost, where that fails or gives other bytes."""
    with tempfile.TemporaryDirectory(prefix="mergeship-again-") as folder:
        try:
            _, made = workshop.make(one.commit, one.version, Path(folder))
        except MergeshipError as error:
            return f"its bytes are gone, and it does not build again: {error.message}"
        again = {file.name: dist.find(file, [path.parent for path in made]) for file in one.files}
        _copy({name: path for name, path in again.items() if path}, target)
    lacking = [file.name for file in one.files if not (target / file.name).exists()]
    return f"its bytes are gone, and building it again gives others: {', '.join(lacking)}" if lacking else ""


def _copy(have: dict[str, Path], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, path in have.items():
        shutil.copyfile(path, target / name)
