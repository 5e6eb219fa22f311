import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mergeship.adapters import dist, index
from mergeship.adapters.dist import digest
from mergeship.adapters.index import uploading
from mergeship.core import listing
from mergeship.core.distribution import Distribution
from mergeship.core.settings import Index
from mergeship.errors import Failed, Held, Misconfigured
from mergeship.web import client, refuse_clear
from mergeship.world.fault import Fault
from mergeship.world.index.catalog import Catalog
from tests.archives import wheel
from tests.conftest import TOKEN
from tests.servers import raw_server, read_request, says

WHEEL = "obk-0.1.1-py3-none-any.whl"


def trickle(connection: socket.socket) -> None:
    """One byte now and then: no read ever times out, and no answer ever comes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        try:
            connection.sendall(b" ")
        except OSError:
            return
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("settings", "upload", "simple"),
    [
        (Index(), "https://upload.{}/legacy/", "https://{}/simple/"),
        (Index(upload="testpypi"), "https://test.{}/legacy/", "https://test.{}/simple/"),
        (Index(upload="https://h/legacy/"), "https://h/legacy/", "https://h/simple/"),
        (Index(upload="https://h/up", simple="http://h/pages"), "https://h/up", "http://h/pages/"),
    ],
)
def test_addresses_come_from_the_settings(settings: Index, upload: str, simple: str) -> None:
    from twine.utils import DEFAULT_REPOSITORY

    host = DEFAULT_REPOSITORY.split("/")[2].removeprefix("upload.")
    found = index.addresses(settings)
    assert found.upload == upload.format(host)
    assert found.simple == simple.format(host)


@pytest.mark.parametrize(
    "settings",
    [
        Index(simple="https://[bad/simple/"),
        Index(simple="https://h:99999/"),
        Index(simple="https:///x"),
        Index(upload="pypy"),
        Index(upload="https://h/up"),
        Index(simple="ftp://x"),
    ],
)
def test_what_is_no_address_is_refused(settings: Index) -> None:
    with pytest.raises(Misconfigured):
        index.addresses(settings)


def test_an_unknown_project_has_nothing_published(base: str) -> None:
    assert index.listing(f"{base}/simple/", "obk", 5, {}).versions == ()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says("HTTP/1.1 500 Oh no\nContent-Length: 0\n\n"), "answered 500 Oh no"),
        (says("HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n"), "answered 403"),
        (says("HTTP/1.1 200 OK\nContent-Length: 6\n\n<html>"), "did not answer with the JSON"),
        (says("nonsense\n\n"), "cannot be reached"),
        (says(""), "cannot be reached"),
        (trickle, "did not answer in time"),
    ],
)
def test_what_cannot_be_read_is_a_hold(answer: Callable[[socket.socket], None], words: str) -> None:
    with raw_server(answer) as address, pytest.raises(Held, match=words):
        index.listing(address, "obk", 0.5 if answer is trickle else 10, {})


def test_an_index_that_is_down_is_a_hold() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Held, match="cannot be reached"):
        index.listing(f"http://127.0.0.1:{port}/simple/", "obk", 5, {})


def test_a_page_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """T22"""
    monkeypatch.setattr("mergeship.web.LARGEST", 3)
    with (
        raw_server(says("HTTP/1.1 200 OK\nContent-Length: 6\n\n<html>")) as address,
        pytest.raises(Held, match="has more than 3 bytes"),
    ):
        index.listing(address, "obk", 5, {})


def test_a_packed_answer_is_refused() -> None:
    """T22: a few bytes of it may be gigabytes, and none was asked for."""
    packed = gzip.compress(b" " * 10_000_000)

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    with raw_server(answer) as address, pytest.raises(Held, match="compressed"):
        index.listing(address, "obk", 5, {})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/vnd.pypi.simple.v1+json", b'{"files":[' + b'{"filename":"a"},' * 200_001 + b"]}"),
        ("application/vnd.pypi.simple.v1+json", b'{"versions":[' + b'"1",' * 2_000_001 + b"]}"),
        ("text/html", b"<a href=a-1.zip>" * 1_000_001),
    ],
)
def test_a_flood_of_small_things_is_refused(kind: str, body: bytes) -> None:
    """T22: it would take a hundred times its size in memory."""
    parse = listing.parse_html if kind.endswith("html") else listing.parse
    with pytest.raises(Held, match="more than any project has"):
        parse(body, "obk", "the index")


def test_the_index_is_asked_past_its_caches() -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        body = json.dumps({"meta": {"api-version": "1.4"}, "files": [], "versions": ["1"]})
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(read_request(connection))
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    assert index.listing(f"http://127.0.0.1:{listener.getsockname()[1]}/simple/", "obk", 5, {}).versions == ("1",)
    thread.join()
    listener.close()
    assert b"cache-control: no-cache" in asked[0].lower()
    assert b"vnd.pypi.simple.v1+json" in asked[0]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    path = tmp_path / WHEEL
    path.write_bytes(
        wheel(
            "obk",
            "0.1.1",
            extra="Keywords: a,b\nProject-URL: Home, https://example.org\nClassifier: Topic :: Utilities\n",
        )
    )
    return path


def test_a_file_is_taken_and_listed(base: str, catalog: Catalog, built: Path) -> None:
    assert index.upload(f"{base}/legacy/", TOKEN, built, digest(built).sha256, 5).status == 200
    index.wait_until_listed(f"{base}/simple/", "obk", [dist.digest(built)], 5, {})
    assert catalog.uploads == [(WHEEL, 200)]


@pytest.mark.parametrize("words", ["File already exists ('x').", "Straße"])
def test_the_index_s_own_words_come_back(base: str, catalog: Catalog, built: Path, words: str) -> None:
    catalog.faults.append(Fault(400, words))
    answer = index.upload(f"{base}/legacy/", TOKEN, built, digest(built).sha256, 5)
    assert (answer.status, answer.words) == (400, words)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ('HTTP/1.1 409 Conflict\nContent-Length: 26\n\n{"message": "exists here"}', "exists here"),
        ("HTTP/1.1 502 Bad Gateway\nContent-Length: 3\n\nbad", "Bad Gateway"),
        ("HTTP/1.1 400 \nContent-Length: 3\n\nbad", "bad"),
    ],
)
def test_other_indexes_speak_in_the_body(built: Path, response: str, words: str) -> None:
    with raw_server(says(response)) as address:
        assert index.upload(address, TOKEN, built, digest(built).sha256, 5).words == words


def test_other_bytes_than_those_that_were_built_are_not_sent(
    built: Path, base: str, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T10: also if they are changed while they are sent."""
    was = digest(built).sha256
    with pytest.raises(Failed, match="has other bytes than those that were built") as refused:
        index.upload(f"{base}/legacy/", TOKEN, built, "0" * 64, 5)
    assert refused.value.code == "not-as-built"
    form = uploading._form

    def formed(package: Any) -> Any:
        fields = form(package)
        built.write_bytes(built.read_bytes()[:-1] + b"x")
        return fields

    monkeypatch.setattr(uploading, "_form", formed)
    with pytest.raises(Failed, match="has other bytes than those that were built"):
        index.upload(f"{base}/legacy/", TOKEN, built, was, 5)
    assert not catalog.projects


def test_an_upload_that_hangs_ends_at_its_deadline(built: Path) -> None:
    began = time.monotonic()
    with raw_server(lambda _: time.sleep(2)) as address, pytest.raises(Failed, match="did not answer in time"):
        index.upload(address, TOKEN, built, digest(built).sha256, 0.3)
    assert time.monotonic() - began < 10


def test_a_file_that_is_none_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(b"nonsense")
    with pytest.raises(Failed, match=WHEEL):
        index.upload("http://127.0.0.1:9/", TOKEN, tmp_path / WHEEL, digest(tmp_path / WHEEL).sha256, 5)


def test_a_moment_s_trouble_is_waited_out() -> None:
    body = json.dumps({"meta": {"api-version": "1.4"}, "files": [{"filename": WHEEL, "hashes": {"sha256": "a"}}]})
    answers = ["HTTP/1.1 503 Busy\nContent-Length: 0\n\n", f"HTTP/1.1 200 OK\nContent-Length: {len(body)}\n\n{body}"]

    def answer(connection: socket.socket) -> None:
        says(answers.pop(0))(connection)

    with raw_server(answer) as address:
        index.wait_until_listed(address, "obk", [Distribution(WHEEL, 1, "a")], 10, {})
    assert answers == []


def test_a_password_is_not_in_the_message() -> None:
    with pytest.raises(Held) as held:
        index.listing("http://user:secret@127.0.0.1:9/simple/", "obk", 5, {})
    assert "secret" not in held.value.message + held.value.hint


def test_a_release_that_is_never_listed_is_reported(base: str) -> None:
    with pytest.raises(Failed, match=r"after 1\.5 s .* is not listed"):
        index.wait_until_listed(f"{base}/simple/", "obk", [Distribution(WHEEL, 1, "a")], 1.5, {})


def test_many_values_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """T22: a short answer of them is a long one in memory."""
    monkeypatch.setattr("mergeship.web.MOST_VALUES", 5)
    body = "[[],[],[]]"
    answer = says(f"HTTP/1.1 200 OK\nContent-Length: {len(body)}\n\n{body}")
    with raw_server(answer) as address, pytest.raises(Held, match="or 5 values"):
        index.listing(address, "obk", 5, {})


@pytest.mark.parametrize("charset", ["punycode", "undefined", "idna", "rot13", "bz2_codec", "utf-7"])
def test_the_charset_that_an_answer_names_is_not_used(charset: str) -> None:
    """T21: some take for ever, some fail, and some give no text."""
    body = "x" * 50_000

    async def words(address: str) -> str:
        async with client(address) as http:
            return (await http.get(address)).text

    head = f"HTTP/1.1 400 Bad\nContent-Type: text/plain; charset={charset}\nContent-Length: {len(body)}\n\n"
    with raw_server(says(head + body)) as address:
        assert asyncio.run(words(address)) == body


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1"])
def test_a_proxy_that_is_not_known_is_reported(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """T21"""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(Misconfigured, match="cannot be used"):
        client("https://index.example/")


@pytest.mark.parametrize("address", ["http://forge.example/api", "http://10.0.0.1/"])
def test_a_secret_is_sent_nowhere_in_clear(address: str) -> None:
    with pytest.raises(Misconfigured, match="X is http"):
        refuse_clear(address, "X")
    refuse_clear(address.replace("http:", "https:"), "X")
    refuse_clear("http://127.0.0.1:8000/", "X")
