"""PyPI's rules for core metadata, above those of the packaging library.

Source: warehouse/forklift/metadata.py, and https://packaging.python.org/specifications/core-metadata/
"""

import email.utils
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from email_validator import EmailNotValidError, validate_email
from packaging.metadata import InvalidMetadata, Metadata, RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from rfc3986 import uri_reference
from rfc3986.exceptions import ValidationError
from rfc3986.validators import Validator
from trove_classifiers import classifiers, deprecated_classifiers

SEE = "See https://packaging.python.org/specifications/core-metadata for more information."
MAX_SUMMARY = 512
MAX_LABEL = 32
_TEXTS = {
    "metadata_version", "name", "version", "summary", "description", "home_page", "author", "author_email", "license",
    "download_url", "maintainer", "maintainer_email", "requires_python", "description_content_type",
    "license_expression",
}  # fmt: skip
_LISTS = {
    "platform": "platforms", "supported_platform": "supported_platforms", "classifiers": "classifiers",
    "requires": "requires", "provides": "provides", "obsoletes": "obsoletes", "requires_dist": "requires_dist",
    "provides_dist": "provides_dist", "obsoletes_dist": "obsoletes_dist", "requires_external": "requires_external",
    "provides_extra": "provides_extra", "dynamic": "dynamic", "license_file": "license_files",
}  # fmt: skip
_FIRST = ("metadata-version", "name", "version")


class RefusedMetadataError(ValueError):
    """The message is PyPI's."""


def parse(form: Mapping[str, Sequence[str]]) -> Metadata:
    """The metadata in an upload form, checked. Raises RefusedMetadataError for the first thing that is wrong."""
    try:
        metadata = Metadata.from_raw(_raw(form))
        wrong = list(_rules(metadata))
    except ExceptionGroup as group:
        wrong = [error for error in group.exceptions if isinstance(error, InvalidMetadata)]
        if len(wrong) != len(group.exceptions):
            raise
    if wrong:
        first = min(wrong, key=lambda error: (_rank(error.field), error.field))
        text = str(first)
        raise RefusedMetadataError(f"{text}{'' if text.endswith('.') else '.'} {SEE}")
    return metadata


def _rank(field: str) -> int:
    return _FIRST.index(field) if field in _FIRST else len(_FIRST)


def _raw(form: Mapping[str, Sequence[str]]) -> RawMetadata:
    raw: dict[str, object] = {}
    wrong = []
    for field, values in form.items():
        if field in _TEXTS and len(values) == 1:
            raw[field] = values[0]
        elif field in _LISTS:
            raw[_LISTS[field]] = list(values)
        elif field == "keywords" and len(values) == 1:
            raw[field] = [keyword.strip() for keyword in values[0].split(",")]
        elif field == "project_urls":
            raw[field] = {label.strip(): url.strip() for label, _, url in (value.partition(",") for value in values)}
        elif field in _TEXTS | {"keywords"}:
            wrong.append(InvalidMetadata(field.replace("_", "-"), f"{field!r} has invalid data"))
    if wrong:
        raise ExceptionGroup("unparsed", wrong)
    return cast("RawMetadata", raw)


def _rules(metadata: Metadata) -> Iterator[InvalidMetadata]:
    if metadata.version.local:
        yield InvalidMetadata("version", f"The use of local versions in {metadata.version!r} is not allowed.")
    if metadata.summary and len(metadata.summary) > MAX_SUMMARY:
        yield InvalidMetadata("summary", f"'summary' field must be {MAX_SUMMARY} characters or less.")
    yield from _addresses("author-email", metadata.author_email)
    yield from _addresses("maintainer-email", metadata.maintainer_email)
    yield from _classifiers(metadata.classifiers or [])
    yield from _urls(metadata)
    yield from _requirements(metadata)


def _addresses(field: str, value: str | None) -> Iterator[InvalidMetadata]:
    _, address = email.utils.parseaddr(value or "")
    if not address:
        return
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        yield InvalidMetadata(field, f"{address!r} is not a valid email address: {error}")


def _classifiers(given: Sequence[str]) -> Iterator[InvalidMetadata]:
    for classifier in sorted(set(given)):
        if classifier in deprecated_classifiers:
            instead = deprecated_classifiers[classifier]
            use = f", use one of {instead} instead" if instead else ""
            yield InvalidMetadata("classifier", f"The classifier {classifier!r} has been deprecated{use}.")
        elif classifier not in classifiers:
            yield InvalidMetadata("classifier", f"{classifier!r} is not a valid classifier.")


def _urls(metadata: Metadata) -> Iterator[InvalidMetadata]:
    for field, url in (("home-page", metadata.home_page), ("download-url", metadata.download_url)):
        if url is not None and not _is_url(url):
            yield InvalidMetadata(field, f"{url!r} is not a valid url.")
    for label, url in (metadata.project_urls or {}).items():
        if not label:
            yield InvalidMetadata("project-url", "Must have a label")
        elif len(label) > MAX_LABEL:
            yield InvalidMetadata("project-url", f"{label!r} must be {MAX_LABEL} characters or less.")
        elif not url:
            yield InvalidMetadata("project-url", "Must have a URL")
        elif not _is_url(url):
            yield InvalidMetadata("project-url", f"{url!r} is not a valid url")


def _is_url(url: str) -> bool:
    checks = Validator().allow_schemes("http", "https").require_presence_of("scheme").check_validity_of("path", "query")
    try:
        checks.validate(uri_reference(url).normalize())
    except ValidationError:
        return False
    return True


def _requirements(metadata: Metadata) -> Iterator[InvalidMetadata]:
    for field, texts in (
        ("provides-dist", metadata.provides_dist),
        ("obsoletes-dist", metadata.obsoletes_dist),
    ):
        for text in texts or []:
            try:
                requirement = Requirement(text)
            except InvalidRequirement as error:
                yield InvalidMetadata(field, f"{text!r} is invalid: {error}")
                continue
            if requirement.url is not None:
                yield InvalidMetadata(field, f"Can't have direct dependency: {text!r}")
    for requirement in metadata.requires_dist or []:
        if requirement.url is not None:
            yield InvalidMetadata("requires-dist", f"Can't have direct dependency: {requirement}")
