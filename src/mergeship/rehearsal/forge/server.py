"""Serves the embedded forge."""

from collections.abc import Iterator
from contextlib import contextmanager

from mergeship.rehearsal.forge.app import application
from mergeship.rehearsal.forge.hosting import Hosting
from mergeship.rehearsal.serving import listening


@contextmanager
def serving(hosting: Hosting) -> Iterator[str]:
    """The base address of the forge while the block runs, on a free port."""
    with listening(application(hosting)) as base:
        yield base


def variables(base: str, hosting: Hosting) -> dict[str, str]:
    """What GitHub tells its jobs of itself."""
    return {
        "GITHUB_SERVER_URL": base,
        "GITHUB_API_URL": f"{base}/api/v3",
        "GITHUB_GRAPHQL_URL": f"{base}/api/graphql",
        "GITHUB_REPOSITORY": hosting.name,
    }
