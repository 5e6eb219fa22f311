"""The names of the checks that a workflow reports."""

import pytest

from mergeship.adapters.files import template
from mergeship.core import workflow
from mergeship.core.contexts import by_run, contexts
from mergeship.core.settings import Settings
from mergeship.errors import Misconfigured

ON = "on: pull_request\njobs:\n"


def found(text: str, **files: str) -> tuple[tuple[str, ...], str]:
    told = contexts(text, "ci.yml", lambda name: files.get(name.rpartition("/")[2].removesuffix(".yml")))
    return told.names, "; ".join(told.notes)


def test_our_own() -> None:
    text = workflow.render(template("ci.yml"), Settings())
    assert found(text) == (("Test the pull request", "Gate"), "")


@pytest.mark.parametrize(
    ("jobs", "names"),
    [
        ("  a: {}\n  b: {name: B}\n", ("a", "B")),
        ("  a: {strategy: {matrix: {x: [1, 2], y: [z]}}}\n", ("a (1, z)", "a (2, z)")),
        ("  a: {name: 'on ${{ matrix.x }}', strategy: {matrix: {x: [1, 2]}}}\n", ("on 1", "on 2")),
        ("  a: {name: N, strategy: {matrix: {x: [1, true]}}}\n", ("N (1)", "N (true)")),
        ("  a: {uses: ./.github/workflows/called.yml, name: A}\n", ("A / one", "A / Two")),
        ("  a: {strategy: {fail-fast: true}}\n", ("a",)),
    ],
)
def test_names(jobs: str, names: tuple[str, ...]) -> None:
    assert found(ON + jobs, called="on: workflow_call\njobs:\n  one: {}\n  two: {name: Two}\n") == (names, "")


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        ("  a: {uses: ./.github/workflows/gone.yml}\n", "which cannot be read here"),
        ("  a: {uses: o/r/.github/workflows/x.yml@v1}\n", "which cannot be read here"),
        ("  a: {strategy: {matrix: '${{ fromJSON(x) }}'}}\n", "its matrix cannot be determined"),
        ("  a: {strategy: {matrix: {x: [1], include: [{x: 2}]}}}\n", "its matrix cannot be determined"),
        ("  a: {strategy: {matrix: {x: '${{ fromJSON(x) }}'}}}\n", "its matrix is an expression"),
        ("  a: {if: false, strategy: {matrix: {x: [1]}}}\n", "its matrix cannot be determined"),
        ("  a: {strategy: {matrix: {x: [3.10]}}}\n", "the value 3.1; put texts in quotes"),
        ("  a: {strategy: {matrix: {x: [{y: 1}]}}}\n", "put texts in quotes"),
        ("  a: {strategy: {matrix: {x: ['${{ y }}']}}}\n", "put texts in quotes"),
        ("  a: {uses: ./.github/workflows/itself.yml}\n", "which cannot be read here"),
        ("  a: {name: '${{ github.actor }}'}\n", "its name is an expression"),
    ],
)
def test_a_check_that_cannot_be_determined_is_not_required(jobs: str, why: str) -> None:
    names, told = found(f"{ON}  b: {{}}\n{jobs}", itself="on: x\njobs: {a: {uses: ./.github/workflows/itself.yml}}\n")
    assert names == ("b",)
    assert why in told


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("on: push\n", "does not run on pull requests"),
        ("on: {push: {}}\n", "does not run on pull requests"),
        ("on: {pull_request: {paths: [x]}}\n", "by their paths"),
        ("on: {pull_request: {branches: [develop]}}\n", "by its branches"),
        ("on: {pull_request: {branches-ignore: [main]}}\n", "by its branches"),
        ("on: {pull_request: {types: [closed]}}\n", "when a pull request is opened"),
        ("on: {pull_request: {branches: main, types: [opened, synchronize, edited]}}\n", ""),
        ("on: {pull_request: {branches: ['**']}}\n", ""),
        ("on: [push, pull_request]\n", ""),
        ("on: {pull_request: null}\n", ""),
    ],
)
def test_only_what_runs_on_every_pull_request_can_be_required(on: str, why: str) -> None:
    names, told = found(f"{on}jobs:\n  a: {{}}\n")
    assert (names == ("a",)) == (why == "")
    assert why in told


def test_what_is_no_workflow_is_refused() -> None:
    with pytest.raises(Misconfigured, match="has no jobs"):
        found("on: push\n")


def test_the_engine_s_runs_and_their_checks() -> None:
    jobs = "  a: {name: 'on ${{ matrix.x }}', strategy: {matrix: {x: ['3.11']}}}\n  b: {}\n  c: {name: '${{ x }}'}\n"
    assert by_run(ON + jobs, "ci.yml") == {"a (3.11)": "on 3.11", "b": "b"}
