import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.environ import INSTALLER, PLAIN, for_installer, for_project, held_back, holds_password, passing
from mergeship.errors import Misconfigured

SECRETS = {
    "PYPI_API_TOKEN": "s",
    "TWINE_PASSWORD": "s",
    "UV_PUBLISH_TOKEN": "s",
    "GITHUB_TOKEN": "s",
    "GH_TOKEN": "s",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s",
    "AWS_SECRET_ACCESS_KEY": "s",
    "MERGESHIP_SET": "s",
    "PYTHONPATH": "s",
    "LD_PRELOAD": "s",
}


def test_no_secret_gets_through() -> None:
    environ = {**SECRETS, "PATH": "/bin", "UV_INDEX_URL": "https://user:password@host/"}
    assert for_project(environ) == {"PATH": "/bin"}
    assert for_installer(environ) == {"PATH": "/bin", "UV_INDEX_URL": "https://user:password@host/"}


@given(st.dictionaries(st.text(), st.text()))
def test_only_what_is_listed_gets_through(environ: dict[str, str]) -> None:
    assert set(for_project(environ)) <= PLAIN
    assert set(for_installer(environ)) <= PLAIN | INSTALLER


def test_what_is_named_gets_through() -> None:
    """V15"""
    environ = {**SECRETS, "PATH": "/bin", "CFLAGS": "-O3", "CARGO_HOME": "/cargo", "UV_INDEX": "https://u:p@host/"}
    passed = passing(environ, ["CFLAGS", "NOT_SET"])
    assert for_project(passed) == {"PATH": "/bin", "CFLAGS": "-O3"}
    assert for_installer(passed)["CFLAGS"] == "-O3"
    assert for_project(passing(passed, ["CARGO_HOME"])) == {"PATH": "/bin", "CFLAGS": "-O3", "CARGO_HOME": "/cargo"}
    assert held_back(environ) == "; set here, and not passed on without the setting pass-env: CARGO_HOME, CFLAGS"
    assert held_back(passing(environ, ["CFLAGS", "CARGO_HOME"])) == held_back({"PATH": "/bin"}) == ""


@pytest.mark.parametrize("name", ["GIT_AUTHOR_NAME", "XAUTHORITY", "TOKENIZERS_PARALLELISM", "FOO_KEYBOARD"])
def test_a_name_that_only_looks_like_one_is_none(name: str) -> None:
    assert for_project(passing({name: "1"}, [name])) == {name: "1"}


@pytest.mark.parametrize(
    "name",
    [
        *sorted(SECRETS.keys() - {"PYTHONPATH", "LD_PRELOAD"}),
        "DB_PASSWORD",
        "APIKEY",
        "OPENAI_API_KEY",
        "HF_TOKEN",
        "SSH_AUTH_SOCK",
        "GH_SECRETS_JSON",
        "UV_INDEX",
        "NETRC",
        "A B",
        "",
        "X=1",
    ],
)
def test_no_secret_is_named(name: str) -> None:
    """V15: and whoever sets the variable behind the setting does not get it either."""
    with pytest.raises(Misconfigured, match="pass-env"):
        passing({}, [name])
    assert name in {"", "A B", "X=1"} or for_project({name: "s", "MERGESHIP_PASS_ENV": name}) == {}
    assert held_back({name: "s"}) == ""


def test_a_proxy_s_password_does_not_reach_the_project() -> None:
    proxies = {"HTTPS_PROXY": "http://user:pass@proxy.example:3128/", "http_proxy": "http://user@proxy.example"}
    told = {"HTTPS_PROXY": "http://proxy.example:3128/", "http_proxy": "http://proxy.example", "NO_PROXY": "a,b"}
    assert for_project({**proxies, "NO_PROXY": "a,b"}) == told
    assert for_installer(proxies) == proxies


def test_a_password_of_a_package_source_is_noticed() -> None:
    assert holds_password({"UV_INDEX": "https://a/simple b=https://user:secret@b/simple"})
    assert holds_password({"HTTPS_PROXY": "http://user@proxy.example"})
    assert not holds_password({"UV_INDEX": "https://a/simple", "PATH": "/usr/bin:/opt/x@1/bin", "USER": "a@b"})
