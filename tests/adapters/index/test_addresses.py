import pytest

from mergeship.adapters.index import addresses
from mergeship.core.settings import Index
from mergeship.errors import Misconfigured


@pytest.mark.parametrize(
    "settings",
    [
        Index("http://index.example/legacy/"),
        Index("https://index.example/legacy/", "http://user:word@index.example/simple/"),
        Index("http://127.0.0.1.example/legacy/"),
    ],
)
def test_nothing_is_sent_in_clear(settings: Index) -> None:
    """T13"""
    with pytest.raises(Misconfigured) as refused:
        addresses(settings)
    assert refused.value.code == "sent-in-clear"
    assert "word" not in refused.value.message


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_this_machine_needs_no_tls(host: str) -> None:
    assert addresses(Index(f"http://{host}/legacy/")).simple == f"http://{host}/simple/"
