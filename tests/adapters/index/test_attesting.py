"""Attestations of uploads: made by a process of its own, for the index to take."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mergeship.adapters.index.attesting import TRUST, attested
from mergeship.core.listing import JSON
from mergeship.core.progress import Event, Note
from mergeship.drills.env import DrillEnv
from mergeship.drills.runner import Ran
from mergeship.errors import Failed, Misconfigured
from mergeship.world.fault import AS_EVER, Fault
from tests.servers import raw_server
from tests.testbeds import drill_env

TRUSTED = "auth=trusted"


@pytest.fixture
def play(wheel_cache: Any) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        made.testbed.trust("pypi")
        yield made


def deployed(play: DrillEnv, *settings: str) -> Ran:
    return play.deploy(settings=[TRUSTED, *settings], more={"PYPI_API_TOKEN": "", **play.testbed.identity})


def files(play: DrillEnv) -> list[dict[str, Any]]:
    answer = httpx2.get(f"{play.testbed.index}/simple/obk/", headers={"Accept": JSON}, trust_env=False)
    found: list[dict[str, Any]] = answer.json()["files"]
    return found


def test_every_file_is_attested_by_the_workflow_that_uploads_it(play: DrillEnv) -> None:
    play.merged()
    play.claimed(settings=[TRUSTED])
    # What the index would refuse anyway leaves nothing in a public log.
    catalog = play.testbed.catalog
    known = catalog.publishers.pop()
    assert deployed(play).code == "invalid-publisher"
    assert not play.testbed.sigstore.log.entries
    catalog.publishers.append(known)
    # Bad attestations are not bad bytes: the version stays, and new ones are made.
    words = "Invalid attestations supplied during upload: Could not verify: subject does not match distribution digest"
    catalog.faults.append(Fault(400, words))
    stopped = deployed(play)
    assert (stopped.status, stopped.code) == (1, "attestation-refused")
    assert play.entry("0.1.1").state == "uploading"
    ran = deployed(play)
    assert ran.status == 0, ran.output
    play.complete("0.1.1")
    assert len(files(play)) == 2
    for file in files(play):
        shown = httpx2.get(f"{play.testbed.index}{file['provenance']}", trust_env=False).json()
        assert shown["attestation_bundles"][0]["publisher"]["workflow"] == "ci-cd.yml"
    html = httpx2.get(f"{play.testbed.index}/simple/obk/", trust_env=False).text
    assert html.count('data-provenance="/integrity/obk/0.1.1/') == 2
    for wrong in ("/integrity/obk/0.1.2/obk-0.1.1.tar.gz/provenance", "/integrity/obk/0.1.1/other.tar.gz/provenance"):
        assert httpx2.get(f"{play.testbed.index}{wrong}", trust_env=False).status_code == 404


def test_they_can_be_left_out(play: DrillEnv) -> None:
    play.merged()
    play.claimed(settings=[TRUSTED])
    assert deployed(play, "attestations=false").status == 0
    assert [file["provenance"] for file in files(play)] == [None, None]
    assert not play.testbed.sigstore.log.entries
    where = "/integrity/obk/0.1.1/obk-0.1.1.tar.gz/provenance"
    assert "No provenance" in httpx2.get(f"{play.testbed.index}{where}", trust_env=False).json()["message"]


def environ(play: DrillEnv) -> dict[str, str]:
    return play.testbed.box.env | play.testbed.identity


@pytest.fixture
def built(play: DrillEnv) -> list[Path]:
    return sorted(play.session.distributions("0.1.1", play).glob("obk*"))


def made(files: list[Path], env: dict[str, str], deadline: float) -> dict[str, str]:
    return attested(files, env, deadline, lambda _: None)


def test_what_passes_by_itself_is_tried_again(play: DrillEnv, built: list[Path]) -> None:
    """The second time, the log has one of two files already."""
    play.testbed.sigstore.faults += [Fault(503), AS_EVER, AS_EVER, Fault(502)]
    said: list[Event] = []
    found = attested(built, environ(play), 60.0, said.append)
    assert list(found) == [file.name for file in built]
    assert all(len(json.loads(text)) == 1 for text in found.values())
    assert len(play.testbed.sigstore.log.entries) == 3
    assert any(isinstance(event, Note) and "is unavailable; retrying in" in event.text for event in said)


def test_a_sigstore_that_says_no_is_reported_at_once(play: DrillEnv, built: list[Path], tmp_path: Path) -> None:
    play.testbed.sigstore.faults += [Fault(400)]
    with pytest.raises(Failed, match=r"obk-0.1.1-py3.*cannot be attested: .*400 Client Error") as refused:
        made(built, environ(play), 30.0)
    assert refused.value.code == "cannot-attest"
    assert "attestations = false" in refused.value.hint
    assert "Traceback" not in refused.value.message
    assert play.testbed.repo.identity_token not in refused.value.message
    assert play.testbed.sigstore.faults == []
    odd = tmp_path / "no distribution.txt"
    odd.write_text("x")
    with pytest.raises(Failed, match=r"ValidationError") as refused:
        made([odd], environ(play), 30.0)
    assert refused.value.code == "cannot-attest"


def test_a_sigstore_that_hangs_is_not_waited_for(play: DrillEnv, built: list[Path], tmp_path: Path) -> None:
    def hangs(connection: socket.socket) -> None:
        connection.settimeout(20)
        connection.recv(1)

    with raw_server(hangs) as base:
        trust = tmp_path / "sigstore.json"
        trust.write_text(json.dumps(play.testbed.sigstore.client(base.removesuffix("/simple/"))), encoding="utf-8")
        with pytest.raises(Failed, match="did not end within") as refused:
            made(built, {**environ(play), TRUST: str(trust)}, 3.0)
    assert "it sends the same bytes" in refused.value.hint


def test_a_configuration_that_is_none_is_reported(play: DrillEnv, built: list[Path], tmp_path: Path) -> None:
    trust = tmp_path / "sigstore.json"
    trust.write_text("{}", encoding="utf-8")
    with pytest.raises(Failed, match="ClientTrustConfig") as refused:
        made(built[:1], {**environ(play), TRUST: str(trust)}, 30.0)
    assert refused.value.code == "cannot-attest"


def test_a_link_is_attested_by_its_own_name(play: DrillEnv, built: list[Path], tmp_path: Path) -> None:
    link = tmp_path / "obk-0.1.1-py2-none-any.whl"
    link.symlink_to(next(file for file in built if file.suffix == ".whl"))
    assert list(made([link], environ(play), 30.0)) == [link.name]


def test_github_gives_no_identity(play: DrillEnv, built: list[Path]) -> None:
    wrong = {**environ(play), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}
    with pytest.raises(Failed, match="answered 401") as refused:
        made(built, wrong, 10.0)
    assert refused.value.code == "no-identity"
    nowhere = {**environ(play), "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/?x"}
    with pytest.raises(Failed) as refused:
        made(built, nowhere, 10.0)
    assert (refused.value.code, "index" in refused.value.hint) == ("identity-unreachable", False)


def test_no_variable_names_someone_else_s_sigstore(play: DrillEnv, built: list[Path], tmp_path: Path) -> None:
    config = play.testbed.sigstore.client("https://sigstore.example.org")
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps(config))
    entries = len(play.testbed.sigstore.log.entries)
    with pytest.raises(Misconfigured, match=r"sigstore\.example\.org") as refused:
        made(built, {**environ(play), TRUST: str(trust)}, 30.0)
    assert refused.value.code == "sigstore-elsewhere"
    assert len(play.testbed.sigstore.log.entries) == entries
