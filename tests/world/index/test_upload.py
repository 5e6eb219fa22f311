"""Every answer of PyPI's upload API that needs no accounts, over HTTP."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from mergeship.world.index.app import application
from mergeship.world.index.catalog import MIB, Catalog, Limits
from mergeship.world.serving import serving
from tests.archives import metadata, sdist, wheel
from tests.conftest import TOKEN

Form = dict[str, list[str]]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path, clock: Clock) -> Catalog:
    return Catalog(tmp_path / "index", token=TOKEN, clock=clock)


class Uploader:
    def __init__(self, base: str) -> None:
        self.base = base
        self.client = httpx2.Client(trust_env=False)

    def __call__(
        self,
        filename: str,
        content: bytes | None,
        *,
        token: str = TOKEN,
        content_type: str = "application/octet-stream",
        files: dict[str, tuple[str, bytes]] | None = None,
        changes: Mapping[str, str | list[str] | None] | None = None,
        **more: str | list[str],
    ) -> tuple[int, str]:
        is_wheel = filename.endswith(".whl")
        name, version = filename.removesuffix(".tar.gz").split("-")[:2] if "-" in filename else ("obk", "0.1.1")
        form: Form = {
            ":action": ["file_upload"],
            "protocol_version": ["1"],
            "metadata_version": ["2.1"],
            "name": [name],
            "version": [version],
            "filetype": ["bdist_wheel" if is_wheel else "sdist"],
            "pyversion": ["py3" if is_wheel else "source"],
            "sha256_digest": [hashlib.sha256(content or b"").hexdigest()],
        }
        for field, value in {**(changes or {}), **more}.items():
            if value is None:
                del form[field]
            else:
                form[field] = value if isinstance(value, list) else [value]
        sent: dict[str, tuple[str, bytes, str] | tuple[str, bytes]] = dict(files or {})
        if content is not None:
            sent["content"] = (filename, content, content_type)
        answer = self.client.post(
            f"{self.base}/legacy/", data=form, files=sent or None, auth=httpx2.BasicAuth("__token__", token)
        )
        return answer.status_code, answer.extensions["reason_phrase"].decode("iso-8859-1")


@pytest.fixture
def upload(base: str) -> Iterator[Uploader]:
    uploader = Uploader(base)
    with uploader.client:
        yield uploader


WHEEL = "obk-0.1.1-py3-none-any.whl"
SDIST = "obk-0.1.1.tar.gz"


def test_the_same_bytes_again_are_accepted_and_change_nothing(upload: Uploader, catalog: Catalog) -> None:
    content = wheel("obk", "0.1.1")
    assert upload(WHEEL, content) == (200, "OK")
    serial = catalog.serial
    assert upload(WHEEL, content) == (200, "OK")
    assert catalog.serial == serial
    assert upload(SDIST, sdist("obk", "0.1.1")) == (200, "OK")
    assert set(catalog.projects["obk"].files) == {WHEEL, SDIST}


def test_other_bytes_under_the_same_name_are_refused(upload: Uploader) -> None:
    upload(WHEEL, wheel("obk", "0.1.1"))
    other = wheel("obk", "0.1.1", {"obk/__init__.py": "# other"})
    digest = hashlib.blake2b(other, digest_size=32).hexdigest()
    status, words = upload(WHEEL, other)
    assert status == 400
    assert words.startswith(f"File already exists ('{WHEEL}', with blake2_256 hash '{digest}').")


def test_the_same_bytes_under_another_name_are_refused(upload: Uploader) -> None:
    content = wheel("obk", "0.1.1")
    upload(WHEEL, content)
    status, words = upload("obk-0.1.1-py2.py3-none-any.whl", content)
    assert (status, words[:19]) == (400, "File already exists")


def test_a_deleted_file_s_name_is_burned(upload: Uploader, catalog: Catalog) -> None:
    upload(WHEEL, wheel("obk", "0.1.1"))
    catalog.delete(WHEEL)
    status, words = upload(WHEEL, wheel("obk", "0.1.1"))
    assert status == 400
    assert words.startswith("This filename was previously used by a file that has since been deleted.")


def test_a_release_is_closed_after_14_days(upload: Uploader, clock: Clock) -> None:
    upload(WHEEL, wheel("obk", "0.1.1"))
    clock.now += timedelta(days=14)
    other = "obk-0.1.1-py2-none-any.whl"
    assert upload(other, wheel("obk", "0.1.1", tag="py2-none-any"))[0] == 200
    clock.now += timedelta(seconds=1)
    words = "Uploading new files to releases older than 14 days is not allowed."
    assert upload(SDIST, sdist("obk", "0.1.1")) == (400, words)
    assert upload(WHEEL, wheel("obk", "0.1.1"))[0] == 200


def test_one_sdist_a_release(upload: Uploader) -> None:
    upload(SDIST, sdist("obk", "0.1.1"))
    status, words = upload("obk-0.1.1.0.tar.gz", sdist("obk", "0.1.1", files={"x": ""}), version="0.1.1")
    assert (status, words) == (400, "Only one sdist may be uploaded per release.")


@pytest.mark.parametrize(
    ("token", "header"),
    [("pypi-other", None), (TOKEN, ""), (TOKEN, "Basic !"), (TOKEN, "Basic /w=="), (TOKEN, "Bearer x")],
)
def test_a_wrong_token_is_refused(base: str, token: str, header: str | None) -> None:
    from base64 import b64encode

    given = "Basic " + b64encode(f"__token__:{token}".encode()).decode() if header is None else header
    answer = httpx2.post(f"{base}/legacy/", headers={"Authorization": given}, trust_env=False)
    assert answer.status_code == 403
    assert answer.reason_phrase.startswith("Invalid or non-existent authentication information.")


def test_permission_comes_before_the_duplicate_check(upload: Uploader) -> None:
    content = wheel("obk", "0.1.1")
    upload(WHEEL, content)
    assert upload(WHEEL, content, token="pypi-revoked")[0] == 403


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol_version": "2"}, "Unknown protocol version."),
        ({"name": "-obk"}, "'-obk' is an invalid value for Name."),
        ({"name": None}, "'' is an invalid value for Name."),
        ({"filetype": "bdist_egg"}, "Invalid value for filetype. Error: Use a known file type."),
        ({"filetype": "UNKNOWN"}, "Invalid value for filetype."),
        ({"pyversion": None}, "Error: Python version is required for binary distribution uploads."),
        ({"sha256_digest": None}, "Error: Include at least one message digest."),
        ({"sha256_digest": "zz"}, "Invalid value for sha256_digest."),
        ({"sha256_digest": "0" * 64}, "The digest supplied does not match a digest calculated"),
        ({"sha256_digest": None, "md5_digest": "0"}, "The digest supplied does not match"),
        ({"version": "one"}, "'one' is invalid for 'version'"),
        ({"version": "0.1.1+local"}, "The use of local versions in <Version('0.1.1+local')> is not allowed."),
        ({"metadata_version": "9.9"}, "'9.9' is not a valid metadata version"),
        ({"metadata_version": ["2.1", "2.2"]}, "'metadata_version' has invalid data"),
        ({"summary": "x" * 513}, "'summary' field must be 512 characters or less."),
        ({"summary": "two\nlines"}, "'summary' must be a single line"),
        ({"author_email": "A <a@b>"}, "'a@b' is not a valid email address"),
        ({"maintainer_email": "A <a b@c.org>"}, "is not a valid email address"),
        ({"classifiers": "Nonsense :: X"}, "'Nonsense :: X' is not a valid classifier."),
        ({"classifiers": "Natural Language :: Ukranian"}, "has been deprecated, use one of"),
        ({"home_page": "not a url"}, "'not a url' is not a valid url."),
        ({"project_urls": "Home, nonsense"}, "'nonsense' is not a valid url"),
        ({"project_urls": ", https://x.org"}, "Must have a label"),
        ({"project_urls": "Home, "}, "Must have a URL"),
        ({"project_urls": f"{'x' * 33}, https://x.org"}, "must be 32 characters or less."),
        ({"requires_dist": "x @ https://x.org/x.zip"}, "Can't have direct dependency: x @ https://x.org/x.zip"),
        ({"provides_dist": "x @ https://x.org/x.zip"}, "Can't have direct dependency"),
        ({"obsoletes_dist": "=="}, "'==' is invalid"),
        ({"attestations": "[]"}, "Invalid attestations supplied during upload: "),
        ({"requires_python": "nonsense"}, "'nonsense' is invalid for 'requires-python'"),
        (
            {"description": "`x", "description_content_type": "text/x-rst"},
            "The description failed to render for 'text/x-rst'.",
        ),
        ({"description": "`x"}, "The description failed to render in the default format of reStructuredText."),
    ],
)
def test_bad_metadata_is_refused_in_pypi_s_words(
    upload: Uploader, catalog: Catalog, changes: dict[str, str | list[str] | None], words: str
) -> None:
    status, reason = upload(WHEEL, wheel("obk", "0.1.1"), changes=changes)
    assert status == 400
    assert words in reason
    assert not catalog.projects


def test_good_metadata_is_taken(upload: Uploader) -> None:
    answer = upload(
        WHEEL,
        wheel("obk", "0.1.1"),
        classifiers="Topic :: Utilities",
        keywords="a, b",
        author_email="A <a@example.org>",
        project_urls=["Home, https://example.org/x?y=z"],
        requires_dist="pytest>=8; extra == 'test'",
        provides_dist="other>=1",
        description="*good*",
        summary="UNKNOWN",
    )
    assert answer == (200, "OK")
    markdown = upload(
        SDIST, sdist("obk", "0.1.1"), description="`x", description_content_type="text/markdown; charset=UTF-8"
    )
    assert markdown == (200, "OK")


def test_a_field_that_is_a_file_is_refused(upload: Uploader) -> None:
    answer = upload(WHEEL, wheel("obk", "0.1.1"), files={"summary": ("x", b"x")})
    assert answer == (400, "summary: Should not be a tuple.")
    assert upload(WHEEL, wheel("obk", "0.1.1"), files={"gpg_signature": ("x", b"x")})[0] == 200


def test_an_upload_without_a_file_is_refused(upload: Uploader, base: str) -> None:
    assert upload(WHEEL, None, files={"gpg_signature": ("x", b"")}) == (400, "Upload payload does not have a file.")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    auth = httpx2.BasicAuth("__token__", TOKEN)
    answer = httpx2.post(f"{base}/legacy/", content=b"--y", headers=broken, auth=auth, trust_env=False)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("filename", "status", "words"),
    [
        ("os-0.1.1-py3-none-any.whl", 400, "isn't allowed (conflict with the Python Standard Library)"),
        ("banned-0.1.1-py3-none-any.whl", 400, "The name 'banned' isn't allowed."),
        ("rival-0.1.1-py3-none-any.whl", 409, "The name 'rival' conflicts with an existing project."),
        ("taken-0.1.1-py3-none-any.whl", 403, "isn't allowed to upload to project 'taken'"),
        ("0bk-0.1.1-py3-none-any.whl", 400, "The name '0bk' is too similar to an existing project."),
        ("o_b_k-0.1.1-py3-none-any.whl", 400, "The name 'o_b_k' is too similar"),
    ],
)
def test_a_new_name_may_be_refused(upload: Uploader, catalog: Catalog, filename: str, status: int, words: str) -> None:
    catalog.prohibited.add("banned")
    catalog.foreign.add("taken")
    catalog.conflicting.add("rival")
    upload(WHEEL, wheel("obk", "0.1.1"))
    answered, reason = upload(filename, wheel(filename.partition("-")[0], "0.1.1"))
    assert answered == status
    assert words in reason


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("obk/0.1.1.whl", "Cannot upload a file with '/' or '\\' in the name."),
        ("obk-0.1.1.exe", "Invalid file extension: Use .tar.gz, .whl or .zip extension."),
        ("obk-0.1.1.tar.gz", "Invalid file extension: Extension .tar.gz is invalid for filetype bdist_wheel."),
        ("obk-0.1.1-cp311-cp311-linux_x86_64.whl", "has an unsupported platform tag 'linux_x86_64'."),
        ("other-0.1.1-py3-none-any.whl", "Start filename for 'obk' with 'obk'."),
        ("OBK-0.1.1-py3-none-any.whl", "should contain the normalized project name 'obk', not 'OBK'."),
        ("obk-0.1.2-py3-none-any.whl", "Version in filename should be '0.1.1' not '0.1.2'."),
        ("obk-0.1.1-1x.whl", "Invalid wheel filename"),
    ],
)
def test_a_bad_wheel_name_is_refused(upload: Uploader, filename: str, words: str) -> None:
    name, _, rest = filename.partition("-")
    content = wheel(name, rest.partition("-")[0])
    status, reason = upload(filename, content, name="obk", version="0.1.1", filetype="bdist_wheel", pyversion="py3")
    assert status == 400
    assert words in reason


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("obk-0.1.01.tar.gz", "Filename 'obk-0.1.01.tar.gz' is invalid, should be 'obk-0.1.1.tar.gz'."),
        ("other-0.1.1.tar.gz", "Start filename for 'obk' with 'obk'."),
        ("obk.tar.gz", "Invalid source distribution filename: obk.tar.gz"),
        ("obk-0.1.1.zip", "Source distributions in .zip are not accepted."),
    ],
)
def test_a_bad_sdist_name_is_refused(upload: Uploader, filename: str, words: str) -> None:
    status, reason = upload(
        filename, sdist("obk", "0.1.1"), name="obk", version="0.1.1", filetype="sdist", pyversion="source"
    )
    assert status == 400
    assert words in reason


def test_a_control_character_in_a_name_is_refused(catalog: Catalog) -> None:
    from mergeship.world.index.upload import RefusedError, Sent, receive

    form = {"metadata_version": ["2.1"], "name": ["obk"], "version": ["1"], "filetype": ["sdist"], "md5_digest": ["0"]}
    with pytest.raises(RefusedError, match="non-printable"):
        receive(catalog, form, Sent("a\x00.tar.gz", "x", io.BytesIO()))


@pytest.mark.parametrize("content_type", ["", "image/png"])
def test_a_missing_content_type_is_refused(upload: Uploader, content_type: str) -> None:
    assert upload(WHEEL, wheel("obk", "0.1.1"), content_type=content_type) == (400, "Invalid distribution file.")


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in ("WHEEL", "RECORD", "METADATA"):
            opened.writestr(f"obk-0.1.1.dist-info/{name}", metadata("obk", "0.1.1"))
        opened.writestr("obk/zeros", bytes(65 * MIB))
    return out.getvalue()


def empty_sdist() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as opened:
        opened.addfile(tarfile.TarInfo("obk-0.1.1/setup.py"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("filename", "content", "words"),
    [
        (WHEEL, b"nonsense", "File is not a zipfile"),
        (WHEEL, wheel("other", "0.1.1"), "WHEEL not found at obk-0.1.1.dist-info/WHEEL"),
        (WHEEL, bomb(), "File exceeds compression ratio of 50"),
        (SDIST, b"nonsense", "File is not a tarfile"),
        (SDIST, empty_sdist(), "PKG-INFO not found at obk-0.1.1/PKG-INFO"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_a_file_that_is_no_distribution_is_refused(upload: Uploader, filename: str, content: bytes, words: str) -> None:
    assert upload(filename, content) == (400, f"Invalid distribution file. {words}")


def test_sizes_are_limited(tmp_path: Path) -> None:
    content = wheel("obk", "0.1.1")
    small = Catalog(tmp_path / "a", token=TOKEN, limits=Limits(file=len(content) - 1))
    with serving(application(small)) as base:
        upload = Uploader(base)
        with upload.client:
            assert upload(WHEEL, content)[1].startswith("File too large. Limit for project 'obk' is 0 MB.")
    full = Catalog(tmp_path / "b", token=TOKEN, limits=Limits(project=len(content)))
    with serving(application(full)) as base:
        upload = Uploader(base)
        with upload.client:
            assert upload(WHEEL, content)[0] == 200
            assert upload(SDIST, sdist("obk", "0.1.1"))[1].startswith("Project size too large.")


@pytest.mark.parametrize(("filetype", "pyversion"), [("sdist", "py3")])
def test_an_sdist_is_of_no_python_version(upload: Uploader, filetype: str, pyversion: str) -> None:
    answer = upload(SDIST, sdist("obk", "0.1.1"), filetype=filetype, pyversion=pyversion)
    assert answer == (400, "Error: Use 'source' as Python version for an sdist.")


def test_the_missing_slash_is_a_permanent_redirect(base: str) -> None:
    answer = httpx2.post(f"{base}/legacy", trust_env=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{base}/legacy/"


def test_the_words_are_in_the_body_too(base: str) -> None:
    as_json = httpx2.post(f"{base}/legacy/", headers={"Accept": "application/json"}, trust_env=False).json()
    assert as_json["code"].startswith("403 Invalid or non-existent")
    page = httpx2.post(f"{base}/legacy/", trust_env=False)
    assert "<title>403 Invalid or non-existent" in page.text
    assert "x-reason-phrase" not in page.headers
