"""What an index lists: as JSON, as HTML, behind a password, after a redirect or a wait; and what is no answer."""

import base64
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential
from keyring.errors import KeyringLocked

from mergeship.adapters import index
from mergeship.adapters.environment import Venv
from mergeship.adapters.index.credentials import LOGIN, Credentials
from mergeship.adapters.index.reading import PAUSE
from mergeship.errors import Held, Misconfigured
from tests.archives import sdist, wheel
from tests.servers import Script, http, raw_server

PAGE = json.dumps({"meta": {"api-version": "1.1"}, "files": [], "versions": ["0.1.6"]})
JSON = http("200 OK", PAGE, Content_Type="application/vnd.pypi.simple.v1+json")
HTML = http(
    "200 OK",
    '<!DOCTYPE html><html><body><a href="/p/obk-0.1.6.tar.gz#sha256=AA">obk</a></body></html>',
    Content_Type="text/html; charset=utf-8",
)
REFUSED = http("401 Unauthorized")


def read(script: Script, environ: dict[str, str] | None = None, user: str = "", deadline: float = 5) -> tuple[str, ...]:
    with raw_server(script) as address:
        return index.listing(address.replace("//", f"//{user}"), "obk", deadline, environ or {}).versions


def sent(request: str) -> str | None:
    """User and password of a request."""
    for line in request.splitlines():
        name, _, value = line.partition(": ")
        if name.lower() == "authorization":
            return base64.b64decode(value.removeprefix("Basic ")).decode()
    return None


@pytest.fixture(autouse=True)
def _no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring({}))
    yield
    keyring.set_keyring(before)


class Ring(KeyringBackend):
    priority = 1

    def __init__(self, known: dict[str, Credential | Exception]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.known = known

    def get_credential(self, service: str, _: str | None) -> Credential | None:
        found = self.known.get(service)
        if isinstance(found, Exception):
            raise found
        return found

    def get_password(self, service: str, username: str) -> str | None:
        raise NotImplementedError

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("answer", [JSON, HTML])
def test_json_is_asked_for_first_and_html_will_do(answer: str) -> None:
    script = Script(answer)
    assert read(script) == ("0.1.6",)
    accept = next(line for line in script.asked[0].splitlines() if line.lower().startswith("accept: "))
    assert accept.index("simple.v1+json,") < accept.index("simple.v1+html;q=0.2") < accept.index("text/html;q=0.1")
    assert "cache-control: no-cache" in script.asked[0].lower()
    assert sent(script.asked[0]) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http("500 Oh no"), "answered 500 Oh no"),
        (http("410 Gone"), "answered 410 Gone"),
        (http("429 Too Many Requests"), "answered 429"),
        (http("503 Later", Retry_After="soon"), "answered 503 Later"),
        (http("503 Later", Retry_After="3600"), "asks to wait 3600 s"),
        (http("200 OK", "<h1>Log in</h1><a href='/login'>here</a>", Content_Type="text/html"), "lists no file"),
        (http("200 OK", "{}", Content_Type="application/json"), "did not answer with the JSON"),
        (http("302 Found", Location="http://elsewhere.example/simple/obk/"), "redirects to another index: http://else"),
        (http("302 Found"), "answered 302 Found"),
        (http("302 Found", Location="/simple/obk/"), "gave no answer at 10 attempts"),
    ],
)
def test_no_answer_is_never_nothing_published(answer: str, words: str) -> None:
    with pytest.raises(Held) as held:
        read(Script(answer))
    assert words in held.value.message
    assert held.value.hint


def test_a_redirect_within_the_index_is_followed() -> None:
    script = Script(http("301 Moved", Location="/simple/OBK/"), JSON)
    assert read(script, user="me:secret@") == ("0.1.6",)
    assert script.asked[1].startswith("GET /simple/OBK/ ")
    assert [sent(request) for request in script.asked] == ["me:secret", "me:secret"]


def test_a_server_that_wants_to_wait_is_waited_for() -> None:
    began = time.monotonic()
    assert read(Script(http("429 Slow", Retry_After="1"), http("503 x", Retry_After="0"), JSON)) == ("0.1.6",)
    assert time.monotonic() - began >= 1 + PAUSE  # T22: however short the wait that it asks for


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("http://me:secret@127.0.0.1:{port}", "me:secret"),
        ("http://me:a%40b@127.0.0.1:{port}/simple/", "me:a@b"),
        ("http://me:secret@127.0.0.1", None),
        ("http://me:secret@127.0.0.1:80", None),
        ("https://me:secret@127.0.0.1:{port}", None),
        ("https://me:secret@example.org", None),
        ("", None),
    ],
)
def test_the_environment_may_hold_the_password_of_one_host(login: str, expected: str | None) -> None:
    script = Script(JSON)
    with raw_server(script) as address:
        port = address.split(":")[2].partition("/")[0]
        index.listing(address, "obk", 5, {"MERGESHIP_INDEX_LOGIN": login.format(port=port)})
    assert sent(script.asked[0]) == expected


@pytest.mark.parametrize(
    "login",
    ["https://me:[secret@h", "https://me:secret@h:x", "secret", "me:secret", "https://secret@h", "https://me:secret"],
)
def test_a_login_that_is_none_is_refused_without_a_word_of_it(login: str) -> None:
    with pytest.raises(Misconfigured, match="MERGESHIP_INDEX_LOGIN is no login") as refused:
        read(Script(JSON), {"MERGESHIP_INDEX_LOGIN": login})
    assert "secret" not in refused.value.message


def test_netrc_may_hold_the_password(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    script = Script(JSON)
    read(script, {"HOME": str(tmp_path)})
    (tmp_path / "other").write_text("machine example.org login me password secret\n")
    read(script, {"HOME": str(tmp_path), "NETRC": str(tmp_path / "other")})
    assert [sent(request) for request in script.asked] == ["me:secret", None]
    (tmp_path / "other").write_text("default login me password secret\n")
    read(script, {"NETRC": str(tmp_path / "other")})
    assert sent(script.asked[-1]) is None  # it is meant for anybody
    for text in (b"machine h login me secret\n", b"\xff"):
        (tmp_path / "other").write_bytes(text)
        with pytest.raises(Misconfigured, match=r"other (cannot be read: line \d|is not UTF-8)") as refused:
            read(script, {"NETRC": str(tmp_path / "other")})
        assert "secret" not in refused.value.message


def test_the_address_goes_before_all_others(tmp_path: Path) -> None:
    script = Script(JSON)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password other\n")
    read(script, {"HOME": str(tmp_path)}, user="me:secret@")
    assert sent(script.asked[0]) == "me:secret"


def test_the_keyring_is_asked_after_a_refusal() -> None:
    keyring.set_keyring(Ring({"127.0.0.1": SimpleCredential("me", "secret")}))
    script = Script(REFUSED, JSON)
    assert read(script) == ("0.1.6",)
    assert [sent(request) for request in script.asked] == [None, "me:secret"]


def test_a_keyring_is_not_asked_in_a_workflow() -> None:
    """T7: what it runs is configured in the home, and any job can write there."""
    keyring.set_keyring(Ring({"127.0.0.1": SimpleCredential("me", "secret")}))
    script = Script(REFUSED, JSON)
    with pytest.raises(Held, match="answered 401") as held:
        read(script, {"GITHUB_ACTIONS": "true"})
    assert [sent(request) for request in script.asked] == [None]
    assert "MERGESHIP_INDEX_LOGIN" in held.value.hint


@pytest.mark.parametrize("known", [None, SimpleCredential("me", ""), KeyringLocked("locked"), RuntimeError("no ring")])
def test_a_keyring_that_knows_nothing_leaves_the_refusal(known: Credential | Exception | None) -> None:
    keyring.set_keyring(Ring({"127.0.0.1": known} if known else {}))
    with pytest.raises(Held, match="answered 401") as held:
        read(Script(REFUSED))
    assert "MERGESHIP_INDEX_LOGIN" in held.value.hint


def test_a_keyring_that_waits_for_someone_does_not_hold_us() -> None:
    class Waiting(Ring):
        def get_credential(self, service: str, _: str | None) -> Credential | None:
            time.sleep(4)
            return super().get_credential(service, _)

    keyring.set_keyring(Waiting({}))
    began = time.monotonic()
    with pytest.raises(Held, match="did not answer in time"):
        read(Script(REFUSED), deadline=0.3)
    assert time.monotonic() - began < 3


def test_a_keyring_that_fails_is_reported_at_once() -> None:
    keyring.set_keyring(Ring({"127.0.0.1": ModuleNotFoundError("nope")}))
    with pytest.raises(Held, match=r"the keyring failed: ModuleNotFoundError\('nope'\)"):
        read(Script(REFUSED))


def test_the_usual_port_may_be_left_out() -> None:
    login = {LOGIN: "https://me:secret@h:443"}
    assert Credentials("https://h/simple/", login).auth() is not None
    assert Credentials("https://h:444/simple/", login).auth() is None


def test_no_password_goes_over_plain_http(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mergeship.adapters.index.credentials.LOOPBACK", set())
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    keyring.set_keyring(Ring({"127.0.0.1": SimpleCredential("me", "secret")}))
    script = Script(REFUSED)
    with pytest.raises(Held, match="answered 401"):
        read(script, {"NETRC": str(tmp_path / "netrc")})
    assert [sent(request) for request in script.asked] == [None]


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    script = Script(REFUSED)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    with pytest.raises(Held, match="answered 401") as held:
        read(script, {"NETRC": str(tmp_path / "netrc")})
    assert len(script.asked) == 1
    assert "secret" not in held.value.message
    with pytest.raises(Held, match="answered 401") as held:
        read(script, user="me:secret@")
    assert "secret" not in held.value.message


@pytest.mark.network
def test_a_real_pypiserver_is_read(tmp_path: Path) -> None:
    environment = Venv(tmp_path / "env", dict(os.environ))
    environment.create(tmp_path)
    environment.install(["pypiserver", "setuptools<81"], tmp_path)
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "obk-0.1.1.tar.gz").write_bytes(sdist("obk", "0.1.1"))
    (packages / "obk-0.1.2-py3-none-any.whl").write_bytes(wheel("obk", "0.1.2"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command: list[str | Path] = [
        environment.python,
        "-m",
        "pypiserver",
        "run",
        "--interface",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--disable-fallback", packages]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    listed = index.listing(f"http://127.0.0.1:{port}/simple/", "obk", 10, {})
                    break
                except Held:
                    assert time.monotonic() < until
                    time.sleep(0.1)
            assert sorted(listed.versions) == ["0.1.1", "0.1.2"]
            assert all(len(file.sha256) == 64 or not file.sha256 for file in listed.files)
            assert index.listing(f"http://127.0.0.1:{port}/simple/", "other", 10, {}).versions == ()
        finally:
            server.kill()
