"""Where the record of a rehearsal begins: behind everything that the project merged before, on the real forge."""

from mergeship.adapters.git import Repository
from mergeship.core.release import ledger
from mergeship.core.release.ledger import Ledger, Skip
from mergeship.core.workflow import FOLDER, Workflow, stages
from mergeship.rehearsal.testbed import Testbed
from mergeship.world.forge.records import Run

RUN = 99
"""The number of the run in which a person decided."""
LEFT_OUT = ("what was merged before: it counts as decided, as the embedded forge has none of its pull requests",)


def skip_what_was_before(testbed: Testbed, workflow: Workflow) -> bool:
    """Have a person skip whatever main had before, if it has the pipeline already; whether there was anything."""
    main, repo = testbed.origin.main(), testbed.repo
    repository = Repository(testbed.box.origin, testbed.box.env)
    if not repository.introduced(main, "mergeship", FOLDER):
        return False
    text = (repository.blob(main, workflow.path) or b"").decode(errors="replace")
    deciding = stages(text, workflow.path).get("decide", frozenset()) if text else frozenset()
    jobs = {name: "success" if name in deciding else "skipped" for name in workflow.names}
    repo.runs.append(
        Run(
            number=RUN, workflow=workflow.path, event="workflow_dispatch", branch="main", commit=main,
            began=repo.clock(), conclusion="success", jobs=jobs,
        )
    )  # fmt: skip
    began = repo.runs[-1]
    skip = Skip(main, ledger.now(began.began.timestamp()), "where the rehearsal begins", str(RUN), began.actor)
    testbed.origin.put_ledger(Ledger(project=testbed.project, skips=(skip,)), skip.says)
    return True
