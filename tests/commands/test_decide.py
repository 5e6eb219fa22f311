"""`decide` and `gate` on real repositories, over HTTP, against the embedded forge and index."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import msgspec
import pytest

from mergeship.adapters import dist
from mergeship.adapters.git import Repository
from mergeship.commands.decide import Decided, decide
from mergeship.commands.gate import Gated, gate
from mergeship.core.distribution import Distribution
from mergeship.core.release import commit_range, ledger
from mergeship.core.release.ledger import Entry
from mergeship.core.workflow import PATH
from mergeship.drills.env import NO_SHIP, SHIP, UNCLEAR, DrillEnv, pipeline
from mergeship.drills.fault_hooks import clock
from mergeship.drills.merges import dispatch
from mergeship.drills.runner import Ran
from mergeship.errors import MergeshipError, Misconfigured
from mergeship.pipeline import deciding
from mergeship.pipeline.clean_room import in_clean_room
from mergeship.pipeline.policies import policies
from mergeship.world.fault import Fault
from mergeship.world.forge.accounts import Grant
from tests import ledgers
from tests.conftest import git
from tests.ledgers import NOW
from tests.testbeds import drill_env

QUICK = ("forge.deadline=1", "index.deadline=3")
PLAIN = "feat: x (#1)"
"""A squash commit whose message holds no checklist."""


@pytest.fixture
def play(wheel_cache: Path) -> Iterator[DrillEnv]:
    with drill_env(wheel_cache) as made:
        yield made


def environ_of(play: DrillEnv, event: Mapping[str, Any] | None, **more: str) -> dict[str, str]:
    settings = play.testbed.box.env["MERGESHIP_SET"]
    return play.runner.env("7", event, MERGESHIP_SET=settings, **more)


def run(
    play: DrillEnv, *settings: str, commit: str = "", event: Any = None, dry_run: bool = False, **more: str
) -> Decided:
    play.runner.at(commit or play.main)
    environ = environ_of(play, event or (None if commit else play.push), **more)
    given = (*environ["MERGESHIP_SET"].splitlines(), *QUICK, *settings)
    found = decide(play.runner.folder, environ, lambda _: None, given, dry_run=dry_run)
    if not dry_run:
        play.runner.decided(environ["GITHUB_RUN_ID"], found.decision, finishes=bool(found.unfinished))
    return found


def judge(play: DrillEnv, *settings: str, **asked: Any) -> Gated:
    play.runner.at(play.main)
    environ = environ_of(play, asked.pop("event", None))
    given = (*environ["MERGESHIP_SET"].splitlines(), *QUICK, *settings)
    return gate(play.runner.folder, environ, lambda _: None, given, **asked)


def versions(play: DrillEnv) -> list[tuple[str, str]]:
    return [(entry.version, entry.state) for entry in play.ledger.releases]


def test_a_merge_that_ships_is_claimed_and_handed_on(play: DrillEnv, tmp_path: Path) -> None:
    commit = play.merged()
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    found = run(play, GITHUB_OUTPUT=str(outputs), GITHUB_STEP_SUMMARY=str(summary))
    assert (found.decision, found.version, found.error) == ("ship", "0.1.1", None)
    entry = play.entry("0.1.1")
    assert (entry.commit, entry.state, entry.run, entry.pull_requests) == (
        commit,
        "claimed",
        str(play.testbed.repo.runs[-1].number),
        (1,),
    )
    assert dict(line.split("=", 1) for line in outputs.read_text().splitlines()) == {
        "decision": "ship", "ship": "true", "version": "0.1.1", "unfinished": "[]", "run": "",
        "reason": '#1: its checklist ticks "Deployment PR"',
    }  # fmt: skip
    assert "version **0.1.1** is claimed" in summary.read_text()


def test_a_dry_run_claims_nothing(play: DrillEnv) -> None:
    play.merged()
    assert run(play, dry_run=True).version == "0.1.1"
    assert play.ledger.releases == ()


def test_a_dry_run_and_the_gate_leave_nothing_behind(play: DrillEnv) -> None:
    """T24: nor what they have seen, nor a ref."""
    play.merged()
    play.shipped()
    play.merged()
    play.runner.at(play.main)
    before = play.runner.repository.git("for-each-ref")
    shutil.rmtree(play.runner.state)
    assert run(play, dry_run=True).version == "0.1.2"
    judge(play, commit="HEAD")
    play.runner.call("deploy", options=["--dry-run"])
    assert not play.runner.state.exists()
    assert play.runner.repository.git("for-each-ref") == before


def test_a_commit_that_is_claimed_twice_has_one_version(play: DrillEnv) -> None:
    play.merged()
    assert run(play).version == run(play).version == "0.1.1"
    assert versions(play) == [("0.1.1", "claimed")]


def test_a_claim_that_waited_too_long_is_given_up_and_its_merges_return(
    play: DrillEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.merged()
    run(play)
    play.merged(NO_SHIP)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3 * 3600)
    found = run(play)
    assert (found.decision, found.version) == ("ship", "0.1.2")
    assert versions(play) == [("0.1.1", "given-up"), ("0.1.2", "claimed")]
    assert play.entry("0.1.2").pull_requests == (1, 2)
    told = play.bare.git("log", "--reverse", "--format=%s", ledger.REF).splitlines()
    assert [line.partition(" for ")[0] for line in told] == ["claimed 0.1.1", "given-up 0.1.1", "claimed 0.1.2"]


def test_a_version_that_someone_else_published_in_between_is_not_kept(play: DrillEnv) -> None:
    from mergeship.drills.uploads import _stolen

    play.merged()
    run(play)
    _stolen(play, "0.1.1")
    assert run(play).version == "0.1.2"
    assert versions(play) == [("0.1.1", "given-up"), ("0.1.2", "claimed")]


def test_a_lookup_that_lags_or_fails_is_tried_again(play: DrillEnv) -> None:
    play.merged()
    play.testbed.repo.lag = 2
    play.testbed.repo.faults += [Fault(502, path="/pulls"), Fault(422, "No commit found", path="/pulls")]
    play.testbed.repo.faults += [Fault(429, "secondary rate limit", {"retry-after": "0"}, path="/pulls")]
    assert run(play, "forge.deadline=8").decision == "ship"


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault(401, "Bad credentials", path="/pulls"), "forge-token", "a new one"),
        (Fault(403, "no", {"x-accepted-github-permissions": "pull_requests=read"}, path="/pulls"), "forge-permission",
         "needs the permission pull_requests=read"),
        (Fault(404, "Not Found", path="/pulls"), "forge-permission", "decision=ship"),
        (Fault(502, path="/pulls"), "forge-refused", "run it again later"),
        (Fault(301, "Moved", path="/pulls"), "repository-renamed", "decision=ship"),
        (Fault(200, "", delay=9.0, path="/pulls"), "forge-timeout", "forge.deadline"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_up_holds(play: DrillEnv, fault: Fault, code: str, words: str) -> None:
    play.merged()
    play.testbed.repo.faults += [fault] * 30
    found = run(play)
    assert found.error is not None
    assert (found.decision, found.error.code) == ("hold", code)
    assert words in found.error.hint
    assert play.ledger.releases == ()


def test_a_forge_that_is_not_there_holds(play: DrillEnv) -> None:
    play.merged()
    found = run(play, GITHUB_API_URL="http://127.0.0.1:9/")
    assert found.error is not None
    assert found.error.code in {
        "forge-unreachable",
        "forge-timeout",
    }
    assert run(play, GITHUB_API_URL=f"{play.testbed.index}/simple/").error is not None


def test_an_upload_that_was_begun_is_finished_whatever_else_holds(play: DrillEnv, tmp_path: Path) -> None:
    play.merged()
    version = play.claimed(run="6")
    play.runner.call("deploy", run="6", settings=["index.deadline=0.5"], more={"PYPI_API_TOKEN": "wrong"})
    begun = play.entry(version)
    assert begun.state == "uploading"
    play.merged(UNCLEAR)
    for number, fault in enumerate(([], [Fault(404, path="/pulls")] * 9)):
        play.testbed.repo.faults += fault
        outputs = tmp_path / f"outputs-{number}"
        found = run(play, GITHUB_OUTPUT=str(outputs))
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        # Of what the index has nothing, its merges have to ask for it.
        finished = ("true", begun.run) if not fault else ("false", "")
        assert (found.decision, told["decision"], told["ship"], told["run"]) == ("hold", "hold", *finished)
        assert [one["version"] for one in msgspec.json.decode(told["unfinished"])] == [version][: not fault]
        assert told["version"] == ""


def test_a_decision_to_skip_leaves_an_upload_to_the_next_run(play: DrillEnv, tmp_path: Path) -> None:
    """T3: a dispatch that deployed has decided to ship, so nobody's word is needed for what a run was about."""
    play.merged()
    version = play.claimed(run="6")
    play.testbed.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 20
    play.runner.call("deploy", run="6", settings=["index.deadline=0.5"])
    play.testbed.catalog.faults.clear()
    assert play.entry(version).state == "uploading"
    play.merged(UNCLEAR)
    outputs = tmp_path / "outputs"
    skipped = run(play, event=dispatch("skip", "not yet"), GITHUB_OUTPUT=str(outputs))
    assert (skipped.decision, skipped.unfinished) == ("skip", ())
    assert skipped.warnings[0].startswith(f"{version} is uploading: the next run finishes it, or all jobs of run ")
    assert "ship=false" in outputs.read_text().splitlines()
    play.merged(NO_SHIP)
    following = run(play)
    assert (following.decision, [entry.version for entry in following.unfinished]) == ("skip", [version])


def test_nothing_is_taken_from_a_run_that_nobody_knows(play: DrillEnv, tmp_path: Path) -> None:
    """T1: the index has one file of it, so it is finished; with bytes of this machine, or built again and equal."""
    play.merged()
    version = play.claimed()
    play.testbed.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 9
    play.deploy(settings=["index.deadline=0.5"])
    assert play.entry(version).state == "uploading"
    play.testbed.catalog.faults.clear()
    play.testbed.repo.runs.clear()
    play.merged(NO_SHIP)
    outputs = tmp_path / "outputs"
    assert run(play, GITHUB_OUTPUT=str(outputs)).unfinished[0].run == ""
    told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert (told["ship"], told["run"]) == ("true", "")
    assert msgspec.json.decode(told["unfinished"])[0]["version"] == version


def test_only_a_push_or_a_person_starts_a_release(play: DrillEnv) -> None:
    play.merged()
    for event in ("schedule", "repository_dispatch", "pull_request"):
        with pytest.raises(Misconfigured, match=f"this run was started by {event}"):
            run(play, GITHUB_EVENT_NAME=event)


def test_a_skip_whose_run_is_gone_is_asked_for_again(play: DrillEnv) -> None:
    play.merged(changes={PATH: pipeline()})
    assert run(play, event=dispatch("skip", "not yet")).decision == "skip"
    play.testbed.repo.runs.clear()
    play.merged(NO_SHIP)
    held = run(play)
    assert held.decision == "hold"
    assert "no run proves it" in held.reasons[-1]
    assert "decision=skip" in held.way_out
    assert run(play, event=dispatch("skip", "as before")).decision == "skip"
    play.merged()
    shipped = run(play)
    assert (shipped.decision, shipped.version) == ("ship", "0.1.1")
    assert len(play.ledger.skips) == 2


def test_a_body_that_a_stranger_changes_after_the_merge_holds(play: DrillEnv) -> None:
    play.merged(NO_SHIP, message=PLAIN)
    assert run(play, dry_run=True).decision == "skip"
    play.testbed.repo.edit(1, SHIP, "evil")
    found = run(play)
    assert found.reasons == ("#1: its text was edited after the merge by evil, who has no write access",)
    play.testbed.repo.access["helper"] = "write"
    play.testbed.repo.edit(1, SHIP, "helper")
    assert run(play).decision == "ship"


def test_an_unclear_commit_is_corrected_by_a_writer(play: DrillEnv) -> None:
    play.merged(UNCLEAR)
    assert run(play).decision == "hold"
    play.testbed.repo.edit(1, SHIP, "evil")
    assert run(play).decision == "hold"
    play.testbed.repo.edit(1, SHIP, "maintainer")
    assert run(play).decision == "ship"


@pytest.mark.parametrize(
    ("policy", "given", "decision"),
    [
        ("label", {"labels": ("deploy",), "body": NO_SHIP}, "ship"),
        ("label", {"labels": (), "body": SHIP}, "hold"),
        ("marker", {"title": "feat: x [deploy]"}, "ship"),
        ("marker", {"title": "feat: x [deploy]", "method": "merge"}, "ship"),
        ("marker", {"message": "feat: x [deploy]"}, "hold"),
        ("marker", {"title": "feat: x", "body": "We add [deploy] markers"}, "skip"),
        ("always", {"body": NO_SHIP}, "ship"),
    ],
)
def test_each_policy(play: DrillEnv, policy: str, given: dict[str, Any], decision: str) -> None:
    play.merged(**given)
    assert run(play, f"intent={policy}").decision == decision
    play.merged(branch="ci/update-version-1", changes={"README.md": "x"})
    assert run(play, f"intent={policy}").decision == "hold"  # a loop is none under any of them


def test_a_policy_that_comes_with_the_merge_is_confirmed_by_a_person(play: DrillEnv) -> None:
    play.merged(NO_SHIP)
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged(NO_SHIP, changes={"pyproject.toml": f'{text}\n[tool.mergeship]\nintent = "always"\n'})
    found = run(play)
    assert found.error is not None
    assert (found.decision, found.error.code) == ("hold", "policy-changed")
    assert run(play, event=dispatch("ship", "we want that")).error == found.error
    assert run(play, event=dispatch("ship", "we want that", play.main[:12])).decision == "ship"


def test_what_steers_secrets_is_confirmed_by_a_person(play: DrillEnv, tmp_path: Path) -> None:
    """T13: an index that is another, whoever ships; also for what was begun before, which deploy would send there."""
    play.merged()
    play.claimed()
    play.testbed.catalog.faults += [Fault(503, "Backend is unhealthy")] * 40
    assert play.deploy(settings=("index.deadline=1",)).status == 1
    play.testbed.catalog.faults.clear()
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged(NO_SHIP, changes={"pyproject.toml": f'{text}\n[tool.mergeship]\nenvironment = "elsewhere"\n'})
    outputs = tmp_path / "outputs"
    found = run(play, GITHUB_OUTPUT=str(outputs))
    assert found.error is not None
    assert (found.error.code, [one.version for one in found.unfinished]) == ("policy-changed", [])
    assert "environment: pypi → elsewhere" in found.reasons[0]
    assert "ship=false" in outputs.read_text()
    assert run(play, event=dispatch("skip", "never mind")).error is not None
    assert run(play, event=dispatch("skip", "we looked", play.main)).decision == "skip"
    play.merged()
    assert run(play).decision == "ship"


WORKFLOW = "on: push\njobs:\n  x:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.PYPI_API_TOKEN }}\n"


def test_a_workflow_with_a_secret_is_confirmed_by_a_person(play: DrillEnv) -> None:
    """T13."""
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    play.merged(NO_SHIP, changes={".github/workflows/other.yml": WORKFLOW})
    found = run(play)
    assert found.error is not None
    assert found.error.code == "policy-changed"
    assert ".github/workflows/other.yml is new" in found.reasons[0]
    assert run(play, event=dispatch("skip", "we looked", play.main)).error is None
    play.merged(NO_SHIP)
    assert run(play).error is None


def test_what_was_confirmed_and_cannot_be_read_is_no_ship(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T13: what these merges change is not known then."""
    play.merged()
    play.shipped()
    play.merged()
    read = policies
    monkeypatch.setattr(
        deciding, "policies", lambda of, commit, more: read(of, commit, more) if commit == play.main else None
    )
    found = run(play)
    assert found.error is not None
    assert (found.decision, found.error.code) == ("hold", "policy-changed")
    assert "is not here" in found.reasons[0]
    assert run(play, event=dispatch("ship", "we looked", play.main)).decision == "ship"


def test_another_setting_makes_no_workflow_another(play: DrillEnv) -> None:
    """T13: init would write the file otherwise now, and nobody has changed it."""
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    play.merged(changes={"pyproject.toml": _with(play, "timeout-minutes = 7")})
    assert run(play).decision == "ship"


def test_policies_of_a_project_that_moves_or_cannot_be_read_are_the_defaults(play: DrillEnv) -> None:
    """T13: a merge that breaks the settings, or moves them, does not begin anew."""
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged(changes={PATH: pipeline(), "pyproject.toml": f"{text}\n[tool.mergeship]\nenvironmen = 1\n"})
    play.merged(changes={PATH: pipeline().replace("mergeship deploy", "curl"), "pyproject.toml": text})
    found = run(play)
    assert found.error is not None
    assert (found.error.code, found.reasons[0].endswith("ci-cd.yml has changed")) == ("policy-changed", True)


def test_a_forged_claim_confirms_nothing(play: DrillEnv) -> None:
    """T13: in the name of the run that held, which was one of main's own and has begun to decide."""
    play.merged()
    play.shipped()
    play.merged(changes={"pyproject.toml": _with(play, 'environment = "elsewhere"')})
    assert run(play).error is not None
    number, now = str(play.testbed.repo.runs[-1].number), datetime.now(UTC).replace(microsecond=0)
    claim = ledger.Entry(version="0.1.2", commit=play.main, state="claimed", at=now, run=number)
    play.testbed.origin.put_ledger(play.ledger.claimed(claim), "claimed 0.1.2")
    play.merged()
    found = run(play).error
    assert found is not None
    assert found.code == "policy-changed"


def test_what_decide_holds_for_another_reason_is_not_sent_elsewhere_either(
    play: DrillEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T13: an upload that was begun before is finished on a hold, and not with other policies."""
    monkeypatch.setattr(commit_range, "MOST", 2)
    play.merged()
    play.claimed()
    play.testbed.catalog.faults += [Fault(503, "Backend is unhealthy")] * 40
    assert play.deploy(settings=("index.deadline=1",)).status == 1
    play.testbed.catalog.faults.clear()
    uploads = len(play.testbed.catalog.uploads)
    for number in range(3):
        play.merged(changes={"pyproject.toml": _with(play, 'environment = "elsewhere"')} if number == 0 else {})
    held = run(play)
    assert held.error is not None
    assert (held.error.code, len(held.unfinished)) == ("too-many-commits", 0)
    ran = play.deploy(run="2")
    assert (ran.code, len(play.testbed.catalog.uploads)) == ("policy-changed", uploads)


def test_what_git_makes_of_a_file_is_not_what_is_read(play: DrillEnv) -> None:
    """T13: an attribute that rewrites the settings when they are checked out."""
    text = play.bare.git("show", "main:pyproject.toml")
    hidden = f"{text}\n[tool.other]\na = '''\n$Id:'''#$\n[tool.mergeship]\nenvironment = \"x\"\n'''\n"
    play.merged(changes={"pyproject.toml": hidden, ".gitattributes": "pyproject.toml ident\n"})
    seen: list[str] = []

    @in_clean_room()
    def stage(path: Path, _: Mapping[str, str], __: Any) -> None:
        seen.append((path / "pyproject.toml").read_text())

    play.runner.at(play.main)
    play.runner.in_job = True
    stage(play.runner.folder, environ_of(play, play.push), lambda _: None)
    assert seen == [play.bare.git("show", "main:pyproject.toml")]


def _with(play: DrillEnv, setting: str) -> str:
    return f"{play.bare.git('show', 'main:pyproject.toml')}\n[tool.mergeship]\n{setting}\n"


RAISED: Callable[[str], str] = lambda text: text.replace('version = "0.1.0"', 'version = "0.1.1"')  # noqa: E731


def test_the_version_pull_request_is_neutral(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged("anything", branch="ci/update-version-1", changes={"pyproject.toml": RAISED(text)})
    found = run(play)
    assert (found.decision, found.reasons) == ("skip", ("#2: it is a version pull request",))
    play.merged(SHIP)
    assert run(play).version == "0.1.2"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pyproject.toml": lambda t: RAISED(t).replace("hatchling", "evil")}, "changes more than it may"),
        ({"pyproject.toml": lambda t: t.replace('"0.1.0"', '"1.0.0"')}, "the version 1.0.0, which was never released"),
        ({"pyproject.toml": RAISED, "src/evil.py": lambda _: "evil"}, "src/evil.py"),
        ({"pyproject.toml": lambda _: "broken ["}, "cannot be read"),
    ],
)
def test_a_version_pull_request_with_more_in_it_holds(play: DrillEnv, changes: dict[str, Any], words: str) -> None:
    play.merged()
    play.shipped()
    written = {
        name: change(play.bare.git("show", f"main:{name}") if name == "pyproject.toml" else "")
        for name, change in changes.items()
    }
    play.merged(branch="ci/update-version-1", changes=written)
    if "broken" in written["pyproject.toml"]:
        play.merged(changes={"pyproject.toml": play.bare.git("show", "main~1:pyproject.toml")})
    found = run(play)
    assert found.decision == "hold"
    assert words in found.reasons[0]


def test_a_fork_s_branch_of_that_name_is_nothing_special(play: DrillEnv) -> None:
    play.merged(SHIP, branch="ci/update-version-1", fork="evil/obk")
    assert run(play).decision == "ship"


def test_maintenance_touches_its_two_files_and_nothing_else(play: DrillEnv) -> None:
    play.merged(SHIP, branch="codex-automation", changes={"README.md": "new"})
    assert run(play).decision == "skip"
    play.merged(SHIP, branch="codex-automation", changes={"src/obk/__init__.py": "evil"})
    assert run(play).decision == "hold"


def test_a_maintenance_pull_request_makes_no_link(play: DrillEnv) -> None:
    start = play.main
    blob = play.bare.git("hash-object", "-w", "--stdin", given="/etc/passwd").strip()
    index = type(play.bare)(play.bare.path, play.bare.env | {"GIT_INDEX_FILE": str(play.testbed.box.root / "i")})
    index.git("read-tree", start)
    index.git("update-index", "--add", "--cacheinfo", f"120000,{blob},README.md")
    tree = index.git("write-tree").strip()
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    head = play.bare.git(*who, "commit-tree", tree, "-p", start, "-m", "docs: x").strip()
    play.bare.git("update-ref", "refs/heads/codex-automation", head)
    play.before = start
    play.testbed.repo.merge(play.testbed.repo.propose("codex-automation", "docs: x", "").number)
    found = run(play)
    assert (found.decision, "README.md (no plain file any more)" in found.reasons[0]) == ("hold", True)


def test_a_person_skips_what_was_claimed_too(play: DrillEnv) -> None:
    play.merged()
    run(play)
    found = run(play, event=dispatch("skip", "not this one"))
    assert found.decision == "skip"
    assert versions(play) == [("0.1.1", "given-up")]
    assert play.ledger.skips[0].says == "not this one"
    assert run(play).decision == "skip"


def test_who_decides_by_hand_is_asked_for_and_recorded(play: DrillEnv) -> None:
    """Whoever may write can dispatch; the setting says who decides, and a merge cannot change it for itself."""
    play.testbed.repo.access |= {"lead": "maintain", "writer": "write", "reader": "read"}
    play.merged()
    for login, settings in (("reader", ()), ("nobody", ()), ("writer", ("decide.by=maintain",))):
        held = run(play, *settings, event=dispatch("skip", "not this one", by=login)).error
        assert held is not None
        assert (held.code, f"{login} " in held.message) == ("may-not-decide", True)
    assert run(play, "decide.by=maintain", event=dispatch("skip", "not this one", by="lead")).decision == "skip"
    (skip,) = play.ledger.skips
    assert (skip.by, skip.role) == ("lead", "maintain")
    recorded = next(run for run in play.testbed.repo.runs if str(run.number) == skip.run)
    assert "no run proves it" in run(play).reasons[-1]  # it was started by someone else
    recorded.actor = "Lead"
    assert run(play).decision == "skip"
    play.merged()
    play.testbed.repo.of_organization = True
    held = run(play, event=dispatch("ship", "why", by="writer")).error
    assert held is not None
    assert "decide.by is maintain" in held.message
    play.testbed.repo.of_organization = False  # a person's own: whoever may write
    assert run(play, event=dispatch("ship", "why", by="writer")).error is None
    again = run(play, event=dispatch("ship", "why"), GITHUB_TRIGGERING_ACTOR="reader").error
    assert again is not None
    assert "reader cannot write here" in again.message


def test_a_merge_does_not_lower_who_decides_on_it(play: DrillEnv) -> None:
    """T13: the role is the higher one of those before and after."""
    play.testbed.repo.access |= {"writer": "write"}
    play.merged(changes={PATH: pipeline(), "pyproject.toml": _with(play, 'decide = {by = "admin"}')})
    play.merged(NO_SHIP, changes={"pyproject.toml": play.bare.git("show", "main~1:pyproject.toml")})
    for login, code in (("writer", "may-not-decide"), ("maintainer", "")):
        found = run(play, event=dispatch("ship", "why", play.main, by=login)).error
        assert (found.code if found else "") == code


def test_a_person_decides_where_the_history_holds(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    start = play.main
    gone = play.ledger.releases[-1]
    play.bare.git("update-ref", "refs/heads/main", play.bare.resolved(f"{start}~1"))
    play.merged()
    assert play.runner.repository.git("rev-parse", "HEAD").strip() == start
    found = run(play)
    assert found.error is not None
    assert (found.error.code, gone.version in found.error.message) == ("main-rewritten", True)
    blind = run(play, event=dispatch("ship", "we know")).error
    assert blind is not None
    assert (blind.code, f"commit={play.main[:12]}" in blind.hint) == ("policy-changed", True)
    assert run(play, event=dispatch("ship", "we know", play.main[:12])).version == "0.1.2"


def test_a_release_that_its_owner_deleted_is_settled_by_hand(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    for name in list(play.published):
        play.testbed.catalog.delete(name)
    play.merged()
    with pytest.raises(MergeshipError, match="the index has no file of it") as held:
        run(play)
    assert (held.value.code, "decision=ship" in held.value.hint) == ("ledger-disagrees", True)
    assert run(play, event=dispatch("ship", "it was broken")).version == "0.1.2"


def test_a_ledger_that_was_edited_by_hand_holds(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    play.merged()
    told = play.ledger
    play.runner.at(play.main)
    text = ledger.encode(msgspec.structs.replace(told, releases=()))
    play.runner.repository.git("remote", "set-url", "origin", str(play.testbed.box.origin))
    ledgers.write_text(play.runner.folder, text)
    with pytest.raises(MergeshipError, match=r"0\.1\.1 is not where it was") as held:
        run(play)
    assert held.value.code == "ledger-edited"


def test_a_tag_that_was_moved_holds(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    commit = play.merged()
    play.bare.git("update-ref", "refs/tags/v0.1.1", commit)
    with pytest.raises(MergeshipError, match=r"its tag is on"):
        run(play)


def test_a_renamed_project_holds(play: DrillEnv) -> None:
    play.merged()
    run(play)
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged(changes={"pyproject.toml": text.replace('name = "obk"', 'name = "other"')})
    with pytest.raises(MergeshipError, match="the ledger is of obk, and this is other"):
        run(play)


def test_without_the_right_to_push_the_permission_is_named(play: DrillEnv) -> None:
    play.merged()
    play.testbed.repo.tokens["reader"] = Grant("x", {"contents": "read", "pull-requests": "read"})
    with pytest.raises(MergeshipError) as held:
        run(play, GITHUB_TOKEN="reader")
    assert (held.value.code, "contents: write" in held.value.hint) == ("no-permission", True)


def test_only_main_is_decided_on(play: DrillEnv) -> None:
    play.merged()
    with pytest.raises(Misconfigured, match="this runs on refs/heads/x"):
        run(play, GITHUB_REF="refs/heads/x")


def test_without_a_ledger_a_tag_of_the_highest_release_is_the_beginning(play: DrillEnv) -> None:
    first = play.merged(UNCLEAR)
    play.put_built("0.1.5", first)
    play.runner.call("deploy")
    from mergeship.drills.uploads import _stolen

    _stolen(play, "0.1.5")  # published by hand, before there was a ledger
    play.bare.git("update-ref", "refs/tags/v0.1.5", first)
    play.merged()
    found = run(play, event={"before": "0" * 40, "after": play.main})
    assert (found.version, found.since) == ("0.1.6", f"the tag of the highest published version at {first[:12]}")


def test_many_merges_that_ship_nothing_are_no_limit(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T25: main's own run on a merge before, which had nothing to ship, is where the range begins."""
    monkeypatch.setattr(commit_range, "LONG", 3)
    monkeypatch.setattr(commit_range, "MOST", 4)
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    for _ in range(4):
        play.merged(NO_SHIP)
    assert run(play).decision == "skip"
    skipped = play.testbed.repo.runs[-1]
    play.merged(SHIP)
    held = run(play).error
    assert held is not None
    assert held.code == "too-many-commits"
    skipped.conclusion, ended = "success", {"Decide": "success", "Build": "skipped", "Deploy": "skipped"}
    for jobs in ({**ended, "Build": "cancelled"}, {**ended, "Deploy": "success"}, {**ended, "Decide": "failure"}):
        skipped.jobs = jobs
        assert run(play).error == held
    skipped.jobs, skipped.conclusion = ended, "cancelled"
    assert run(play).error == held
    skipped.conclusion = "success"
    found = run(play)
    assert (found.decision, found.reasons) == ("ship", ('#6: its checklist ticks "Deployment PR"',))
    assert found.since.startswith("the run at ")


def test_a_run_of_an_old_commit_is_one_of_main(play: DrillEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """T25: thousands of commits ago."""
    monkeypatch.setattr(deciding, "READ", 2)
    old = play.merged()
    play.shipped()
    for _ in range(4):
        play.merged(NO_SHIP)
    assert run(play, commit=old).reasons == (f"{old[:12]}: it is released as 0.1.1",)


def test_the_gate_says_what_decide_would(play: DrillEnv) -> None:
    commit = play.merged()
    assert judge(play).decision == judge(play, commit=commit[:12]).decision == "ship"
    assert play.ledger.releases == ()
    with pytest.raises(Misconfigured, match="is not a commit"):
        judge(play, commit="--evil")


def test_the_gate_looks_at_one_pull_request(play: DrillEnv, tmp_path: Path) -> None:
    play.merged(UNCLEAR)
    found = judge(play, pull=1)
    assert found.error is not None
    assert (found.decision, found.reasons) == (
        "hold", ('#1: neither of "Deployment PR" and "Non-deployment PR" is ticked',),
    )  # fmt: skip
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 1}}')
    play.runner.at(play.main)
    more = {"GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": "pull_request"}
    environ = environ_of(play, None) | more
    assert gate(play.runner.folder, environ, lambda _: None).decision == "hold"
    with pytest.raises(MergeshipError, match="Not Found"):
        judge(play, pull=99)


def test_the_gate_reads_what_auto_merge_has_fixed(play: DrillEnv) -> None:
    """G1"""
    play.merged(NO_SHIP)
    head = play.commit(play.main, {}, "feat: y")
    play.bare.git("update-ref", "refs/heads/feature/y", head)
    proposed = play.testbed.repo.propose("feature/y", "feat: y", NO_SHIP)
    assert judge(play, pull=proposed.number).decision == "skip"
    proposed.auto_merge = f"feat: y (#2)\n\n{SHIP}"
    found = judge(play, pull=proposed.number)
    assert (found.decision, found.reasons) == ("hold", ("#2: its commits and its text do not tick the same",))
    play.testbed.repo.merge(proposed.number, "squash", proposed.auto_merge)
    assert run(play).decision == "hold"


def test_the_gate_says_that_a_person_will_have_to_confirm(play: DrillEnv, tmp_path: Path) -> None:
    """T13: the pull request may be merged, and decide holds then."""
    text = play.bare.git("show", "main:pyproject.toml")
    play.merged(changes={"pyproject.toml": f'{text}\n[tool.mergeship]\nenvironment = "elsewhere"\n'})
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 1}}')
    play.runner.at(play.main)
    environ = environ_of(play, None) | {"GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": "pull_request"}
    found = gate(play.runner.folder, environ, lambda _: None)
    assert (found.decision, found.error) == ("ship", None)
    assert found.reasons[1].startswith("#1: decide will hold: a person has to confirm")
    assert "environment: pypi → elsewhere" in found.reasons[1]


def test_the_gate_reads_a_text_offline(obk: Path, cli: Callable[..., tuple[int, str, str]]) -> None:
    body = obk / "body.md"
    body.write_text(SHIP)
    assert cli("gate", obk, "--body", body)[:2] == (
        0,
        'ship (patch)\n  the text: its checklist ticks "Deployment PR"\n',
    )
    status, out, err = cli("gate", obk, "--body", obk / ".gitignore")
    assert (status, out) == (1, "hold\n  the text: it has no checklist\n")
    assert "[hold]" in err
    assert cli("gate", obk, "--body", obk / "nothing")[0] == 2
    status, out, _ = cli("gate", obk, "--body", body, "--json")
    document = msgspec.json.decode(out)
    assert (document["decision"], document["bump"], document["ok"]) == ("ship", "patch", True)
    assert git(obk, "status", "--porcelain") == "?? body.md"


def test_a_decision_to_skip_ends_what_it_was_recommended_for(play: DrillEnv) -> None:
    play.merged()
    play.shipped()
    for name in list(play.published):
        play.testbed.catalog.delete(name)
    play.merged(UNCLEAR)
    assert run(play, event=dispatch("skip", "deleted on purpose")).decision == "skip"
    play.merged(NO_SHIP)
    assert run(play).decision == "skip"


def test_a_program_may_stay_one(play: DrillEnv) -> None:
    """A version pull request changes a setup.py that is executable, and leaves it so."""
    repository, start = Repository(play.bare.path, play.bare.env), play.main
    index = type(repository)(repository.path, repository.env | {"GIT_INDEX_FILE": str(play.testbed.box.root / "i")})
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    commits = [start]
    for text, mode in (("1", "100755"), ("2", "100755"), ("2", "100644"), ("3", "120000")):
        blob = repository.git("hash-object", "-w", "--stdin", given=text).strip()
        index.git("read-tree", commits[-1])
        index.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},tool")
        tree = index.git("write-tree").strip()
        commits.append(repository.git(*who, "commit-tree", tree, "-p", commits[-1], "-m", "x").strip())
    assert [repository.not_plain_in(commit) for commit in commits[1:]] == [["tool"], [], [], ["tool"]]


def test_the_first_claim_by_hand_keeps_what_it_was_decided_on(play: DrillEnv) -> None:
    first = play.merged(UNCLEAR)
    play.merged(NO_SHIP)
    assert run(play, event=dispatch("ship", "it was meant")).version == "0.1.1"
    assert play.entry("0.1.1").since in {first, play.bare.resolved(f"{first}~1")}


def test_overrides_of_the_policy_count_for_the_gate_too(play: DrillEnv, tmp_path: Path) -> None:
    play.merged(UNCLEAR, labels=("deploy",))
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 1}}')
    play.runner.at(play.main)
    more = {"GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": "pull_request"}
    environ = environ_of(play, None) | more
    assert gate(play.runner.folder, environ, lambda _: None, ["intent=label"]).decision == "ship"


def test_a_release_whose_page_lags_is_looked_for_again(play: DrillEnv) -> None:
    """What this runner saw proven is not shown at first: that is no disagreement."""
    play.merged()
    play.shipped()
    play.merged()
    play.testbed.catalog.shown = {}

    def caught_up() -> None:
        play.testbed.catalog.shown = None

    timer = Timer(0.4, caught_up)
    timer.start()
    try:
        assert run(play, "index.deadline=10").decision == "ship"
    finally:
        timer.join()


def ended(play: DrillEnv, commit: str, conclusion: str = "success", **jobs: str) -> str:
    """A commit's run has come to its end, with these jobs; its number."""
    (run,) = (known for known in play.testbed.repo.runs if known.commit == commit)
    run.jobs, run.conclusion = {"Test": "success", **{name.capitalize(): end for name, end in jobs.items()}}, conclusion
    return str(run.number)


@pytest.mark.parametrize(("body", "outcome"), [(NO_SHIP, "skip"), (UNCLEAR, "hold")])
def test_a_merge_that_does_not_ask_is_not_shipped_by_an_upload_that_someone_forged(
    play: DrillEnv, tmp_path: Path, body: str, outcome: str
) -> None:
    """T1: its run finished another upload, so it has begun to deploy, and anyone can build the same bytes."""
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    commit = play.merged(body)
    play.decide(run="2")
    run_of = ended(play, commit, decide="success", build="success", deploy="success")
    files = tuple(dist.digest(file) for file in dist.distributions(play.session.distributions("0.1.2", play)))
    for state in ("uploading", "uploaded"):
        forged = Entry(version="0.1.2", commit=commit, state=state, at=NOW, began=NOW, run=run_of, files=files)
        known = play.ledger
        play.testbed.origin.put_ledger(msgspec.structs.replace(known, releases=(known.releases[0], forged)), "forged")
        play.merged(NO_SHIP)
        outputs = tmp_path / state
        found = run(play, GITHUB_OUTPUT=str(outputs))
        assert (found.decision, found.unfinished) == (outcome, ())
        assert {"ship=false", "unfinished=[]"} <= set(outputs.read_text().splitlines())
        shutil.rmtree(play.runner.state)


def test_who_may_not_decide_has_nothing_sent(play: DrillEnv, tmp_path: Path) -> None:
    """T13: a dispatch that names the commit confirms what it brings, if it is of someone who decides."""
    play.testbed.repo.of_organization = True
    play.testbed.repo.access["writer"] = "write"
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    play.merged()
    version = play.claimed(run="2")
    play.testbed.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 40
    play.deploy(run="2", settings=("index.deadline=1",))
    play.testbed.catalog.faults.clear()
    play.merged(NO_SHIP, changes={"pyproject.toml": _with(play, 'environment = "elsewhere"')})
    uploads, outputs = len(play.testbed.catalog.uploads), tmp_path / "outputs"
    event = dispatch("ship", "x", play.main, by="writer")
    assert play.decide(run="3", event=event, more={"GITHUB_OUTPUT": str(outputs)}).code == "may-not-decide"
    assert "ship=false" in outputs.read_text()
    assert play.deploy(run="3", event=event).code == "may-not-decide"
    assert (len(play.testbed.catalog.uploads), play.entry(version).state) == (uploads, "uploading")


def test_a_skip_that_someone_wrote_who_may_not_decide_does_not_count(play: DrillEnv) -> None:
    """T3: a dispatch of theirs holds, and has begun to decide."""
    play.testbed.repo.of_organization = True
    play.testbed.repo.access["writer"] = "write"
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    commit = play.merged()
    event = dispatch("skip", "no", by="writer")
    assert play.decide(event=event).code == "may-not-decide"
    recorded = play.testbed.repo.runs[-1]
    recorded.actor, recorded.conclusion = "writer", "failure"
    recorded.jobs = {"Test": "success", "Decide": "failure", "Build": "skipped", "Deploy": "skipped"}
    skip = ledger.Skip(commit, play.testbed.repo.clock(), "no", str(recorded.number), "writer", "maintain")
    play.testbed.origin.put_ledger(msgspec.structs.replace(play.ledger, skips=(skip,)), "forged")
    play.merged(NO_SHIP)
    found = run(play)
    assert found.decision == "hold"
    assert "no run proves it" in found.reasons[-1]


def test_what_was_uploaded_by_a_forged_word_is_given_up_and_decided_on_again(play: DrillEnv) -> None:
    """T12: nothing of it is on the index, and nobody has its bytes: no run is green for ever."""
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    commit = play.merged()
    version = play.claimed(run="2")
    ended(play, commit, "cancelled", decide="success", build="success", deploy="cancelled")
    known = play.ledger
    wheel = Distribution(f"obk-{version}-py3-none-any.whl", 9, "5" * 64)
    forged = msgspec.structs.replace(known.releases[-1], state="uploaded", files=(wheel,), began=NOW)
    play.testbed.origin.put_ledger(msgspec.structs.replace(known, releases=(known.releases[0], forged)), "forged")
    play.merged(NO_SHIP)
    later = clock(3 * 3600)
    found = play.decide(run="3", preload=later)
    (begun,) = found.document["unfinished"]
    assert (begun["version"], begun["listed"]) == (version, False)
    wanted = msgspec.json.encode([begun]).decode()
    built = play.call(
        "build", runner=play.runner, run="3", options=("--out", "dist", "--version", "", "--unfinished", wanted)
    )
    assert built.document["lost"] == [version]
    assert play.deploy(run="3", preload=later, settings=("index.deadline=1",)).code == "version-given-up"
    again = play.decide(run="4", preload=later)
    assert (again.document["decision"], again.document["version"]) == ("ship", "0.1.3")


def test_an_index_that_never_listed_it_is_sent_it_again_from_a_new_runner(play: DrillEnv) -> None:
    """T12: the bytes that it needs for that are built again, or taken from its run."""
    play.merged(changes={PATH: pipeline()})
    play.shipped()
    play.merged()
    version = str(play.decide(run="2").document["version"])
    assert built(play, version).status == 0
    play.testbed.catalog.faults += [Fault(200, "<html>log in</html>")] * 2
    assert play.deploy(run="2", settings=("index.deadline=1",)).code == "not-listed"
    assert play.entry(version).state == "uploaded"
    shutil.rmtree(play.runner.state)
    later = clock(3 * 3600)
    found = play.decide(run="3", preload=later)
    assert built(play, "", found.document["unfinished"]).document["restored"] == [version]
    assert play.deploy(run="3", preload=later).status == 0
    play.complete("0.1.1", version)


def built(play: DrillEnv, version: str, unfinished: Any = ()) -> Ran:
    """The job `build`, on what decide put out."""
    wanted = msgspec.json.encode(unfinished).decode()
    options = ("--out", "dist", "--version", version, "--unfinished", wanted)
    return play.call("build", runner=play.runner, options=options)
