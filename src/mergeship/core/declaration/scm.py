"""Tools that take the version from the repository's tags, and how each is handed a version instead.

| tool | by |
|---|---|
| setuptools-scm, hatch-vcs | https://setuptools-scm.readthedocs.io/en/stable/overrides/ |
| PDM | https://backend.pdm-project.org/metadata/#read-from-scm-tag-supporting-git-and-hg |
| poetry-dynamic-versioning | https://github.com/mtkennerly/poetry-dynamic-versioning#environment-variables |
| uv-dynamic-versioning | https://github.com/ninoseki/uv-dynamic-versioning/blob/main/docs/configuration.md |
| pbr | https://docs.openstack.org/pbr/latest/user/packagers.html |
| versioneer, dunamai | none but a tag of the commit that is built |
"""

import re
from collections.abc import Mapping
from typing import Any

from mergeship.core.declaration import setup_call
from mergeship.core.declaration.cfg_option import parsed
from mergeship.core.declaration.found import Read, Vcs
from mergeship.core.declaration.place import NotWrittenError
from mergeship.core.toml import table

SETUPTOOLS_SCM = Vcs("setuptools-scm", ("SETUPTOOLS_SCM_PRETEND_VERSION", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_<NAME>"))
HATCH_VCS = Vcs("hatch-vcs", SETUPTOOLS_SCM.variables)
PDM_SCM = Vcs("pdm scm", ("PDM_BUILD_SCM_VERSION",))
POETRY_DYNAMIC_VERSIONING = Vcs("poetry-dynamic-versioning", ("POETRY_DYNAMIC_VERSIONING_BYPASS",))
UV_DYNAMIC_VERSIONING = Vcs("uv-dynamic-versioning", ("UV_DYNAMIC_VERSIONING_BYPASS",))
PBR = Vcs("pbr", ("PBR_VERSION",))
DUNAMAI = Vcs("dunamai")


def configured(pyproject: Mapping[str, Any], text: str) -> Vcs | None:
    """The tool that a pyproject.toml sets up for setuptools."""
    tools = table(pyproject, "tool")
    required = _required(pyproject)
    if "setuptools_scm" in tools or "setuptools-scm[simple]" in text.replace("_", "-"):
        return SETUPTOOLS_SCM
    if "versioneer" in tools:
        return _versioneer(tools["versioneer"])
    if "pbr" in required and table(pyproject, "build-system").get("build-backend") == "pbr.build":
        return PBR
    return DUNAMAI if "dunamai" in required else None


def in_script(text: str, read: Read) -> Vcs | None:
    """The tool that a setup.py uses. Raises NotWrittenError for a setup.py that cannot be read."""
    if setup_call.imports(text, "versioneer"):
        try:
            options = parsed(read("setup.cfg") or "")
        except NotWrittenError:
            options = {}
        return _versioneer(options.get("versioneer"))
    if setup_call.imports(text, "dunamai"):
        return DUNAMAI
    given = setup_call.keywords(text)
    if "use_scm_version" in given:
        return SETUPTOOLS_SCM
    return PBR if "pbr" in given else None


def in_options(options: Mapping[str, Mapping[str, str]]) -> Vcs | None:
    """The tool that a setup.cfg names."""
    if "versioneer" in options:
        return _versioneer(options["versioneer"])
    return PBR if "pbr" in options else None


def _versioneer(options: object) -> Vcs:
    prefix = options.get("tag_prefix", "") if isinstance(options, Mapping) else ""
    return Vcs("versioneer", tag_prefix=str(prefix).strip("'\""))


def _required(pyproject: Mapping[str, Any]) -> set[str]:
    requires = table(pyproject, "build-system").get("requires")
    names = (re.match(r"[\w.-]+", str(one)) for one in requires) if isinstance(requires, list) else ()
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in names if match}
