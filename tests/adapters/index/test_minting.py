"""Trusted publishing, between the embedded forge and the embedded index."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mergeship.adapters.index import exchange_token, minting, require_identity
from mergeship.adapters.index.minting import _base
from mergeship.drills.env import DrillEnv
from mergeship.errors import Failed, Misconfigured
from mergeship.world.fault import Fault
from mergeship.world.identity import Issuer, Publisher
from tests.servers import raw_server, says
from tests.testbeds import drill_env


@pytest.fixture
def play(wheel_cache: Any) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        made.testbed.trust("pypi")
        yield made


def mint(play: DrillEnv, upload: str = "") -> str:
    return exchange_token(upload or f"{play.testbed.index}/legacy/", play.testbed.identity, 20.0, "enter this")


def test_a_token_serves_for_15_minutes(play: DrillEnv) -> None:
    catalog = play.testbed.catalog
    token = mint(play)
    assert token.startswith("pypi-")
    assert catalog.takes(token)
    assert mint(play) != token
    catalog.clock = lambda: datetime.now(UTC) + timedelta(seconds=901)
    assert not catalog.takes(token)
    assert not catalog.takes("pypi-another")


def test_an_identity_goes_to_nobody_who_would_trade_it_in_elsewhere(
    play: DrillEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T13: another host asks for an identity for PyPI."""
    asked: list[str] = []
    monkeypatch.setattr(minting, "LOOPBACK", set())
    monkeypatch.setattr(minting, "oidc_token", lambda _, audience: asked.append(audience))
    with pytest.raises(Failed, match="asks for an identity that is meant for another one: pypi") as refused:
        mint(play)
    assert refused.value.code == "identity-elsewhere"
    assert asked == []


def test_the_index_is_where_its_upload_api_is() -> None:
    assert _base("https://upload.example.org/legacy/") == "https://example.org"
    assert _base("http://127.0.0.1:8080/legacy/") == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("invalid-publisher", "every field has to be as it is here, the environment too"),
        ("invalid-pending-publisher", "someone else has the project's name"),
        ("not-enabled", "set auth to token"),
        ("invalid-token", "check the clock"),
        ("invalid-reuse-token", "run the job again"),
    ],
)
def test_each_refusal_is_explained(play: DrillEnv, monkeypatch: pytest.MonkeyPatch, code: str, hint: str) -> None:
    catalog = play.testbed.catalog
    real = Issuer.identity
    if code == "invalid-publisher":
        catalog.publishers[:] = [Publisher("obk", "rehearsal", "obk", "ci-cd.yml", "another", pending=True)]
    elif code == "invalid-pending-publisher":
        catalog.foreign.add("obk")
    elif code == "not-enabled":
        catalog.issuer = None
    elif code == "invalid-token":
        catalog.issuer = Issuer()  # someone else signs
    else:
        once = real(play.testbed.repo.issuer, "pypi", {
            "repository": "rehearsal/obk", "environment": "pypi",
            "job_workflow_ref": "rehearsal/obk/.github/workflows/ci-cd.yml@refs/heads/main",
        })  # fmt: skip
        monkeypatch.setattr(Issuer, "identity", lambda *_: once)
        mint(play)
    with pytest.raises(Failed, match=f"issued no token: {code}") as refused:
        mint(play)
    assert refused.value.code == code
    assert hint in refused.value.hint
    if code.endswith("publisher"):
        assert "enter this" in refused.value.hint


def test_an_identity_that_is_over_or_for_others_is_refused() -> None:
    issuer = Issuer()
    assert issuer.claims(issuer.identity("pypi", {"x": "1"}), "pypi")["x"] == "1"
    with pytest.raises(ValueError, match="Audience"):
        issuer.claims(issuer.identity("other", {}), "pypi")
    real = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: real() - 1000)
        old = issuer.identity("pypi", {})
    with pytest.raises(ValueError, match="expired"):
        issuer.claims(old, "pypi")


def test_what_passes_by_itself_is_tried_again(play: DrillEnv) -> None:
    play.testbed.repo.faults += [Fault(503, path="/_apis/identity")] * 2
    assert mint(play)
    play.testbed.repo.faults += [Fault(503, path="/_apis/identity")] * 9
    with pytest.raises(Failed, match="kept answering 503"):
        mint(play)


def test_a_job_that_may_not_identify_itself(play: DrillEnv) -> None:
    with pytest.raises(Misconfigured, match="may not ask for its identity") as refused:
        require_identity({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://x"})
    assert "id-token: write" in refused.value.hint
    require_identity(play.testbed.identity)
    wrong = {**play.testbed.identity, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}
    with pytest.raises(Failed, match="_apis/identity answered 401"):
        exchange_token(f"{play.testbed.index}/legacy/", wrong, 20.0, "")


@pytest.mark.parametrize("answer", ["", "{", '{"audience": 1}', "<html>"])
def test_what_is_no_index_is_reported(answer: str) -> None:
    status = "200 OK" if answer else "404 Not Found"
    with (
        raw_server(says(f"HTTP/1.1 {status}\nContent-Length: {len(answer)}\n\n{answer}")) as base,
        pytest.raises(Failed) as refused,
    ):
        exchange_token(base, {}, 20.0, "")
    assert refused.value.code == "not-minted"
    assert ("set auth to token" if not answer else "index.upload") in refused.value.hint


def test_payloads_that_are_none_are_refused(play: DrillEnv) -> None:
    import httpx2

    for body in (b"", b"[]", b"{}", b'{"token": 1}'):
        answer = httpx2.post(f"{play.testbed.index}/_/oidc/mint-token", content=body, trust_env=False)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "invalid-payload"


def test_a_deploy_without_a_stored_token(play: DrillEnv) -> None:
    """The whole way of a release, with an environment that holds no token of the index."""
    play.merged()
    play.claimed(settings=["auth=trusted"])
    none = {"PYPI_API_TOKEN": ""}
    refused = play.deploy(settings=["auth=trusted"], more=none)
    assert refused.code == "no-identity"
    done = play.deploy(settings=["auth=trusted"], more={**none, **play.testbed.identity})
    assert done.status == 0, done.output
    play.complete("0.1.1")
    assert not [token for token in play.testbed.catalog.minted if token in done.output]
