"""Whether the code of pull requests runs as the user that deploys."""

from mergeship.adapters.git import Repository
from mergeship.core import workflow


def shared_runner(repository: Repository, commit: str, deploying: str) -> str:
    """A warning if the workflows of a commit let checks and deploys share a machine; empty if they do not.

    `deploying` is the path of the pipeline's file.
    """
    names = [name for name in repository.names(commit, workflow.FOLDER) if name.endswith(workflow.SUFFIXES)]
    texts = {name: (repository.blob(commit, name) or b"").decode(errors="replace") for name in names}
    shared = workflow.shares_runner(texts, deploying)
    if not shared:
        return ""
    return (
        f"pull requests run where this deploys ({', '.join(shared)}): what their code can replace there, and what no "
        'stage can notice, is in docs/security.md under "What is not held"; give deploys a runner of their own'
    )
