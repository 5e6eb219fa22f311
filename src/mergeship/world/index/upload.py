"""What PyPI checks of an upload, in its order, with its answers. Source: warehouse/forklift/legacy.py."""

import hashlib
import hmac
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import msgspec
from packaging.metadata import Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion

from mergeship.core import archive
from mergeship.core.archive import BadArchiveError, Contents
from mergeship.core.distribution import refused_platforms, sdist_name
from mergeship.world.identity import Publisher
from mergeship.world.index import attestations
from mergeship.world.index import metadata as rules
from mergeship.world.index.catalog import MIB, Catalog, StoredFile, StoredProject

HELP = "See /help/#{} for more information."
EXTENSIONS = {"sdist": (".tar.gz", ".zip"), "bdist_wheel": (".whl",)}
_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_STDLIB = {canonicalize_name(name.strip("_")) for name in sys.stdlib_module_names}
_BOMB_SIZE = 64 * MIB
_BOMB_RATIO = 50


class RefusedError(Exception):
    """An answer other than 200: the words travel in the reason phrase."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = headers


class Sent(msgspec.Struct, frozen=True):
    """The file in an upload."""

    filename: str
    content_type: str
    stream: BinaryIO


def receive(
    catalog: Catalog, form: Mapping[str, Sequence[str]], sent: Sent | None, publisher: Publisher | None = None
) -> None:
    """Take one file, or raise RefusedError as PyPI would. The same file again changes nothing.

    `publisher` is who uploads, if no stored token does.
    """
    with catalog.lock:
        _receive(catalog, form, sent, publisher)


def _receive(
    catalog: Catalog, form: Mapping[str, Sequence[str]], sent: Sent | None, publisher: Publisher | None
) -> None:
    form = {field: [value for value in values if value.strip() != "UNKNOWN"] for field, values in form.items()}
    form = {field: values for field, values in form.items() if values}
    _check_form(form)
    try:
        metadata = rules.parse(form)
    except rules.RefusedMetadataError as error:
        raise RefusedError(400, str(error)) from error
    if sent is None:
        raise RefusedError(400, "Upload payload does not have a file.")
    project = catalog.project(metadata.name)
    if project is None:
        _check_new_name(catalog, metadata.name)
    _check_description(metadata)
    filetype = form["filetype"][0]
    _check_filename(sent, filetype)
    catalog.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=catalog.folder) as folder:
        content = Path(folder) / "content"
        size = _store(catalog, metadata.name, project, sent, content)
        digests = _check_digests(form, content)
        if _is_known(catalog, sent.filename, digests):
            return
        _check_release(catalog, project, metadata, filetype)
        inside = _look_inside(content, sent.filename)
        _check_names(metadata, sent.filename, filetype)
        provenance = _provenance(catalog, form, publisher, sent.filename, digests["sha256"])
        catalog.add(
            metadata.name,
            StoredFile(
                filename=sent.filename,
                version=str(metadata.version),
                filetype=filetype,
                size=size,
                sha256=digests["sha256"],
                blake2_256=digests["blake2_256"],
                uploaded=catalog.clock(),
                requires_python=str(metadata.requires_python or ""),
                metadata=inside.metadata if filetype == "bdist_wheel" else None,
                provenance=provenance,
            ),
            content,
        )


def _provenance(
    catalog: Catalog, form: Mapping[str, Sequence[str]], publisher: Publisher | None, filename: str, sha256: str
) -> bytes:
    """The attestations that come with a file, once they hold."""
    if "attestations" not in form:
        return b""
    try:
        if publisher is None or catalog.sigstore is None:
            raise attestations.InvalidError("Attestations are only supported when using Trusted Publishing")
        return attestations.provenance(form["attestations"][0], publisher, catalog.sigstore, filename, sha256)
    except attestations.InvalidError as error:
        raise RefusedError(400, f"Invalid attestations supplied during upload: {error}") from error


def _check_form(form: Mapping[str, Sequence[str]]) -> None:
    if form.get("protocol_version", ["1"])[0] != "1":
        raise RefusedError(400, "Unknown protocol version.")
    name = form.get("name", [""])[0]
    if not _NAME.fullmatch(name):
        words = "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
        raise RefusedError(400, f"{name!r} is an invalid value for Name. Error: {words} {rules.SEE}")
    filetype = form.get("filetype", [""])[0]
    if filetype not in EXTENSIONS:
        raise RefusedError(400, "Invalid value for filetype. Error: Use a known file type.")
    for digest, title in (("sha256_digest", "SHA256"), ("blake2_256_digest", "BLAKE2")):
        if digest in form and not _DIGEST.fullmatch(form[digest][0]):
            raise RefusedError(
                400, f"Invalid value for {digest}. Error: Use a valid, hex-encoded, {title} message digest."
            )
    pyversion = form.get("pyversion", [""])[0]
    if filetype != "sdist" and not pyversion:
        raise RefusedError(400, "Error: Python version is required for binary distribution uploads.")
    if filetype == "sdist" and pyversion not in {"", "source"}:
        raise RefusedError(400, "Error: Use 'source' as Python version for an sdist.")
    if not {"md5_digest", "sha256_digest", "blake2_256_digest"} & set(form):
        raise RefusedError(400, "Error: Include at least one message digest.")


def _check_new_name(catalog: Catalog, name: str) -> None:
    normalized = canonicalize_name(name)
    page = HELP.format("project-name")
    if normalized in catalog.foreign:
        raise RefusedError(403, f"The user 'rehearsal' isn't allowed to upload to project {name!r}. {page}")
    if normalized in catalog.conflicting:
        raise RefusedError(409, f"The name {name!r} conflicts with an existing project. {page}")
    if normalized in catalog.prohibited:
        raise RefusedError(400, f"The name {name!r} isn't allowed. {page}")
    if normalized in _STDLIB:
        raise RefusedError(400, f"The name {name!r} isn't allowed (conflict with the Python Standard Library). {page}")
    for other in (*catalog.projects, *catalog.foreign):
        if _confusable(other) == _confusable(normalized):
            raise RefusedError(400, f"The name {name!r} is too similar to an existing project. {page}")


def _confusable(name: str) -> str:
    return re.sub(r"[._-]", "", name).translate(str.maketrans("lio", "110"))


def _check_description(metadata: Metadata) -> None:
    if not metadata.description:
        return
    given = metadata.description_content_type
    if (given or "text/x-rst").partition(";")[0].strip() != "text/x-rst":
        return  # markdown and plain text always render
    from readme_renderer import rst

    if rst.render(metadata.description) is None:
        what = f"for '{given}'" if given else "in the default format of reStructuredText"
        raise RefusedError(400, f"The description failed to render {what}. {HELP.format('description-content-type')}")


def _check_filename(sent: Sent, filetype: str) -> None:
    name = sent.filename
    if not name.isprintable():
        words = "non-printable characters (ordinals 0-31) or the DEL character (ordinal 127)"
        raise RefusedError(400, f"Cannot upload a file with {words} in the name.")
    if "/" in name or "\\" in name:
        raise RefusedError(400, "Cannot upload a file with '/' or '\\' in the name.")
    extension = next((end for ends in EXTENSIONS.values() for end in ends if name.endswith(end)), None)
    see = "See https://www.python.org/dev/peps/pep-0527"
    if extension is None:
        raise RefusedError(400, f"Invalid file extension: Use .tar.gz, .whl or .zip extension. {see}")
    if extension not in EXTENSIONS[filetype]:
        words = f"Extension {extension} is invalid for filetype {filetype}."
        raise RefusedError(400, f"Invalid file extension: {words} {see} for more information.")
    if not sent.content_type or sent.content_type.startswith("image/"):
        raise RefusedError(400, "Invalid distribution file.")


def _store(catalog: Catalog, name: str, project: StoredProject | None, sent: Sent, content: Path) -> int:
    with content.open("wb") as file:
        shutil.copyfileobj(sent.stream, file)
    size = content.stat().st_size
    limits = catalog.limits
    if size > limits.file:
        words = f"File too large. Limit for project {name!r} is {limits.file // MIB} MB."
        raise RefusedError(400, f"{words} {HELP.format('file-size-limit')}")
    held = sum(file.size for file in project.files.values()) if project else 0
    if size + held > limits.project:
        words = f"Limit for project {name!r} total size is {limits.project // (1024 * MIB)} GB."
        raise RefusedError(400, f"Project size too large. {words} {HELP.format('project-size-limit')}")
    return size


def _check_digests(form: Mapping[str, Sequence[str]], content: Path) -> dict[str, str]:
    data = content.read_bytes()
    digests = {
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "blake2_256": hashlib.blake2b(data, digest_size=32).hexdigest(),
    }
    for name, digest in digests.items():
        given = form.get(f"{name}_digest")
        if given and not hmac.compare_digest(given[0].lower().encode(), digest.encode()):
            words = "The digest supplied does not match a digest calculated from the uploaded file."
            raise RefusedError(400, words)
    return digests


def _is_known(catalog: Catalog, filename: str, digests: Mapping[str, str]) -> bool:
    """Whether this very file is there already. Raises RefusedError for its name or its bytes under another."""
    for project in catalog.projects.values():
        for file in project.files.values():
            if file.filename != filename and file.blake2_256 != digests["blake2_256"]:
                continue
            if file.filename == filename and file.sha256 == digests["sha256"]:
                return True
            words = f"File already exists ({filename!r}, with blake2_256 hash {digests['blake2_256']!r})."
            raise RefusedError(400, f"{words} {HELP.format('file-name-reuse')}")
    if filename in catalog.burned:
        words = "This filename was previously used by a file that has since been deleted. Use a different version."
        raise RefusedError(400, f"{words} {HELP.format('file-name-reuse')}")
    return False


def _check_release(catalog: Catalog, project: StoredProject | None, metadata: Metadata, filetype: str) -> None:
    version = str(metadata.version)
    if project is None or version not in project.created:
        return
    if catalog.clock() - project.created[version] > timedelta(days=catalog.limits.release_days):
        days = catalog.limits.release_days
        raise RefusedError(400, f"Uploading new files to releases older than {days} days is not allowed.")
    if filetype == "sdist" and any(
        file.filetype == "sdist" and file.version == version for file in project.files.values()
    ):
        raise RefusedError(400, "Only one sdist may be uploaded per release.")


def _look_inside(content: Path, filename: str) -> Contents:
    try:
        with content.open("rb") as stream:
            if filename.endswith(".zip"):
                raise BadArchiveError("Source distributions in .zip are not accepted.")
            if filename.endswith(".whl"):
                _refuse_bomb(content)
                return archive.read_wheel(stream, filename)
            return archive.read_sdist(stream)
    except BadArchiveError as error:
        raise RefusedError(400, f"Invalid distribution file. {error}") from error


def _refuse_bomb(content: Path) -> None:
    import zipfile

    if not zipfile.is_zipfile(content):
        raise BadArchiveError("File is not a zipfile")
    with zipfile.ZipFile(content) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > _BOMB_SIZE and unpacked / content.stat().st_size > _BOMB_RATIO:
        raise BadArchiveError(f"File exceeds compression ratio of {_BOMB_RATIO}")


def _check_names(metadata: Metadata, filename: str, filetype: str) -> None:
    name, version = metadata.name, str(metadata.version)
    normalized = canonicalize_name(name).replace("-", "_")
    if filetype == "sdist":
        try:
            named, _ = parse_sdist_filename(filename)
        except (InvalidSdistFilename, InvalidVersion) as error:
            raise RefusedError(400, f"Invalid source distribution filename: {filename}") from error
        if named != canonicalize_name(name):
            raise RefusedError(400, f"Start filename for {name!r} with {normalized!r}.")
        if filename != sdist_name(name, version):
            raise RefusedError(400, f"Filename {filename!r} is invalid, should be {sdist_name(name, version)!r}.")
        return
    try:
        named, in_name, _, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise RefusedError(400, str(error)) from error
    refused = refused_platforms(tags)
    if refused:
        raise RefusedError(400, f"Binary wheel {filename!r} has an unsupported platform tag {refused[0]!r}.")
    if named != canonicalize_name(name):
        raise RefusedError(400, f"Start filename for {name!r} with {normalized!r}.")
    if filename.partition("-")[0] != normalized:
        words = f"should contain the normalized project name {normalized!r}, not {filename.partition('-')[0]!r}"
        raise RefusedError(400, f"Filename {filename!r} {words}.")
    if in_name != metadata.version:
        raise RefusedError(400, f"Version in filename should be {version!r} not {str(in_name)!r}.")
