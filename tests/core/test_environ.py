from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.environ import INSTALLER, PLAIN, for_installer, for_project, holds_password

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


def test_a_proxy_s_password_does_not_reach_the_project() -> None:
    proxies = {"HTTPS_PROXY": "http://user:pass@proxy.example:3128/", "http_proxy": "http://user@proxy.example"}
    told = {"HTTPS_PROXY": "http://proxy.example:3128/", "http_proxy": "http://proxy.example", "NO_PROXY": "a,b"}
    assert for_project({**proxies, "NO_PROXY": "a,b"}) == told
    assert for_installer(proxies) == proxies


def test_a_password_of_a_package_source_is_noticed() -> None:
    assert holds_password({"UV_INDEX": "https://a/simple b=https://user:secret@b/simple"})
    assert holds_password({"HTTPS_PROXY": "http://user@proxy.example"})
    assert not holds_password({"UV_INDEX": "https://a/simple", "PATH": "/usr/bin:/opt/x@1/bin", "USER": "a@b"})
