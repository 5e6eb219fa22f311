"""The version in the `project()` call of a meson.build.

Source: https://mesonbuild.com/Syntax.html
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mergeship.core.declaration.place import NotWrittenError, Parsed, PlainFormat, standing_at

_TOKEN = re.compile(
    r"""(?P<space>(?:\s|\\\r?\n|\#[^\n]*)+)
      | (?P<text>'''(?:.|\n)*?'''|'(?:[^'\\\n]|\\.)*')
      | (?P<word>\w+)
      | (?P<sign>.)""",
    re.VERBOSE,
)
_OPEN = {"(": ")", "[": "]", "{": "}"}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    depth: int


class MesonProject(PlainFormat):
    """A text given to `project()` by keyword; an empty keyword is the project's name."""

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword

    def read(self, text: str) -> Parsed:
        """The one span. Raises NotWrittenError for a version that is computed."""
        return standing_at(text, *self._span(text))

    def _span(self, text: str) -> tuple[int, int]:
        value = _value(_project(text), self.keyword)
        if not value:
            raise NotWrittenError(1, f"project() is given no {self.keyword or 'name'}")
        first = value[0]
        quotes = 3 if first.text.startswith("'''") else 1
        content = first.text[quotes:-quotes]
        if len(value) > 1 or first.kind != "text" or "\\" in content:
            line = text.count("\n", 0, first.start) + 1
            raise NotWrittenError(line, f"{self.keyword or 'name'} is computed: {''.join(t.text for t in value)}"[:99])
        return first.start + quotes, first.start + quotes + len(content)


def _tokens(text: str) -> Iterator[_Token]:
    depth = 0
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "space":
            continue
        depth -= match[0] in _OPEN.values()
        yield _Token(kind, match[0], match.start(), depth)
        depth += match[0] in _OPEN


def _project(text: str) -> list[_Token]:
    """What stands between the brackets of `project()`, which has to be the first statement."""
    tokens = list(_tokens(text))
    if [token.text for token in tokens[:2]] != ["project", "("]:
        raise NotWrittenError(1, "it does not begin with project(…)")
    inside: list[_Token] = []
    for token in tokens[2:]:
        if token.depth == 0:
            return inside
        inside.append(token)
    raise NotWrittenError(1, "the brackets of project(…) are not closed")


def _value(tokens: list[_Token], keyword: str) -> list[_Token]:
    """The tokens of one argument; they sit at depth 1 between commas."""
    arguments: list[list[_Token]] = [[]]
    for token in tokens:
        if token.text == "," and token.depth == 1:
            arguments.append([])
        else:
            arguments[-1].append(token)
    if not keyword:
        return arguments[0]
    for argument in arguments:
        if [token.text for token in argument[:2]] == [keyword, ":"]:
            return argument[2:]
    return []
