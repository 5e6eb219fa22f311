"""Trusted publishing: what is entered on the index, and what its refusals mean.

Source: https://docs.pypi.org/trusted-publishers/
"""

from mergeship.core.workflow import PATH


def to_enter(project: str, repository: str, environment: str) -> str:
    """What a person enters on the index, as one line of text."""
    owner, _, name = repository.partition("/")
    workflow = PATH.rpartition("/")[2]
    return (
        "trusted publishing: on the index, under Publishing, enter a publisher (a pending one before the first "
        "release): "
        f"PyPI project name {project}, owner {owner}, repository name {name}, workflow name {workflow}, "
        f"environment name {environment or '(any)'}"
    )
