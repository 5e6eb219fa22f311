"""`mergeship init`: writes the pipeline's files, and touches nothing that a person changed unless asked to."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git
from mergeship.core import project
from mergeship.core.plan import FilePlan
from mergeship.pipeline import scaffold


def init(
    path: Path, overrides: Sequence[str] = (), *, force: bool = False, dry_run: bool = False, bump_script: bool = False
) -> FilePlan:
    """Write what is missing of the pipeline, and with `force` also what differs; give back what was done.

    With `bump_script`, or if it is there already, the script that bumps without mergeship is one of the files.
    Raises Misconfigured if `path` holds no project.
    """
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    plan = scaffold.planned(source, lambda name: files.read(path / name), force=force, bump_script=bump_script)
    if dry_run:
        return plan
    for change in plan.changes:
        if change.action in {"create", "replace"}:
            files.write(path / change.path, change.wanted)
    return msgspec.structs.replace(plan, applied=True)
