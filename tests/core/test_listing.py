import json
from datetime import UTC, datetime

import pytest

from mergeship.core.distribution import Distribution
from mergeship.core.listing import Listing, Published, parse, parse_html, version_of
from mergeship.errors import Held

FILE = {"filename": "obk-0.1.1.tar.gz", "url": "u", "hashes": {"sha256": "A" * 64}, "size": 9}


def page(**changes: object) -> bytes:
    document = {"meta": {"api-version": "1.4"}, "name": "obk", "versions": ["0.1.0", "0.1.1"], "files": [FILE]}
    return json.dumps({**document, **changes}).encode()


def test_a_page_is_read() -> None:
    listing = parse(page(), "obk", "url")
    assert listing.versions == ("0.1.0", "0.1.1")
    assert listing.files == (Distribution("obk-0.1.1.tar.gz", 9, "a" * 64),)


def test_an_old_index_has_its_versions_in_the_file_names() -> None:
    names = ["obk-0.1.1.tar.gz", "obk-0.1.2-py3-none-any.whl"]
    files = [{"filename": name, "hashes": {}} for name in names]
    listing = parse(json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode(), "obk", "url")
    assert listing.versions == ("0.1.1", "0.1.2")
    assert listing.files[0] == Distribution("obk-0.1.1.tar.gz", 0, "")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"meta": {}, "files": 1}', b"\xff\xfe"])
def test_what_cannot_be_read_is_a_hold(body: bytes) -> None:
    with pytest.raises(Held, match="did not answer with the JSON"):
        parse(body, "obk", "url")


@pytest.mark.parametrize("version", ["2.0", "", None])
def test_another_api_is_a_hold(version: object) -> None:
    with pytest.raises(Held, match="of the simple API"):
        parse(page(meta={"api-version": version}), "obk", "url")


@pytest.mark.parametrize(
    ("name", "sha256", "words"),
    [
        ("obk-0.1.1.tar.gz", "a" * 64, ""),
        ("obk-0.1.1.tar.gz", "b" * 64, "is listed with sha256 aaaa"),
        ("obk-0.1.2.tar.gz", "a" * 64, "is not listed"),
    ],
)
def test_a_file_is_there_when_its_bytes_are(name: str, sha256: str, words: str) -> None:
    lacking = parse(page(), "obk", "url").lacks(Distribution(name, 9, sha256))
    assert words in lacking
    assert bool(lacking) == bool(words)


def test_a_file_without_a_hash_is_not_proven() -> None:
    listing = Listing((), (Distribution("x.whl", 1, ""),))
    assert "(none)" in listing.lacks(Distribution("x.whl", 1, "a"))


def file(name: str, day: str = "", *, yanked: bool | str = False) -> dict[str, object]:
    return {"filename": name, "hashes": {}, "upload-time": f"{day}T10:00:00Z" if day else None, "yanked": yanked}


def test_the_reason_says_when_and_whether_it_was_yanked() -> None:
    files = [
        file("obk-0.1.5.tar.gz", "2026-11-19", yanked="broken"),
        file("obk-0.1.6.tar.gz", "2026-11-21"),
        file("obk-0.1.6-py3-none-any.whl", "2026-11-20", yanked=True),
    ]
    listing = parse(page(versions=["0.1.4", "0.1.5", "0.1.6", "2004d"], files=files), "obk", "url")
    assert listing.published == (
        Published("0.1.4"),
        Published("0.1.5", "2026-11-19", yanked=True, uploaded_at=datetime(2026, 11, 19, 10, tzinfo=UTC)),
        Published("0.1.6", "2026-11-20", uploaded_at=datetime(2026, 11, 21, 10, tzinfo=UTC)),
        Published("2004d"),
    )
    assert [used.reason for used in listing.used] == [
        "the index has 0.1.4",
        "the index has 0.1.5 (yanked), uploaded 2026-11-19",
        "the index has 0.1.6, uploaded 2026-11-20",
    ]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("obk-0.1.0-py2.7.egg", "0.1.0"),
        ("obk-0.1.0.win32.exe", "0.1.0"),
        ("obk-0.1.0-1.noarch.rpm", "0.1.0"),
        ("obk-0.1.0-1.tar.gz", "0.1.0-1"),
        ("obk-x-0.1.0.tar.bz2", ""),
        ("obk-0.1.0rc1.tgz", "0.1.0rc1"),
        ("obk-0.1.0.linux-x86_64.tar.gz", "0.1.0"),
        ("obk-latest.zip", ""),
        ("other-0.9.0.tar.gz", ""),
        ("obk-0.1.0_1.tar.gz", ""),
        ("obk.tar.gz", ""),
        ("obk-0.1.0.txt", ""),
    ],
)
def test_old_formats_count_too(name: str, version: str) -> None:
    listing = parse(page(versions=["0.0.1"], files=[file("obk-0.0.1.tar.gz"), file(name)]), "obk", "url")
    assert listing.versions == tuple(filter(None, ["0.0.1", version]))
    if not version:
        with pytest.raises(Held, match="lists a file whose name has no version"):
            parse(page(versions=[], files=[file("obk-0.0.1.tar.gz"), file(name)]), "obk", "url")


def test_files_that_tell_no_version_are_a_hold() -> None:
    with pytest.raises(Held, match=r"lists a file whose name has no version: obk-latest\.zip"):
        parse(page(versions=[], files=[file("obk-latest.zip")]), "obk", "url")


HTML = """\
<!DOCTYPE html>
<html><head><title>Links for obk</title></head><body>
<a href="../../files/obk-0.1.1.tar.gz#sha256=ABC">obk-0.1.1.tar.gz</a><br>
<A HREF='https://h/obk-0.1.2%2Bl-py3-none-any.whl?x=1#md5=d' data-yanked="no &amp; no">obk</A>
<a href="/login">Log in</a> <a>nothing</a> <a href="http://[bad/x.whl">broken</a>
</body></html>
"""


def test_a_page_of_html_is_read() -> None:
    listing = parse_html(HTML.encode(), "obk", "url")
    assert listing.published == (Published("0.1.1"), Published("0.1.2+l", yanked=True))
    assert listing.files == (
        Distribution("obk-0.1.1.tar.gz", 0, "abc"),
        Distribution("obk-0.1.2+l-py3-none-any.whl", 0, ""),
    )


@pytest.mark.parametrize(
    "page", ["<h1>Links for obk</h1>", '<meta name="pypi:repository-version" content="1.3"><p>nothing']
)
def test_an_empty_page_of_the_simple_api_is_nothing_published(page: str) -> None:
    assert parse_html(page.encode(), "obk", "url") == Listing()


@pytest.mark.parametrize(
    "page",
    ["", "<h1>Log in</h1>", "<a href='/x.html'>x</a>", "\0\ud800".encode("utf-8", "surrogatepass").decode("latin-1")],
)
def test_any_other_page_is_a_hold(page: str) -> None:
    with pytest.raises(Held, match="does not say that it is of the simple API"):
        parse_html(page.encode(), "obk", "url")


def test_html_of_another_api_is_a_hold() -> None:
    with pytest.raises(Held, match=r"has version 2\.0"):
        parse_html(b'<meta name="pypi:repository-version" content="2.0">', "obk", "url")


@pytest.mark.parametrize(
    "text",
    ['{"meta": {"api-version": "1.4"}, "files": [], "versions": [], "project-status": {"status": "quarantined"}}'],
)
def test_a_project_in_quarantine_is_a_hold(text: str) -> None:
    with pytest.raises(Held, match="in quarantine"):
        parse(text.encode(), "obk", "url")
    html = '<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="quarantined">'
    with pytest.raises(Held, match="in quarantine"):
        parse_html(html.encode(), "obk", "url")
    archived = text.replace("quarantined", "archived")
    assert parse(archived.encode(), "obk", "url") == Listing()


def test_the_links_of_another_project_are_none_of_ours() -> None:
    with pytest.raises(Held, match="does not say that it is of the simple API"):
        parse_html(b"<body>Links for you</body>", "obk", "url")
    assert parse_html(b"<h1>links for O.B_k</h1>", "o-b-k", "url") == Listing()


@pytest.mark.parametrize("mark", [b"<!--", b"<a ", b"<?", b"<![CDATA[", b"</a ", b"<a " + b"a " * 40_000 + b">"])
def test_html_that_is_made_to_be_slow_is_refused(mark: bytes) -> None:
    """T22: each mark without an end is looked for to the end of the page."""
    with pytest.raises(Held, match="its tags have no end"):
        parse_html(b'<meta name="pypi:repository-version" content="1.0">' + mark * 101, "obk", "url")


@pytest.mark.parametrize(
    "name", ["obk-1.0-" + "-".join(".".join(f"x{n}" for n in range(30)) for _ in "123") + ".whl", "obk-9-" + "9" * 200]
)
def test_a_name_takes_no_time_and_no_memory(name: str) -> None:
    """T22: a short name of a wheel may stand for millions of tags."""
    assert version_of(name, "obk") in {"1.0", ""}


def test_a_name_longer_than_any_is_no_page_of_an_index() -> None:
    with pytest.raises(Held, match="simple API"):
        parse(page(files=[file("-" * 301 + ".egg")]), "obk", "url")
    assert parse_html(b'<h1>Links for obk</h1><a href="/' + b"x" * 301 + b'.whl">x</a>', "obk", "url").files == ()
