"""Each drill passes, and fails as soon as its guard is taken away.

The quick ones are played here. `make drills` plays all of them, and `make soak` the rest without their guards.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.drills import races, running
from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillFailedError, DrillSession
from mergeship.drills.running import DRILLS, chosen
from mergeship.errors import Misconfigured
from tests import conftest
from tests.conftest import OBK
from tests.testbeds import session

pytestmark = pytest.mark.network
NEEDED = {
    "second-merge", "non-deployment", "unclear-checklist", "direct-push", "test-failure", "build-failure",
    "bad-metadata", "token-rejected", "server-error-twice", "server-error-for-ever", "rate-limited", "reset-mid-upload",
    "response-lost",
    "server-hangs", "half-release", "kill-at-every-step", "cancel", "burst", "race", "stolen-version", "yanked-latest",
    "burned-filename", "stale-index", "old-half-release", "disk-full", "clock-skew", "dirty-workspace",
    "hostile-pull-request", "secret-canary", "tag-refused", "ledger-deleted", "ledger-rewound", "ledger-forged",
    "old-run-re-run", "approval-wait", "protected-main", "lookup-lag", "no-right-to-open-pr", "rate-limited-forge",
    "sigstore-down", "stale-plan", "moved-main", "two-syncs",
    "version-pr-with-extra-change", "bot-merge", "version-pr-loop",
}  # fmt: skip


def patch(target: str, code: str) -> str:
    """Python that puts something else in the place of a function, in the process of the command."""
    module = ".".join(part for part in target.split(".")[:-1] if part.islower())
    return f"import {module}\n{code}\n{target} = patched"


NOTHING = "patched = lambda *_, **__: None"
EMPTY = "patched = lambda *_, **__: []"
GUARDS = {
    # The decision.
    "unclear-checklist": patch(
        "mergeship.core.intent.of_checklist",
        "from mergeship.core.intent import Intent\npatched = lambda _: Intent('deploy', 'whatever it says')",
    ),
    # The upload.
    "response-lost": patch("mergeship.core.listing.Listing.presence", "patched = lambda *_: 'absent'"),
    "half-release": patch("mergeship.core.release.delivery.yank", "patched = lambda *_: ''"),
    "burned-filename": patch("mergeship.core.release.upload.after", "patched = lambda *_: 'stop'"),
    **dict.fromkeys(
        ("shared-runner-folder", "shared-installation", "shared-start-up", "shared-process"),
        patch("mergeship.commands.deploy.shared_runner", "patched = lambda *_: ''"),
    ),
    # The ledger.
    "tag-refused": patch(
        "mergeship.core.release.delivery._tag",
        "from mergeship.core.release.steps import Done, Move\n"
        "patched = lambda entry, _: Done() if entry.state == 'released' else Move('released', tag='created')",
    ),
    "ledger-deleted": patch("mergeship.adapters.store.RunnerStore.seen", "patched = lambda _: ''"),
    "forged-upload": patch("mergeship.core.release.runs._not_of", EMPTY),
    "forged-run": patch("mergeship.core.release.runs._not_of", EMPTY),
    "forged-commit": patch("mergeship.core.release.verdict.refuse_strays", NOTHING),
    "forged-claim": patch("mergeship.core.release.verdict.leap", "patched = lambda *_: ''"),
    "forged-release": patch("mergeship.core.release.verdict.refuse_foreign_files", NOTHING),
    "forged-skip": patch("mergeship.core.release.runs.decided_by_hand", "patched = lambda *_: True"),
    "forged-gone": patch("mergeship.core.release.runs.borne_out", "patched = lambda *_: True")
    + "\nimport mergeship.core.release.claim\nmergeship.core.release.claim.unsent = lambda *_: ()",
    "fresh-runner": patch("mergeship.core.release.verdict.refuse_what_is_behind", NOTHING),
    **dict.fromkeys(
        ("first-run-dropped", "first-merge-unclear"),
        patch(
            "mergeship.core.release.commit_range.range_start",
            "real = mergeship.core.release.commit_range.range_start\n"
            "patched = lambda tag, _, *others: real(tag, '', *others)",
        ),
    ),
    # The forge.
    "stale-plan": patch("mergeship.core.forge.plan.refuse_another", NOTHING),
    "no-right-to-open-pr": patch(
        "mergeship.commands.sync._Syncing._by_hand",
        "from mergeship.errors import Failed\n"
        "def patched(self, result, branch, refused):\n    raise Failed('forge-permission', refused)",
    ),
    "lookup-lag": patch("mergeship.adapters.github.lookup._PAUSE", "patched = 1e9"),
    # The process.
    "disk-full": patch(
        "mergeship.cli._of_the_machine",
        "from mergeship.errors import Failed\npatched = lambda _: Failed('nothing-wrong', 'all is well')",
    ),
}  # fmt: skip
LONG = {
    "protected-main": patch("mergeship.core.forge.protection.desired", "patched = lambda *_: iter(())"),
    "moved-main": patch(
        "mergeship.pipeline.version_pull.VersionPulls._content", "patched = lambda self, _: 'the same'"
    ),
    "two-syncs": patch("mergeship.commands.sync.Overtaken", "patched = ZeroDivisionError"),
    "version-pr-with-extra-change": patch(
        "mergeship.pipeline.merges.with_unexpected_files", "patched = lambda _, __, pull, *___: pull"
    ),
    "bot-merge": patch(
        "mergeship.core.intent.of_checklist",
        "from mergeship.core.intent import Intent\npatched = lambda _: Intent('deploy', 'whatever it says')",
    ),
    "version-pr-loop": patch("mergeship.core.release.decision.neutral_kind", "patched = lambda _: ''")
    + "\nimport mergeship.core.intent\nfrom mergeship.core.intent import Intent\n"
    "mergeship.core.intent.of_checklist = lambda _: Intent('deploy', 'whatever it says')",
    "rate-limited-forge": patch("mergeship.core.retry_after.seconds_to_wait", "patched = lambda *_: None"),
    "token-rejected": patch(
        "mergeship.core.release.upload.classify",
        "from mergeship.core.release.upload import Verdict\npatched = lambda _: Verdict('accepted')",
    ),
    "ledger-forged": patch("mergeship.core.release.conflicts.conflicts", EMPTY),
    "direct-push": patch(
        "mergeship.core.release.decision.decide",
        "real = mergeship.core.release.decision.decide\n"
        "patched = lambda merges, *rest: real([m for m in merges if m.pulls], *rest)",
    ),
    "burst": patch(
        "mergeship.core.release.commit_range.since_last_release",
        "real = mergeship.core.release.commit_range.since_last_release\nimport msgspec\n"
        "def patched(*given):\n    found = real(*given)\n"
        "    return msgspec.structs.replace(found, commits=found.commits[-1:])",
    ),
    "sigstore-down": patch("mergeship.pipeline.login.Login.attested", "patched = lambda *_: {}"),
    "server-error-twice": patch("mergeship.core.release.upload.after", "patched = lambda *_: 'stop'"),
    "reset-mid-upload": patch(
        "mergeship.core.release.upload.after", "patched = lambda verdict, _: 'sent' if verdict else 'stop'"
    ),
    "bad-metadata": patch(
        "mergeship.core.release.upload.classify",
        "from mergeship.core.release.upload import Verdict\npatched = lambda _: Verdict('refused', 'stop')",
    ),
    "ledger-rewound": patch("mergeship.adapters.store.RunnerStore.seen", "patched = lambda _: ''"),
    "old-run-re-run": patch(
        "mergeship.core.release.commit_range.since_last_release",
        "from mergeship.core.release.commit_range import Range\n"
        "patched = lambda line, head, *_: Range(head, commits=tuple(one for one in line if one.sha == head))",
    ),
    "rate-limited": patch("mergeship.core.retry_after.seconds_to_wait", "patched = lambda *_: None"),
    "server-hangs": patch(
        "mergeship.adapters.index.upload",
        "real = mergeship.adapters.index.upload\npatched = lambda a, t, f, s, *_: real(a, t, f, s, 600.0)",
    ),
    "stale-index": patch(
        "mergeship.core.release.ledger.Entry.unfinished", "patched = property(lambda self: self.state == 'uploading')"
    ),
    "approval-wait": patch(
        "mergeship.core.release.ledger.Entry.leased", "patched = lambda self, *_: self.state == 'claimed'"
    ),
    "stolen-version": patch("mergeship.core.pep440.same", "patched = lambda *_: False")
    + "\nimport mergeship.core.listing\nmergeship.core.listing.Listing.presence = lambda *_: 'absent'",
    "clock-skew": patch(
        "mergeship.core.release.ledger.Entry.leased",
        "patched = lambda self, now, lease: self.state == 'claimed' and now - self.at <= lease",
    ),
    "server-error-for-ever": patch("mergeship.core.release.upload.after", "patched = lambda *_: 'give-up'"),
    "old-half-release": patch("mergeship.core.release.ledger.old_uploads", EMPTY),
    "yanked-latest": patch("mergeship.core.listing.Listing.used", "patched = property(lambda self: [])")
    + "\nimport mergeship.core.release.ledger\nmergeship.core.release.ledger.Ledger.used = property(lambda self: [])"
    + "\nimport mergeship.core.version\nmergeship.core.version.tagged = lambda *_: []",
    "cancel": "import signal\nfor number in (signal.SIGINT, signal.SIGTERM):\n"
    "    signal.signal(number, signal.SIG_IGN)\nsignal.signal = lambda *_: None",
    "kill-at-every-step": patch(
        "mergeship.core.release.delivery._send",
        "real = mergeship.core.release.delivery._send\nfrom mergeship.core.release.steps import Stop\n"
        "from mergeship.errors import Failed\ndef patched(entry, facts):\n"
        "    return real(entry, facts) if facts.unbound else Stop(Failed('begun', 'it is not resumed'))",
    ),
    "race": patch(
        "mergeship.adapters.git.origin.Origin.push",
        "from mergeship.adapters.git.origin import PushResult\nfrom mergeship.process import ProcessFailed\n"
        "def patched(self, wanted):\n    while True:\n        try:\n"
        "            self._remote.git('push', '--force', 'origin', *(f'{c}:{r}' for r, c in wanted.items()))\n"
        "            return PushResult(done=True)\n        except ProcessFailed:\n            continue",
    ),
    "second-merge": patch(
        "mergeship.core.version.next_version",
        "from mergeship.core.version import Next\npatched = lambda *_, **__: Next('0.1.1', ('because',))",
    ),
    "non-deployment": GUARDS["unclear-checklist"],
    "test-failure": patch("mergeship.adapters.environment.Venv.run", "patched = lambda *_, **__: ''"),
    "build-failure": patch(
        "mergeship.pipeline.building.Builder.build",
        "real = mergeship.pipeline.building.Builder.build\n"
        "patched = lambda self, commit, *rest: real(self, f'{commit}^', *rest)",
    ),
    "late-proof": patch("mergeship.core.release.ledger.Ledger.unfinished", "patched = property(lambda self: ())"),
    "lost-runner": patch("mergeship.pipeline.recover_artifacts._folders", EMPTY),
    "dirty-workspace": patch("mergeship.commands.build._refuse_strangers", NOTHING),
    "hostile-pull-request": patch(
        "mergeship.core.intent.of_checklist",
        "from mergeship.core.intent import Intent\nyes, no = Intent('deploy', 'it ticks \"Deployment PR\"'), "
        "Intent('no-deploy', 'no')\npatched = lambda text: yes if '[x] Deployment PR' in text else no",
    ),
    "secret-canary": "import os, sys\nprint(os.environ.get('PYPI_API_TOKEN'), file=sys.stderr)",
}
FAILS = {
    "approval-wait": "is claimed$",
    "bad-metadata": "^deploy: stop: .* refused",
    "bot-merge": "^a bot's pull request without a checklist: ship",
    "build-failure": "'build': 'passed'",
    "burned-filename": "^deploy: filename-burned: ",
    "burst": "^the third run: skip",
    "cancel": r"^it took [\d.]+ s to end",
    "clock-skew": "^(the first deploy|deploys): ",
    "direct-push": "^decide: skip",
    "dirty-workspace": "'deploy': 'failed'",
    "disk-full": "^at write 1: nothing-wrong",
    "half-release": "^it says: ",
    "hostile-pull-request": "^decide: ship",
    "kill-at-every-step": "^after a kill before .*: begun: ",
    "late-proof": "^the next run: .*'deploy': 'skipped'",
    "first-merge-unclear": "^the next merge ships it silently: ship",
    "first-run-dropped": "^decide: skip",
    "forged-claim": "^decide: would-leave-0x",
    "forged-commit": "^decide: ship",
    "forged-gone": "^decide: ship",
    "forged-release": "^decide: skip",
    "forged-run": "^decide: ship",
    "forged-skip": "^decide: skip",
    "forged-upload": "^decide: ship",
    "fresh-runner": "^decide: ship",
    "ledger-deleted": "^decide: ship",
    "ledger-forged": "^decide: skip",
    "ledger-rewound": "^decide: ship",
    "lookup-lag": "^decide: hold: .* has no merged pull request",
    "lost-runner": r"^released: 0\.1\.2",
    "moved-main": "^sync again: ",
    "no-right-to-open-pr": "^sync: forge-permission: ",
    "non-deployment": "'deploy': 'passed'",
    "old-half-release": "^decide: ",
    "old-run-re-run": "^the old run: ship",
    "protected-main": "pushed directly: done",
    "race": "commits? got|ledger-rewound|ledger-edited",
    "rate-limited": r"^it waited [\d.]+ s",
    "rate-limited-forge": "'failed': {'action': 'create', 'kind': 'protection'",
    "reset-mid-upload": "^deploy: index-unreachable: ",
    "response-lost": "^2 uploads were answered with 200",
    "second-merge": "^merge 2: .*'decide': 'failed'",
    "secret-canary": "^found: PYPI_API_TOKEN in ",
    "server-error-for-ever": "^deploy: version-given-up: ",
    "server-error-twice": "^deploy: index-error: ",
    "server-hangs": "^deploy: index-error: ",
    **dict.fromkeys(
        ("shared-runner-folder", "shared-installation", "shared-start-up", "shared-process"), "^deploy does not warn"
    ),
    "sigstore-down": "^deploy: status 0",
    "stale-index": r"^released: 0\.1\.2",
    "stale-plan": "^edited by hand: status 0",
    "stolen-version": "^deploy: file-exists: ",
    "tag-refused": "is released, tag created$",
    "test-failure": "'test': 'passed'",
    "token-rejected": "^deploy: not-listed: ",
    "two-syncs": "^sync, overtaken at git push: (pull-request-exists|branch-moved)",
    "unclear-checklist": "^decide: ship",
    "version-pr-loop": "^the version pull request: .*'deploy': 'passed'",
    "version-pr-with-extra-change": "^decide: skip",
    "yanked-latest": r"0\.1\.1 is claimed already",
}
"""Which demand fails without the guard: a drill that fails for another reason shows nothing."""
QUICK = (
    "burst", "cancel", "lookup-lag", "old-run-re-run", "protected-main", "reset-mid-upload", "response-lost",
    "server-error-twice", "stale-plan", "tag-refused", "token-rejected", "unclear-checklist",
)  # fmt: skip
"""Drills of less than two seconds, played whole here; `make drills` plays all of them."""
OF = {drill.name: drill for drill in DRILLS}


def test_every_drill_is_there_once() -> None:
    names = [drill.name for drill in DRILLS]
    assert set(names) >= NEEDED
    assert len(names) == len(set(names))
    assert all(drill.injected and drill.expected for drill in DRILLS)


def test_each_name_is_known() -> None:
    assert chosen(["all"]) == DRILLS
    assert [drill.name for drill in chosen(["race", "cancel"])] == ["cancel", "race"]
    with pytest.raises(Misconfigured, match="no drill called 'nothing'") as refused:
        chosen(["race", "nothing"])
    assert "kill-at-every-step" in refused.value.hint


@pytest.fixture
def session_with(wheel_cache: Path) -> Callable[[str], DrillSession]:
    return lambda preload: session(wheel_cache, preload=preload)


@pytest.mark.parametrize("name", QUICK)
def test_a_drill_passes(name: str, session_with: Callable[[str], DrillSession]) -> None:
    assert OF[name].play(session_with(""))


@pytest.mark.parametrize("name", GUARDS)
def test_without_its_guard_a_drill_fails(name: str, session_with: Callable[[str], DrillSession]) -> None:
    with pytest.raises(DrillFailedError, match=FAILS[name]):
        OF[name].play(session_with(GUARDS[name]))


@conftest.LONG
@pytest.mark.parametrize("name", LONG)
def test_without_its_guard_a_long_drill_fails(name: str, session_with: Callable[[str], DrillSession]) -> None:
    with pytest.raises(DrillFailedError, match=FAILS[name]):
        OF[name].play(session_with(LONG[name]))


def test_each_guard_can_be_taken_away() -> None:
    """A drill that fails because Python did would show nothing."""
    code = json.dumps([*GUARDS.values(), *LONG.values()])
    command = [sys.executable, "-I", "-c", f"for code in {code}: exec(code, {{}})"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_drill_has_a_guard() -> None:
    assert set(GUARDS) | set(LONG) == set(OF) == set(FAILS)
    assert not set(GUARDS) & set(LONG)


def test_a_race_of_a_few_rounds(session_with: Callable[[str], DrillSession]) -> None:
    assert races.race(session_with(""), rounds=2, every=1).startswith("2 rounds")


def test_what_was_seen_is_reported_and_printed(cli: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = cli("rehearse", OBK, "--drill", "unclear-checklist")
    assert (status, "Drilled. obk: 1 of 1 drills passed" in out) == (0, True)
    assert "ok   unclear-checklist" in err
    status, out, _ = cli("rehearse", OBK, "--drill", "nothing", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (2, "no-such-drill")


def test_a_drill_that_fails_is_reported(
    monkeypatch: pytest.MonkeyPatch, cli: Callable[..., tuple[int, str, str]]
) -> None:
    def fails(_: DrillSession) -> str:
        raise DrillFailedError("something else")

    broken = Drill("direct-push", "a fault", "an outcome", fails)
    monkeypatch.setattr(running, "DRILLS", (broken,))
    status, out, err = cli("rehearse", OBK, "--drill", "direct-push", "--json")
    assert status == 1
    document = json.loads(out)
    (found,) = document["drills"]
    assert (found["name"], found["passed"], found["injected"], found["expected"], found["seen"]) == (
        "direct-push", False, "a fault", "an outcome", "something else",
    )  # fmt: skip
    assert document["error"]["code"] == "drill-failed"
    status, out, err = cli("rehearse", OBK, "--drill", "all")
    assert "FAILED" in out
    assert "demanded:" in out
    assert "[drill-failed]" in err
