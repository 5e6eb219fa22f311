"""`mergeship init`: writes the pipeline's files, and touches nothing that a person changed unless told."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git
from mergeship.core import project, workflow
from mergeship.core.plan import FileChange, FilePlan
from mergeship.core.text import without_password


def init(
    path: Path, overrides: Sequence[str] = (), *, force: bool = False, dry_run: bool = False, bump_script: bool = False
) -> FilePlan:
    """Write what is missing of the pipeline, and with `force` also what differs; give back what was done.

    With `bump_script`, or where it is there already, the script that bumps without mergeship is one of the files.
    Raises Misconfigured where `path` holds no project.
    """
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    wanted = {
        name: workflow.render(files.template(template), source.settings)
        for name, template in workflow.TEMPLATES.items()
    }
    if bump_script or (path / workflow.BUMP_SCRIPT).exists():
        from mergeship.adapters import index

        simple = without_password(index.addresses(source.settings.index).simple)
        script = files.template(workflow.BUMP_SCRIPT_TEMPLATE)
        wanted[workflow.BUMP_SCRIPT] = script.replace('"@SIMPLE@"', json.dumps(simple))
    plan = FilePlan(
        tuple(FileChange(name, text, files.read(path / name), force=force) for name, text in wanted.items())
    )
    if dry_run:
        return plan
    for change in plan.changes:
        if change.action in {"create", "replace"}:
            files.write(path / change.path, change.wanted)
    return msgspec.structs.replace(plan, applied=True)
