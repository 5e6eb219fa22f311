"""Every raise takes its code from the catalogue, with the kind that stands there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import mergeship
from mergeship import errors
from mergeship.core.release import upload
from mergeship.errors.catalogue import CODES, FAMILIES, page
from tests.conftest import ROOT

SOURCE = Path(mergeship.__file__).parent
KINDS = ("Failed", "Held", "Misconfigured", "Overtaken")
NO_STEP = re.compile(r"^look (there|at it|at that)\b|\?$|above$")


def raised() -> Iterator[tuple[str, str, str, str]]:
    """Where an error is made, its kind, its code and its hint, as far as they are literals."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS and node.args:
                hints = [word.value for word in node.keywords if word.arg == "hint"]
                for code in literals(node.args[0]):
                    yield f"{path.name}:{node.lineno}", node.func.id, code, next(literals(*hints), "")


def literals(*nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from literals(node.body, node.orelse)
        elif isinstance(node, ast.BoolOp):
            yield from literals(*node.values)


def test_every_error_is_in_the_catalogue_with_its_kind() -> None:
    found = list(raised())
    assert len(found) > 120
    for where, kind, code, _ in found:
        assert code in CODES, f"{where}: {code} is not in the catalogue"
        assert getattr(errors, kind) in CODES[code].kinds, f"{where}: {code} is {kind}, and the catalogue differs"


def test_every_answer_of_an_index_is_in_the_catalogue() -> None:
    assert {code for _, _, code, _ in upload._REFUSALS} <= set(CODES)


def test_no_code_is_left_over() -> None:
    text = "\n".join(p.read_text() for p in SOURCE.rglob("*.py") if "errors" not in p.relative_to(SOURCE).parts)
    made = {f"{who}-{what}" for who in ("index", "forge", "identity") for what in ("timeout", "unreachable")}
    assert [code for code in CODES if f'"{code}"' not in text and code not in made] == []


def test_no_code_stands_in_two_families() -> None:
    assert sum(len(family.CODES) for family in FAMILIES) == len(CODES)


def test_each_hint_is_a_step() -> None:
    assert [(where, hint) for where, _, _, hint in raised() if NO_STEP.search(hint)] == []


def test_each_entry_is_a_sentence_and_a_step() -> None:
    for code, entry in CODES.items():
        assert entry.kinds, code
        assert entry.meaning.endswith("."), code
        assert entry.remedy[-1] in ".…", code


def test_the_page_is_made_from_the_catalogue() -> None:
    assert (ROOT / "docs" / "errors.md").read_text() == page(), "run make docs"
    assert "| `ledger-deleted` | 1 |" in page()
    assert "| `usage` | 2 |" in page()
    assert page().count("|---|\n| `") == len(FAMILIES)  # a table goes on right below its head
