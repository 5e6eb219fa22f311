"""Which environment variables a process gets: an allow-list, so that a secret has to be let in by name."""

import re
from collections.abc import Mapping, Sequence

from mergeship.errors import Misconfigured

INDEX_TOKEN = "PYPI_API_TOKEN"  # noqa: S105 - a name
FORGE_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - a name

# What a program needs to find its files, its language and its network.
PLAIN = frozenset({
    "ALL_PROXY", "CI", "COLUMNS", "CURL_CA_BUNDLE", "FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_REF", "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID", "GITHUB_SHA", "GITHUB_WORKSPACE", "GIT_PAGER", "GIT_SSL_CAINFO", "GIT_TERMINAL_PROMPT", "HOME",
    "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LOGNAME", "NO_COLOR", "NO_PROXY", "PAGER",
    "PATH", "PYENV_ROOT", "PYTHONUNBUFFERED", "PYTHONUTF8", "REQUESTS_CA_BUNDLE",
    "RUNNER_TRACKING_ID", "RUSTUP_HOME", "SHELL", "SSL_CERT_DIR", "SSL_CERT_FILE", "SYSTEMROOT",
    "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
    "XDG_DATA_HOME", "all_proxy", "http_proxy", "https_proxy", "no_proxy",
    "MERGESHIP_SANDBOX",
})  # fmt: skip
# What an installer needs besides: where packages come from. An address may hold a password, so tests never see these.
INSTALLER = frozenset({
    "NETRC", "PIP_CACHE_DIR", "PIP_CERT", "PIP_CONFIG_FILE", "PIP_CONSTRAINT", "PIP_DEFAULT_TIMEOUT",
    "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST", "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_INDEX", "UV_INDEX_URL", "UV_LINK_MODE", "UV_NATIVE_TLS", "UV_NO_CACHE",
    "UV_NO_CONFIG", "UV_OFFLINE", "UV_PYTHON", "UV_PYTHON_DOWNLOADS", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_PREFERENCE",
    "UV_SYSTEM_CERTS",
})  # fmt: skip


PASSED = "MERGESHIP_PASS_ENV"
"""Names of more variables that reach tests and builds."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"(^|_)([A-Z0-9]*(TOKENS?|SECRETS?|KEYS?|PASSWORDS?)|PASS|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)(_|$)"
    r"|^ACTIONS_|^MERGESHIP_",
    re.IGNORECASE,
)
_TOOLS = re.compile(
    r"CC|CXX|FC|AR|LD|\w*FLAGS|(CARGO|RUSTC|MATURIN|CMAKE|SKBUILD|SETUPTOOLS|MESON|PKG_CONFIG|CUDA)\w*|(LD_)?LIBRARY_PATH"
    r"|CPATH|C_INCLUDE_PATH"
)


OWN_HOME = "MERGESHIP_HOME"
"""A home for the stages of workflows; who names one says that no pull request's code can write there."""


def with_own_home(environ: Mapping[str, str], room: str) -> dict[str, str]:
    """The environment with a home below an absolute folder, new as its configuration and its caches are.

    What mergeship remembers stays where it is, and so do interpreters: they were installed as mergeship itself was.
    With MERGESHIP_HOME that is the home, and caches are where the environment says.
    """
    home, named = environ.get("HOME") or "/nonexistent", environ.get(OWN_HOME)
    kept = {name: value for name, value in environ.items() if not name.startswith("XDG_")}
    own = {"UV_CACHE_DIR": f"{room}/home/.cache/uv", "PIP_CACHE_DIR": f"{room}/home/.cache/pip"}
    return {
        "UV_PYTHON_INSTALL_DIR": f"{environ.get('XDG_DATA_HOME') or f'{home}/.local/share'}/uv/python",
        "PYENV_ROOT": f"{home}/.pyenv",
        "RUSTUP_HOME": f"{home}/.rustup",
        **kept,
        **({} if named else own),
        "HOME": named or f"{room}/home",
        "TMPDIR": f"{room}/tmp",  # noqa: S108 - of the room
        "XDG_STATE_HOME": environ.get("XDG_STATE_HOME") or f"{home}/.local/state",
    }


def holds_password(environ: Mapping[str, str]) -> bool:
    """Whether an installer's environment has the password of a package source or of a proxy, or a file of them."""
    from mergeship.core.text import without_password

    return "NETRC" in environ or any(without_password(value) != value for value in environ.values())


def for_project(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for the project's own code: no secret, no package source, no password of a proxy."""
    from mergeship.core.text import without_password

    allowed = PLAIN | _passed(environ)
    return {
        name: without_password(value) if name.upper().endswith("_PROXY") else value
        for name, value in environ.items()
        if name in allowed
    }


def for_installer(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv, pip and git: that of the project, and where packages come from."""
    allowed = PLAIN | INSTALLER | _passed(environ)
    return {name: value for name, value in environ.items() if name in allowed}


def passing(environ: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The environment with more variables that reach tests and builds. Raises Misconfigured for a secret."""
    for name in names:
        if not _NAME.fullmatch(name) or _is_secret(name):
            why = "may hold a secret" if _NAME.fullmatch(name) else "is no variable's name"
            hint = "tests and builds get no secret, whoever wants it"
            raise Misconfigured("bad-setting", f"[tool.mergeship] pass-env: {name!r} {why}", hint=hint)
    return {**environ, PASSED: " ".join((*environ.get(PASSED, "").split(), *names))}


def _passed(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in environ.get(PASSED, "").split() if not _is_secret(name))


def _is_secret(name: str) -> bool:
    return name in INSTALLER or bool(_SECRET.search(name))


def held_back(environ: Mapping[str, str]) -> str:
    """Words for what a build may miss: variables for compilers and build tools that do not reach it; empty for none."""
    reaching = for_installer(environ)
    names = sorted(name for name in environ if _TOOLS.fullmatch(name) and name not in reaching and not _is_secret(name))
    return f"; set here, and not passed on without the setting pass-env: {', '.join(names)}" if names else ""
