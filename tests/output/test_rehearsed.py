import json

from mergeship.core.distribution import Distribution
from mergeship.core.result import Job, Problem, Proof, Rehearsed, Release
from mergeship.output import document
from mergeship.output.rehearsed import tables
from mergeship.output.style import Style

FILES = (Distribution("obk.whl", 10, "a" * 64), Distribution("obk.tar.gz", 10, "b" * 64))
RESULT = Rehearsed(
    project="obk",
    workflow="x.yml",
    releases=(Release(1, "0.1.1", "c" * 40, FILES),),
    jobs=(
        Job(1, "test", "passed", 1.0),
        Job(1, "build", "failed", 2.0, "Run", ("x",)),
        Job(1, "deploy", "skipped", 0.0),
    ),
    proofs=(Proof(1, "it passes", True, ""), Proof(1, "it is there", False, "")),
    not_rehearsed=("permissions: none",),
    seconds=3.0,
    kept="/k",
    error=Problem("code", "message", "hint"),
)


def shown(result: Rehearsed) -> str:
    return tables(result, Style())


def test_a_rehearsal_that_failed() -> None:
    words = shown(RESULT)
    assert "0.1.1" in words
    assert "aaaaaaaaaaaaaaaa…" in words
    assert "2.0 FAILED" in words
    assert "skipped" in words
    assert "permissions: none" in words
    assert "kept in /k" in words
    assert "Not releasable. 1 of 2 proofs held" in words


def test_a_rehearsal_that_held() -> None:
    good = Rehearsed("obk", "x.yml", RESULT.releases, RESULT.jobs[:1], RESULT.proofs[:1], (), 3.0)
    assert "Rehearsed. obk 0.1.1: 1 of 1 proofs held, in 3.0 s" in shown(good)
    assert json.loads(document.success(good))["ok"]


def test_nothing_released_is_no_table() -> None:
    assert "sha256" not in shown(Rehearsed("obk", "x.yml", (), RESULT.jobs, (), (), 1.0))


def test_the_document_of_a_failure_still_says_everything() -> None:
    fields = json.loads(document.success(RESULT))
    assert (fields["schema"], fields["ok"]) == (1, False)
    assert fields["error"] == {"code": "code", "message": "message", "hint": "hint"}
    assert fields["releases"][0]["files"][0]["sha256"] == "a" * 64


def test_colours_are_for_those_who_want_them() -> None:
    assert "\x1b[" not in shown(RESULT)
    assert "\x1b[" in tables(RESULT, Style(colours=True))
