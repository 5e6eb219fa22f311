"""A version in a Python file, found by its syntax tree; nothing is executed."""

import ast
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator

from mergeship.core.declaration.place import NotWrittenError, Parsed, PlainFormat
from mergeship.core.toml import BOM

_PLAIN = re.compile(r"[uUrR]?('''|\"\"\"|'|\")(?P<content>.*)\1", re.DOTALL)
_LINE = re.compile(r"\r\n|\r|\n")


def parsed(text: str) -> ast.Module:
    """The syntax tree. Raises NotWrittenError for what is not Python 3."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is its author's business
            return ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        raise NotWrittenError(error.lineno or 0, f"not Python 3: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotWrittenError(0, f"not Python 3: {error}") from error


def assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names and values of the assignments that stand at the top of a module, in their order."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value


class Constant(PlainFormat, ABC):
    """A format whose version is one text constant of the syntax tree."""

    @abstractmethod
    def constant(self, tree: ast.Module) -> ast.Constant:
        """The constant. Raises NotWrittenError."""

    def read(self, text: str) -> Parsed:
        """The version, and the syntax tree without it. Raises NotWrittenError."""
        tree = parsed(text)
        constant = self.constant(tree)
        version = str(constant.value)
        start, end = _span(text, constant)
        plain = _PLAIN.fullmatch(text[start:end])
        in_one_piece = plain is not None and plain["content"] == version
        spans = [(start + plain.start("content"), start + plain.end("content"))] if plain and in_one_piece else []
        constant.value = ""
        return Parsed(version, spans, _flat(tree))


class Assignment(Constant):
    """The first assignment to a name at the top of a module, as setuptools reads it.

    flit passes over what is no constant: `constants` does so.
    """

    def __init__(self, name: str, *, constants: bool = False) -> None:
        self.name = name
        self.constants = constants

    def constant(self, tree: ast.Module) -> ast.Constant:
        """The constant that is assigned. Raises NotWrittenError."""
        values = (value for name, value in assignments(tree) if name == self.name)
        value = next((value for value in values if not self.constants or isinstance(value, ast.Constant)), None)
        if value is None:
            raise NotWrittenError(0, f"there is no {self.name} = …")
        return text_constant(value, self.name)


def text_constant(value: ast.expr, name: str) -> ast.Constant:
    """A value that is a text. Raises NotWrittenError for one that is computed, or something else."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value
    raise NotWrittenError(value.lineno, f"{name} is computed: {one_line(value)}")


def _flat(tree: ast.Module) -> list[str]:
    """A syntax tree as a list, however deep it is: `ast.dump` gives up in a sum of a few hundred terms."""
    flat: list[str] = []
    left: list[object] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.AST):
            flat.append(type(node).__name__)
            left += [value for _, value in ast.iter_fields(node)][::-1]
        elif isinstance(node, list):
            flat.append(f"{len(node)} of")
            left += node[::-1]
        else:
            flat.append(repr(node))
    return flat


def one_line(node: ast.AST) -> str:
    """Source text of a node, shortened."""
    try:
        text = " ".join(ast.unparse(node).split())
    except RecursionError:
        text = "a long expression"
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


_SHORT = 60  # characters


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    """Start and end of a node in the text; the syntax tree counts bytes of UTF-8 from the start of a line."""
    starts = [0, *(match.end() for match in _LINE.finditer(text))]

    def at(line: int, column: int) -> int:
        start = starts[line - 1]
        stop = starts[line] if line < len(starts) else len(text)
        return start + len(text[start:stop].encode()[:column].decode())

    return at(node.lineno, node.col_offset), at(node.end_lineno or node.lineno, node.end_col_offset or 0)
