"""The arguments of `setup()` in a setup.py, found by its syntax tree; nothing is executed."""

import ast
from collections.abc import Iterator

from mergeship.core.declaration.assignment import Constant, assignments, one_line, parsed, text_constant
from mergeship.core.declaration.place import NotWrittenError


class SetupCall(Constant):
    """A text given to `setup()`, there or by a name that the module assigns once, as a text."""

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword

    def constant(self, tree: ast.Module) -> ast.Constant:
        """The constant. Raises NotWrittenError."""
        value = argument(tree, self.keyword)
        if value is None:
            raise NotWrittenError(_call(tree).lineno, f"setup() is given no {self.keyword}")
        if isinstance(value, ast.Name):
            return _assigned_once(tree, value)
        return text_constant(value, self.keyword)


def argument(tree: ast.Module, keyword: str) -> ast.expr | None:
    """What `setup()` is given as `keyword`, None for nothing. Raises NotWrittenError where that cannot be told."""
    call = _call(tree)
    for given in call.keywords:
        if given.arg == keyword:
            return given.value
    hidden = next((given.value for given in call.keywords if given.arg is None), None)
    if hidden is not None:
        raise NotWrittenError(hidden.lineno, f"setup() takes its arguments from **{one_line(hidden)}")
    return None


def imports(text: str, module: str) -> bool:
    """Whether a Python file imports a module, or something of it."""
    for node in ast.walk(parsed(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        if any(name.partition(".")[0] == module for name in names):
            return True
    return False


def keywords(text: str) -> tuple[str, ...]:
    """The names of what `setup()` is given. Raises NotWrittenError where there is not exactly one call."""
    return tuple(given.arg for given in _call(parsed(text)).keywords if given.arg)


def _call(tree: ast.Module) -> ast.Call:
    calls = list(_calls(tree))
    if not calls:
        raise NotWrittenError(1, "it does not call setup() in a way that can be read")
    if len(calls) > 1:
        raise NotWrittenError(calls[1].lineno, "it calls setup() more than once")
    return calls[0]


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "setup":
                yield node


def _assigned_once(tree: ast.Module, name: ast.Name) -> ast.Constant:
    """The constant behind a name, where nothing else in the module could change it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"exec", "execfile", "globals", "vars"}:
            raise NotWrittenError(name.lineno, f"{name.id} may be changed by {one_line(node)}")
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            raise NotWrittenError(name.lineno, f"{name.id} may come from {one_line(node)}")
    written = [value for target, value in assignments(tree) if target == name.id]
    touched = [node for node in ast.walk(tree) if _binds(node, name.id)]
    if len(written) != 1 or len(touched) != 1:
        raise NotWrittenError(name.lineno, f"version is computed: {name.id} is not assigned just once, as a text")
    return text_constant(written[0], name.id)


def _binds(node: ast.AST, name: str) -> bool:
    """Whether a node gives a name another meaning."""
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name.partition(".")[0]) == name for alias in node.names)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
