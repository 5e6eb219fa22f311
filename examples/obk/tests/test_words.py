import io
import sys

import obk
import pytest
from obk import count
from obk.cli import main


def test_the_most_frequent_word_comes_first() -> None:
    assert count("to be or not to be") == [("be", 2), ("to", 2), ("not", 1), ("or", 1)]


@pytest.mark.parametrize(("text", "words"), [("", []), ("Don't, DON'T!", [("don't", 2)]), ("4 x 4", [("x", 1)])])
def test_words_are_letters(text: str, words: list[tuple[str, int]]) -> None:
    assert count(text) == words


def test_the_script_prints_a_line_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one two one"))
    assert main() == 0
    assert capsys.readouterr().out == "one 2\ntwo 1\n"


def test_the_version_is_told() -> None:
    assert obk.__version__.count(".") == 2
