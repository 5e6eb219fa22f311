"""The files of the pipeline, as they are wanted, against what is there."""

import json

from mergeship.adapters import files
from mergeship.core import workflow
from mergeship.core.declaration import Read
from mergeship.core.plan import FileChange, FilePlan
from mergeship.core.project import Source
from mergeship.core.text import without_password


def planned(source: Source, read: Read, *, force: bool = False, bump_script: bool = False) -> FilePlan:
    """What is to be written; `read` gives what is there.

    With `bump_script`, or if it is there already, the script that bumps without mergeship is one of the files.
    """
    wanted = {
        name: workflow.render(files.template(template), source.settings)
        for name, template in workflow.TEMPLATES.items()
    }
    if bump_script or read(workflow.BUMP_SCRIPT) is not None:
        from mergeship.adapters import index

        simple = without_password(index.addresses(source.settings.index).simple)
        script = files.template(workflow.BUMP_SCRIPT_TEMPLATE)
        wanted[workflow.BUMP_SCRIPT] = script.replace('"@SIMPLE@"', json.dumps(simple))
    return FilePlan(tuple(FileChange(name, text, read(name), force=force) for name, text in wanted.items()))
