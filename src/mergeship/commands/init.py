"""`mergeship init`: writes the pipeline's files, and touches nothing that a person changed unless told."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files
from mergeship.core import project, workflow
from mergeship.core.plan import FileChange, FilePlan


def init(path: Path, overrides: Sequence[str] = (), *, force: bool = False, dry_run: bool = False) -> FilePlan:
    """Write what is missing of the pipeline, and with `force` also what differs; give back what was done.

    Raises Misconfigured where `path` holds no project.
    """
    source = project.gather(files.reader(path), path.resolve(), overrides)
    plan = FilePlan(
        tuple(
            FileChange(
                name,
                workflow.render(files.template(template), source.settings),
                files.read(path / name),
                force=force,
            )
            for name, template in workflow.TEMPLATES.items()
        )
    )
    if dry_run:
        return plan
    for change in plan.changes:
        if change.action in {"create", "replace"}:
            files.write(path / change.path, change.wanted)
    return msgspec.structs.replace(plan, applied=True)
