import pytest

from mergeship.adapters.files import template
from mergeship.core import workflow
from mergeship.core.settings import Settings
from mergeship.core.workflow import Use, shares_runner
from mergeship.errors import Misconfigured

OWN = workflow.render(template("ci-cd.yml"), Settings())


def test_the_pipeline_s_own_workflow_is_read() -> None:
    read = workflow.read(OWN, workflow.PATH)
    assert read.jobs == ("test", "decide", "build", "deploy", "sync")
    assert read.labels == ("self-hosted",)
    assert read.secrets == ("PYPI_API_TOKEN", "MERGESHIP_TOKEN")
    assert read.ours
    assert {use.action for use in read.uses} == {
        "actions/checkout",
        "actions/upload-artifact",
        "actions/download-artifact",
    }
    assert all(len(use.ref) == 40 for use in read.uses)


def test_the_jobs_of_the_stages() -> None:
    assert workflow.stages(OWN, "x") == {
        stage: frozenset({stage.capitalize()}) for stage in ("decide", "build", "deploy", "sync")
    }
    text = """
jobs:
  one: {steps: [{run: "cd x\\n  exec uv run mergeship decide --json"}, {uses: "x@1"}, 7]}
  two: {name: "${{ matrix.x }}", steps: [{run: mergeship deploy}]}
  three: {uses: ./called.yml}
  four: {strategy: {matrix: {x: [1]}}, steps: [{run: mergeship sync}]}
  five: {name: Again, steps: [{run: python -m mergeship decide}, {run: "echo 'mergeship build has failed'"}]}
"""
    assert workflow.stages(text, "x") == {"decide": {"one", "Again"}}


def test_what_the_settings_leave_out() -> None:
    trusted = workflow.render(template("ci-cd.yml"), Settings(auth="trusted", environment=""))
    read = workflow.read(trusted, "x")
    assert read.identity
    assert "PYPI_API_TOKEN" not in read.secrets
    assert "environment:" not in trusted
    assert not workflow.read(OWN, "x").identity
    assert "    environment: pypi\n" in OWN
    assert workflow.read("on: push\npermissions: write-all\njobs: {a: {}}\n", "x").identity


def test_every_label_is_written() -> None:
    text = workflow.render(template("ci-cd.yml"), Settings(runs_on=("self-hosted", "linux"), timeout_minutes=5))
    assert workflow.read(text, "x").labels == ("self-hosted", "linux")
    assert "timeout-minutes: 5" in text
    assert "@" not in text.replace("actions/checkout@", "").replace("-artifact@", "")


HAND_WRITTEN = """\
on: push
jobs:
  a:
    runs-on: {group: g, labels: [one, two]}
    steps:
      - uses: ./local
      - uses: docker://alpine
      - uses: owner/repo/folder@v1
      - run: echo ${{ secrets.TOKEN }} ${{ secrets.TOKEN }} ${{secrets.OTHER_1}}
      - nonsense
  b:
    uses: owner/repo/.github/workflows/x.yml@main
  c:
    runs-on: ubuntu-latest
    steps: 1
  d:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix: {os: [ubuntu-22.04, macos-latest], include: [{os: windows-latest, n: 1}]}
    steps: [{run: "echo ${{ secrets['THIRD'] }}"}]
  e:
    runs-on: ${{ inputs.where }}
"""


def test_a_hand_written_workflow_is_read() -> None:
    read = workflow.read(HAND_WRITTEN, "x.yml")
    assert read.uses == (
        Use("a", "owner/repo/folder", "v1"),
        Use("b", "owner/repo/.github/workflows/x.yml", "main"),
    )
    assert read.uses[0].repository == "owner/repo"
    assert read.labels == ("one", "two", "ubuntu-latest", "ubuntu-22.04", "macos-latest", "windows-latest")
    assert read.secrets == ("TOKEN", "OTHER_1", "THIRD")
    assert not read.ours


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs: [", "line 1, column 8"),
        ("a: b: c", "line 1"),
        ("jobs:\n  x: 1\n", "has no jobs"),
        ("", "has no jobs"),
        ("on: push", "has no jobs"),
        ("\x00", "x.yml"),
        ("a: &a 1\nb: *c\n", "line 2"),
    ],
)
def test_what_is_no_workflow_is_refused(text: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        workflow.read(text, "x.yml")
    assert words in refused.value.message
    assert refused.value.message.startswith("x.yml")


CHECKS = "on: {on}\njobs:\n  a:\n    runs-on: {labels}\n    steps: [{{run: pytest}}]\n"
DEPLOYS = "on: push\njobs:\n  a:\n    runs-on: {labels}\n    steps: [{{run: exec mergeship deploy}}]\n"


@pytest.mark.parametrize(
    ("on", "checks", "deploys", "shared"),
    [
        ("pull_request", "self-hosted", "self-hosted", True),
        ("[push, pull_request]", "self-hosted", "self-hosted", True),
        ("{pull_request_target: {types: [opened]}}", "self-hosted", "[Self-Hosted, linux]", True),
        ("pull_request", "[self-hosted, ci]", "[self-hosted, deploy]", False),
        ("pull_request", "[self-hosted, ci]", "self-hosted", True),
        ("pull_request", "ubuntu-latest", "self-hosted", False),
        ("pull_request", "self-hosted", "ubuntu-24.04", False), ("push", "self-hosted", "self-hosted", False),
        ("[", "self-hosted", "self-hosted", False),
    ],
)  # fmt: skip
def test_whether_checks_and_deploys_share_a_runner(on: str, checks: str, deploys: str, shared: bool) -> None:
    texts = {"ci.yml": CHECKS.format(on=on, labels=checks), "cd.yml": DEPLOYS.format(labels=deploys)}
    assert shares_runner(texts, "cd.yml") == (("ci.yml",) if shared else ())
    assert shares_runner({"ci.yml": texts["ci.yml"]}, "cd.yml") == ()


@pytest.mark.parametrize(("text", "words"), [("[" * 150, "100 levels"), ("#" * 1_000_001, "longer than")])
def test_a_file_without_measure_is_refused(text: str, words: str) -> None:
    """T21, T22: before anything is built of it."""
    with pytest.raises(Misconfigured, match=words):
        workflow.scalars(text)
    with pytest.raises(Misconfigured, match="cannot be read"):
        workflow.tree(f"jobs: {'[' * 3_000}", "x.yml")


def test_a_matrix_that_leads_back_to_itself_ends() -> None:
    """T21: the text of a workflow is a pull request's."""
    text = (
        "on: pull_request\njobs:\n  a:\n    runs-on: '${{ matrix.a }}'\n    strategy:\n"
        "      matrix: &m {a: *m, b: [self-hosted]}\n    steps: []\n"
    )
    deploys = "on: push\njobs:\n  d:\n    runs-on: self-hosted\n    steps:\n      - run: mergeship deploy\n"
    assert shares_runner({"a.yml": text, "b.yml": deploys}, "b.yml") == ("a.yml",)
