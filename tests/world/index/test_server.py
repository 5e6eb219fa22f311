import socket
from pathlib import Path

import httpx2
import pytest

from mergeship.errors import Failed
from mergeship.world.fault import Fault
from mergeship.world.index.app import application
from mergeship.world.index.catalog import Catalog
from mergeship.world.serving import serving


def test_a_port_that_is_taken_is_named(catalog: Catalog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=f"port {port}") as refused, serving(application(catalog), port):
            pass
    assert "--port" in refused.value.hint


def test_nothing_listens_afterwards(catalog: Catalog) -> None:
    with serving(application(catalog)) as base:
        assert httpx2.get(f"{base}/simple/", trust_env=False).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{base}/simple/", trust_env=False)


def test_a_fault_is_answered_once(catalog: Catalog, base: str) -> None:
    catalog.faults.append(Fault(503, "Backend is unhealthy"))
    first = httpx2.post(f"{base}/legacy/", trust_env=False)
    assert (first.status_code, first.reason_phrase) == (503, "Backend is unhealthy")
    assert httpx2.post(f"{base}/legacy/", trust_env=False).status_code == 403
    assert catalog.uploads == [("?", 503), ("?", 403)]


def test_a_file_that_is_unknown_is_not_found(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, token="t")
    assert catalog.file("x") is None
    catalog.delete("x")
    assert catalog.serial == 0
