import pytest
import regex

from mergeship.core.declaration import pattern
from mergeship.core.declaration.pattern import Pattern
from mergeship.core.declaration.place import NotWrittenError


def test_a_pattern_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """T22: it is the project's own, and a pull request may bring it."""
    monkeypatch.setattr(pattern, "PATIENCE", 0.05)
    endless = Pattern(r"(?P<version>(a|aa|a.)+)+\d$", given=True)
    with pytest.raises(NotWrittenError, match="cannot be used"):
        endless.read(f"{'a' * 5_000}b\n")


@pytest.mark.parametrize("given", [False, True])
def test_a_pattern_finds_the_same_with_a_limit(given: bool) -> None:
    text = "# 1\r\n__version__ = '1.2'\r\n"
    expression = r"^__version__ = '(?P<version>.+?)'$"
    assert Pattern(expression, given=given).read(text) == Pattern(expression).read(text)
    for broken in ("(", r"(?P<other>1)", *((r"(?P<version>.){i<=x}", r"(?P<version>[[:digit:]])") if given else ())):
        with pytest.raises(NotWrittenError, match="cannot be used"):
            Pattern(broken, given=given).read(text)


def test_what_the_limited_search_refuses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise regex.error("not here")

    monkeypatch.setattr(regex, "search", refuse)
    with pytest.raises(NotWrittenError, match="cannot be used: not here"):
        Pattern("(?P<version>1)", given=True).read("1")
