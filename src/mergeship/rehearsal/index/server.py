"""Serves the embedded index."""

from collections.abc import Iterator
from contextlib import contextmanager

from mergeship.rehearsal.index.app import application
from mergeship.rehearsal.index.catalog import Catalog
from mergeship.rehearsal.index.protocol import ReasonProtocol
from mergeship.rehearsal.serving import listening


@contextmanager
def serving(catalog: Catalog, port: int = 0) -> Iterator[str]:
    """The base address of an index over `catalog` while the block runs; port 0 takes a free one.

    Raises Failed when the port is taken.
    """
    with listening(application(catalog), port, ReasonProtocol) as base:
        yield base
