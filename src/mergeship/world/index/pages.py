"""The pages of the simple API: JSON (PEP 691, 700, 714) and HTML (PEP 503)."""

import hashlib
import html
from typing import Any

from packaging.version import Version

from mergeship.world.index.catalog import Catalog, StoredFile, StoredProject

API_VERSION = "1.4"


def project_json(catalog: Catalog, normalized: str, project: StoredProject) -> dict[str, Any]:
    """The JSON page of a project."""
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": catalog.serial},
        "name": normalized,
        "project-status": {"status": "active"},
        "versions": [str(version) for version in sorted(map(Version, project.created))],
        "files": [_file(normalized, project, file) for file in project.files.values()],
    }


def root_json(catalog: Catalog) -> dict[str, Any]:
    """The JSON page of all projects."""
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": catalog.serial},
        "projects": [{"name": project.name} for project in catalog.projects.values()],
    }


def project_html(normalized: str, project: StoredProject) -> str:
    """The HTML page of a project."""
    links = "\n".join(_link(_file(normalized, project, file)) for file in project.files.values())
    return _page(f"Links for {normalized}", links)


def root_html(catalog: Catalog) -> str:
    """The HTML page of all projects."""
    links = "\n".join(f'<a href="/simple/{name}/">{html.escape(p.name)}</a>' for name, p in catalog.projects.items())
    return _page("Simple index", links)


def _file(normalized: str, project: StoredProject, file: StoredFile) -> dict[str, Any]:
    core = {"sha256": hashlib.sha256(file.metadata).hexdigest()} if file.metadata is not None else False
    return {
        "filename": file.filename,
        "url": f"/files/{file.blake2_256}/{file.filename}",
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python or None,
        "size": file.size,
        "upload-time": file.uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "yanked": (project.yanked[file.version] or True) if file.version in project.yanked else False,
        "core-metadata": core,
        "data-dist-info-metadata": core,
        "provenance": f"/integrity/{normalized}/{file.version}/{file.filename}/provenance" if file.provenance else None,
    }


def _link(file: dict[str, Any]) -> str:
    attributes = {"href": f"{file['url']}#sha256={file['hashes']['sha256']}"}
    if file["requires-python"]:
        attributes["data-requires-python"] = file["requires-python"]
    if file["yanked"]:
        attributes["data-yanked"] = "" if file["yanked"] is True else file["yanked"]
    if file["core-metadata"]:
        attributes["data-core-metadata"] = f"sha256={file['core-metadata']['sha256']}"
    if file["provenance"]:
        attributes["data-provenance"] = file["provenance"]
    written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<a {written}>{html.escape(file['filename'])}</a><br/>"


def _page(title: str, body: str) -> str:
    return (
        "<!DOCTYPE html>\n<html>\n<head>\n"
        f'<meta name="pypi:repository-version" content="{API_VERSION}">\n<title>{html.escape(title)}</title>\n'
        f"</head>\n<body>\n<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
