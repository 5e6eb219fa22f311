import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.text import is_token, one_line, plain, without_password, without_secret


@given(st.text())
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    assert all(character.isprintable() or character in "\t\n" or ord(character) > 159 for character in plain(text))
    assert "\n" not in one_line(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b]0;title\x07a\x1b[31mb\x1b[0m\r\n", "ab"), ("a\n::warning::b", "a ::warning::b"), ("a\x9b31mb", "a31mb")],
)
def test_escape_sequences_go(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_password_is_not_shown() -> None:
    assert without_password("https://u:p@h/simple/") == "https://h/simple/"
    assert without_password("https://h/a@b/") == "https://h/a@b/"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:p@h/simple/", "https://h/simple/"),
        ("https://u:p@ss@h/", "https://h/"),
        ("https://h/a@b/", "https://h/a@b/"),
        ("https://h?x=//a@b", "https://h?x=//b"),
        ("https://h/", "https://h/"),
    ],
)
def test_a_password_is_cut_out_whole(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_a_token_is_one_piece_that_a_header_takes() -> None:
    assert is_token("pypi-AgEIcHlwaS5vcmc")
    assert not any(map(is_token, ("", "two words", "a\nb", "a\x07b", "é", "a\u200bb")))


@pytest.mark.parametrize("secret", ["pypi-AgEIcHlwaS5vcmcCJDNiY2", "a+b/c?d=e>>>???~~~", "=token_with&signs="])
def test_no_spelling_of_a_secret_is_left(secret: str) -> None:
    """T18."""
    for before in range(6):
        encoded = base64.b64encode(b"u" * before + secret.encode()).decode()
        url_safe = base64.urlsafe_b64encode(b"u" * before + secret.encode()).decode()
        text = without_secret(f"say {encoded}, {url_safe}; {quote(secret, safe='')} {secret}!", secret)
        assert text == "say ***, ***; *** ***!"
    assert without_secret("nothing of it", secret) == "nothing of it"
