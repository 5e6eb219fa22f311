import json

import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, parse
from mergeship.errors import Held

FILE = {"filename": "obk-0.1.1.tar.gz", "url": "u", "hashes": {"sha256": "A" * 64}, "size": 9}


def page(**changes: object) -> bytes:
    document = {"meta": {"api-version": "1.4"}, "name": "obk", "versions": ["0.1.0", "0.1.1"], "files": [FILE]}
    return json.dumps({**document, **changes}).encode()


def test_a_page_is_read() -> None:
    listing = parse(page(), "url")
    assert listing.versions == ("0.1.0", "0.1.1")
    assert listing.files == (Distribution("obk-0.1.1.tar.gz", 9, "a" * 64),)


def test_an_old_index_has_its_versions_in_the_file_names() -> None:
    names = ["obk-0.1.1.tar.gz", "obk-0.1.2-py3-none-any.whl", "obk-0.1.3.exe", "nonsense.whl"]
    files = [{"filename": name, "hashes": {}} for name in names]
    listing = parse(json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode(), "url")
    assert listing.versions == ("0.1.1", "0.1.2")
    assert listing.files[0] == Distribution("obk-0.1.1.tar.gz", 0, "")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"meta": {}, "files": 1}', b"\xff\xfe"])
def test_what_cannot_be_read_is_a_hold(body: bytes) -> None:
    with pytest.raises(Held, match="did not answer with the JSON"):
        parse(body, "url")


@pytest.mark.parametrize("version", ["2.0", "", None])
def test_another_api_is_a_hold(version: object) -> None:
    with pytest.raises(Held, match="speaks version"):
        parse(page(meta={"api-version": version}), "url")


@pytest.mark.parametrize(
    ("name", "sha256", "words"),
    [
        ("obk-0.1.1.tar.gz", "a" * 64, ""),
        ("obk-0.1.1.tar.gz", "b" * 64, "is listed with sha256 aaaa"),
        ("obk-0.1.2.tar.gz", "a" * 64, "is not listed"),
    ],
)
def test_a_file_is_there_when_its_bytes_are(name: str, sha256: str, words: str) -> None:
    lacking = parse(page(), "url").lacks(Distribution(name, 9, sha256))
    assert words in lacking
    assert bool(lacking) == bool(words)


def test_a_file_without_a_hash_is_not_proven() -> None:
    listing = Listing((), (Distribution("x.whl", 1, ""),))
    assert "(none)" in listing.lacks(Distribution("x.whl", 1, "a"))
