"""The arguments of `setup()` in a setup.py, found by its syntax tree; nothing is executed."""

import ast
from collections.abc import Iterator, Sequence

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
    """What `setup()` is given as `keyword`, None for nothing. Raises NotWrittenError if that cannot be determined."""
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
    return any(name.partition(".")[0] == module for name, _ in _imported(parsed(text)))


def keywords(text: str) -> tuple[str, ...]:
    """The names of what `setup()` is given. Raises NotWrittenError if there is not exactly one call."""
    return tuple(given.arg for given in _call(parsed(text)).keywords if given.arg)


def literals(text: str | None, names: Sequence[str]) -> dict[str, object]:
    """Those of the keywords that `setup()` is given, each with its value, None for one that is computed."""
    values: dict[str, object] = {}
    try:
        given = _call(parsed(text or "")).keywords
    except NotWrittenError:
        return values
    for one in given:
        if one.arg and one.arg in names:
            try:
                values[one.arg] = ast.literal_eval(one.value)
            except (ValueError, TypeError):
                values[one.arg] = None
    return values


def _call(tree: ast.Module) -> ast.Call:
    calls = list(_calls(tree))
    if not calls:
        raise NotWrittenError(1, "it does not call setup() in a way that can be read")
    if len(calls) > 1:
        raise NotWrittenError(calls[1].lineno, "it calls setup() more than once")
    return calls[0]


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls of a `setup` that was imported by that name, or that belongs to a module."""
    known = {local for name, local in _imported(tree) if name.endswith(".setup")}
    modules = {local for name, local in _imported(tree) if not name.endswith(".setup")}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in known:
            yield node
        if isinstance(node.func, ast.Attribute) and node.func.attr == "setup":
            base = node.func.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and base.id in modules:
                yield node


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What is imported, by its whole name and by the name that it gets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module or ''}.{alias.name}", alias.asname or alias.name


_BACK_DOORS = {"exec", "execfile", "eval", "globals", "locals", "vars", "setattr"}


def _assigned_once(tree: ast.Module, name: ast.Name) -> ast.Constant:
    """The constant behind a name, if nothing else in the module could give it another meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _BACK_DOORS:
            raise NotWrittenError(name.lineno, f"version may be changed by {node.id}() in line {node.lineno}")
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            raise NotWrittenError(name.lineno, f"version may come from {one_line(node)!r}")
    written = [value for target, value in assignments(tree) if target == name.id]
    touched = [node for node in ast.walk(tree) if _binds(node, name.id)]
    if len(written) != 1 or len(touched) != 1:
        raise NotWrittenError(name.lineno, f"version is computed: {name.id} is not assigned just once, as a text")
    return text_constant(written[0], name.id)


def _binds(node: ast.AST, name: str) -> bool:
    """Whether a node gives a name a meaning."""
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.alias):
        return (node.asname or node.name.partition(".")[0]) == name
    if isinstance(node, ast.Global | ast.Nonlocal):
        return name in node.names
    if isinstance(node, ast.keyword):
        return False
    # functions, classes, arguments, `except … as`, and the patterns of `match`
    return name in {getattr(node, "name", None), getattr(node, "arg", None), getattr(node, "rest", None)}
