"""Tools that take the version from the repository's tags, and how each is handed a version instead.

| tool | by |
|---|---|
| setuptools-scm, hatch-vcs | https://setuptools-scm.readthedocs.io/en/stable/overrides/ |
| PDM | https://backend.pdm-project.org/metadata/#read-from-scm-tag-supporting-git-and-hg |
| poetry-dynamic-versioning | https://github.com/mtkennerly/poetry-dynamic-versioning#environment-variables |
| uv-dynamic-versioning | https://github.com/ninoseki/uv-dynamic-versioning/blob/main/docs/configuration.md |
| pbr | https://docs.openstack.org/pbr/latest/user/packagers.html |
| versioneer, dunamai, versioningit, setuptools-git-versioning | none but a tag of the commit that is built |
"""

from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from mergeship.core.declaration import setup_call
from mergeship.core.declaration.place import NotWrittenError
from mergeship.core.declaration.version_source import Vcs
from mergeship.core.toml import table

SETUPTOOLS_SCM = Vcs("setuptools-scm", ("SETUPTOOLS_SCM_PRETEND_VERSION", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_<NAME>"))
HATCH_VCS = Vcs("hatch-vcs", SETUPTOOLS_SCM.variables)
PDM_SCM = Vcs("pdm scm", ("PDM_BUILD_SCM_VERSION",))
POETRY_DYNAMIC_VERSIONING = Vcs("poetry-dynamic-versioning", ("POETRY_DYNAMIC_VERSIONING_BYPASS",))
UV_DYNAMIC_VERSIONING = Vcs("uv-dynamic-versioning", ("UV_DYNAMIC_VERSIONING_BYPASS",))
PBR = Vcs("pbr", ("PBR_VERSION",))
DUNAMAI = Vcs("dunamai")
VERSIONINGIT = Vcs("versioningit")
GIT_VERSIONING = Vcs("setuptools-git-versioning")


def configured(pyproject: Mapping[str, Any]) -> Vcs | None:
    """The tool that a pyproject.toml sets up for setuptools."""
    tools = table(pyproject, "tool")
    required = _required(pyproject)
    if "setuptools_scm" in tools or "simple" in required.get("setuptools-scm", ()):
        return SETUPTOOLS_SCM
    if "versioneer" in tools:
        return _versioneer(tools["versioneer"])
    if "versioningit" in tools:
        return VERSIONINGIT
    if table(pyproject, "tool", "setuptools-git-versioning").get("enabled", "setuptools-git-versioning" in tools):
        return GIT_VERSIONING
    if "pbr" in required and table(pyproject, "build-system").get("build-backend") == "pbr.build":
        return PBR
    return DUNAMAI if "dunamai" in required else None


def generated(pyproject: Mapping[str, Any], script: str | None) -> set[str]:
    """Files that such a tool writes: what they hold is of an earlier build."""
    given = setup_call.literals(script, ("use_scm_version",)).get("use_scm_version")
    settings = {**table(pyproject, "tool", "setuptools_scm"), **(given if isinstance(given, dict) else {})}
    return {normpath(str(settings[key])) for key in ("version_file", "write_to") if key in settings}


def in_script(text: str | None, options: Mapping[str, Mapping[str, str]]) -> Vcs | None:
    """The tool that a setup.py uses."""
    try:
        if setup_call.imports(text or "", "versioneer"):
            return _versioneer(options.get("versioneer"))
        if setup_call.imports(text or "", "dunamai"):
            return DUNAMAI
        given = setup_call.keywords(text or "")
    except NotWrittenError:
        return None
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


def _required(pyproject: Mapping[str, Any]) -> dict[str, set[str]]:
    """What the build requires: normalized names, each with its extras."""
    from packaging.requirements import InvalidRequirement, Requirement

    from mergeship.core.names import loosely

    requirements: dict[str, set[str]] = {}
    requires = table(pyproject, "build-system").get("requires")
    for text in requires if isinstance(requires, list) else ():
        try:
            requirement = Requirement(str(text))
        except InvalidRequirement:
            continue  # the build will say so
        requirements.setdefault(loosely(requirement.name), set()).update(map(loosely, requirement.extras))
    return requirements
