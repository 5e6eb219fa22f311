"""Drills of the forge: its rules, its limits, its lag, and the version pull request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mergeship.adapters.git import Repository
from mergeship.adapters.github import Forge
from mergeship.adapters.github.connection import Refused
from mergeship.adapters.github.pulls import asked
from mergeship.core.release import version_pull
from mergeship.drills.drill import Drill
from mergeship.drills.runner import Ran, Runner
from mergeship.drills.scene import SHIP, Scene, Theatre, demand
from mergeship.process import ProcessFailed
from mergeship.world.fault import Fault
from mergeship.world.forge.hosting import ACTIONS, Proposal
from mergeship.world.forge.merging import PERSON

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _person(scene: Scene, *words: str, **given: Any) -> Ran:  # noqa: ANN401
    """A command of the maintainer, with the token of the index at hand."""
    return scene.call(*words, runner=scene.runner, more={"GH_TOKEN": scene.stage.person}, **given)


def _unprotected(scene: Scene) -> None:
    scene.stage.hosting.rules.rulesets.clear()
    scene.stage.hosting.enforce()


def _pushed(scene: Scene, token: str, *words: str) -> str:
    """What the forge says to a push with a token; empty where it takes it."""
    env = {**scene.stage.box.env, **scene.stage.login(token)}
    try:
        Repository(scene.runner.folder, env).git("push", *words[:-1], "origin", words[-1])
    except ProcessFailed as error:
        return error.output
    return ""


def _protected_main(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        hosting = scene.stage.hosting
        _unprotected(scene)
        applied = _person(scene, "forge", "apply", options=("--yes",))
        demand(applied.status == 0, f"forge apply: {applied.message}")
        again = _person(scene, "forge", "plan", options=("--exit-code",))
        demand(again.status == 0, f"a second plan: {again.document.get('changes')}")
        before = scene.main
        scene.merged()
        before, sibling = scene.main, scene.commit(before, {}, "fix: another past")
        scene.runner.at(before)
        direct = scene.runner.repository.git(
            *PERSON, "commit-tree", f"{before}^{{tree}}", "-p", before, "-m", "x"
        ).strip()
        scene.bare.git("update-ref", "refs/heads/sibling", sibling)
        scene.runner.repository.git("fetch", "--quiet", str(scene.bare.path), "refs/heads/sibling")
        for who, token in (("an administrator", scene.stage.person), ("a job", scene.stage.token)):
            said = _pushed(scene, token, f"{direct}:refs/heads/main")
            demand("GH013" in said and "through a pull request" in said, f"{who} pushed directly: {said or 'done'}")
        ways = {"force-push": ("non_fast_forward", ("--force", f"{sibling}:refs/heads/main")), "delete": (
            "deletion", (":refs/heads/main",)
        )}  # fmt: skip
        for what, (rule, words) in ways.items():
            with _alone(scene, rule):
                said = _pushed(scene, scene.stage.person, *words)
            demand("GH013" in said and f"Cannot {what}" in said, f"{what}, by an administrator: {said or 'done'}")
        demand(scene.main == before, "main has moved")
        number = _proposed(scene).number
        said = _merged(scene, number)
        demand("required status check" in said.lower() and scene.main == before, f"merged without checks: {said}")
        for context in ("Test the pull request", "Gate"):
            hosting.report(hosting.proposals[number].head, context, "success")
        said = _merged(scene, number)
        demand(not said and scene.main != before, f"not merged with all checks green: {said}")
        return "pushes, force, deletion refused to administrator and job alike; merged when green"


@contextmanager
def _alone(scene: Scene, kind: str) -> Iterator[None]:
    """One rule of main's, and no other one, so that it has to hold by itself."""
    rulesets = scene.stage.hosting.rules.rulesets
    kept = dict(rulesets)
    for number, ruleset in kept.items():
        rulesets[number] = {**ruleset, "rules": [rule for rule in ruleset["rules"] if rule["type"] == kind]}
    scene.stage.hosting.enforce()
    yield
    rulesets.update(kept)
    scene.stage.hosting.enforce()


def _proposed(scene: Scene) -> Proposal:
    head = scene.commit(scene.main, {"x.txt": "x"}, "feat: x")
    scene.bare.git("update-ref", "refs/heads/feature/x", head)
    return scene.stage.hosting.propose("feature/x", "feat: x", SHIP)


def _merged(scene: Scene, number: int, token: str = "") -> str:
    """Merge a pull request by the API, by default as the maintainer; the forge's words where it refuses."""
    environ = {**scene.stage.by_person, "GH_TOKEN": token or scene.stage.person}
    forge = Forge(environ, scene.stage.hosting.name, 10.0)
    head = scene.stage.hosting.proposals[number].head
    try:
        asked(forge, lambda pulls: pulls.merged(number, head))
    except Refused as refused:
        return refused.said
    return ""


def _lookup_lag(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.stage.hosting.lag = 2
        ran = scene.decide()
        demand(ran.status == 0 and ran.document.get("decision") == "ship", f"decide: {ran.message}")
        demand(scene.stage.hosting.lag == 0, "it was not asked again")
        return f"asked three times, then shipped {ran.document['version']}"


def _no_right(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.stage.hosting.settings.workflow["can_approve_pull_request_reviews"] = False
        scene.merged()
        scene.shipped()
        ran = scene.sync()
        demand(ran.status == 0 and ran.document.get("action") == "pushed", f"sync: {ran.message}")
        branch, url = str(ran.document["branch"]), str(ran.document["url"])
        demand(bool(scene.stage.hosting.head_of(branch)), f"{branch} is not there")
        demand(url.endswith(f"/compare/main...{branch}?expand=1"), f"no page to open one: {url}")
        demand(len(scene.stage.hosting.proposals) == 1, "a pull request was opened")
        scene.stage.hosting.settings.workflow["can_approve_pull_request_reviews"] = True
        again = scene.sync()
        demand(again.document.get("action") == "opened" and again.document.get("branch") == branch, again.said)
        return f"{branch} pushed, its compare page named; opened on the next run, once it may"


def _rate_limited(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        hosting = scene.stage.hosting
        _unprotected(scene)
        slow = [Fault(403, SECONDARY, {"retry-after": "1"}, method=method) for method in ("PUT", "POST")]
        hosting.faults += slow
        hosting.faults.append(Fault(403, SECONDARY, {"retry-after": "600"}, method="POST", path="/labels"))
        applied = _person(scene, "forge", "apply", options=("--yes",))
        document = applied.document
        demand(applied.status == 1 and applied.code == "forge-rate-limited", f"forge apply: {applied.message}")
        demand(document["failed"]["kind"] == "label" and bool(document["not_tried"]), f"{document}")
        left = _person(scene, "forge", "plan").document["changes"]
        demand(len(left) == 1 + len(document["not_tried"]), f"left: {left}")
        demand(_person(scene, "forge", "apply", options=("--yes",)).status == 0, "the rest was not applied")
        demand(len(hosting.rules.rulesets) == 2, "a ruleset was made twice")  # noqa: PLR2004 - main and tags
        _unprotected(scene)
        hosting.protect()
        scene.merged()
        scene.shipped()
        hosting.faults.append(Fault(403, SECONDARY, {"retry-after": "1"}, method="POST", path="/pulls"))
        ran = scene.sync()
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        demand(len(hosting.proposals) == 2, "it was opened twice")  # noqa: PLR2004 - the change, the version
        hosting.proposals[2].closed = hosting.clock()
        hosting.faults.append(Fault(502, method="POST", done=True, path="/pulls"))
        lost = scene.sync()
        demand(lost.code == "forge-refused", f"a lost answer: {lost.message}")
        demand(len(hosting.proposals) == 3, "what may have been done was done again")  # noqa: PLR2004
        demand(scene.sync().document.get("action") == "unchanged", "it was not found again")
        return "short waits waited for; a long one told, with what is left; nothing done twice"


def _stale_plan(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        hosting = scene.stage.hosting
        _unprotected(scene)
        plan = scene.runner.home / "plan.json"
        demand(_person(scene, "forge", "plan", options=("--out", str(plan))).status == 0, "no plan")
        text = plan.read_text(encoding="utf-8")
        edited = text.replace('"PR_BODY"', '"BLANK"')
        demand(edited != text, "the plan does not say PR_BODY")
        plan.write_text(edited, encoding="utf-8")
        by_hand = _person(scene, "forge", "apply", str(plan))
        demand(by_hand.code == "edited-plan", f"edited by hand: {by_hand.message}")
        plan.write_text(text, encoding="utf-8")
        hosting.settings.workflow["default_workflow_permissions"] = "write"
        stale = _person(scene, "forge", "apply", str(plan))
        demand(stale.code == "stale-plan", f"settings that moved: {stale.message}")
        demand(not hosting.rules.rulesets and not hosting.stored, "something was applied")
        hosting.settings.workflow["default_workflow_permissions"] = "read"
        demand(_person(scene, "forge", "apply", str(plan)).status == 0, "the plan itself was refused")
        return "refused when edited, refused when the settings had moved, applied as it was shown"


def _moved_main(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.shipped()
        moved = scene.commit(scene.main, {"moved.txt": "moved"}, "feat: meanwhile (#9)")
        prelude = (
            "import subprocess\nfrom mergeship.drills.seams import at_each_effect\n"
            "def move(effect):\n"
            "    if effect.startswith('process git') and effect.endswith(' push'):\n"
            f"        subprocess.run(['git', '--git-dir', {str(scene.bare.path)!r}, 'update-ref', 'refs/heads/main', "
            f"{moved!r}], check=True)\n"
            "at_each_effect(move)"
        )
        ran = scene.sync(prelude=prelude)
        demand(scene.main == moved, "main did not move")
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        (proposal,) = (one for one in scene.stage.hosting.proposals.values() if one.open)
        demand([path for _, path, _ in scene.stage.hosting.files(proposal)] == ["pyproject.toml"], "it changes more")
        again = scene.sync()
        demand(again.document.get("action") == "moved", f"sync again: {again.message}")
        demand(scene.bare.resolved(f"{proposal.head}^") == moved, "it is not on top of main")
        scene.before = scene.main
        after = scene.stage.hosting.merge(proposal.number)
        demand(scene.bare.git("show", f"{after}:moved.txt") == "moved", "what was merged meanwhile is gone")
        files = [path for _, path, _ in scene.stage.hosting.files(proposal)]
        demand(files == ["pyproject.toml"], f"it is said to change {files}")
        return "opened on main as it was, moved on top of it by the next run, nothing reverted"


def _two_syncs(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        other = Runner(scene.stage, "second")
        for run, moment in enumerate(("git push", "POST"), start=1):
            scene.merged()
            scene.shipped(run=str(run))
            other.at(scene.main)
            command = [str(scene.stage.box.command), "sync", "."]
            meanwhile = (
                "import subprocess\nfrom mergeship.drills.seams import at_each_effect\nmet = []\n"
                "def overtake(effect):\n"
                f"    if {moment.split()[0]!r} in effect and {moment.split()[-1]!r} in effect and not met:\n"
                "        met.append(effect)\n"
                f"        subprocess.run({command!r}, cwd={str(other.folder)!r}, env={other.env('9', None, '', {})!r}, "
                "check=True, stdout=subprocess.DEVNULL)\n"
                "at_each_effect(overtake)"
            )
            ran = scene.sync(prelude=meanwhile)
            demand(ran.status == 0, f"sync, overtaken at {moment}: {ran.message}")
            demand(ran.document.get("action") == "unchanged", f"it was not overtaken at {moment}: {ran.document}")
            opened = [one for one in scene.stage.hosting.proposals.values() if one.open]
            demand(len(opened) == 1, f"{len(opened)} version pull requests are open")
            demand(opened[0].number == ran.document.get("pull"), f"it names #{ran.document.get('pull')}")
            scene.before = scene.main
            scene.stage.hosting.merge(opened[0].number)
        return "overtaken at the push and at the pull request: one of each, found by the other run"


def _extra_change(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.shipped()
        ran = scene.sync()
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        branch, number = str(ran.document["branch"]), int(ran.document["pull"])
        head = scene.commit(scene.stage.hosting.head_of(branch), {"src/extra.py": "extra"}, "feat: slipped in")
        scene.bare.git("update-ref", f"refs/heads/{branch}", head)
        scene.stage.hosting.pushed()
        scene.merged()
        scene.shipped(run="2")
        taken = scene.sync()
        demand(taken.document.get("action") == "opened", f"beside somebody's commit: {taken.message}")
        demand("left alone" in taken.said, "nothing is said of somebody's commit")
        demand(scene.stage.hosting.head_of(branch) == head, "somebody's commit was overwritten")
        scene.before = scene.main
        scene.stage.hosting.merge(number)
        held = scene.decide(run="3")
        demand(held.document.get("decision") == "hold" and "src/extra.py" in held.said, f"decide: {held.message}")
        return "the branch was left alone, and its merge is a hold that names src/extra.py"


def _bot_merge(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.stage.hosting.settings.repository["delete_branch_on_merge"] = True
        scene.merged()
        scene.shipped()
        ran = scene.sync()
        demand("wait" in str(ran.document.get("advice")), f"nothing is said of its checks: {ran.document}")
        hosting, number = scene.stage.hosting, int(ran.document["pull"])
        began: list[str] = []
        hosting.on_event = lambda event, *_: began.append(event)
        for context in ("Test the pull request", "Gate"):
            hosting.report(hosting.proposals[number].head, context, "success")
        scene.before = scene.main
        said = _merged(scene, number, scene.stage.token)
        demand(not said and hosting.proposals[number].merged_by == ACTIONS, f"not merged by the bot: {said}")
        demand("push" not in began, "what GITHUB_TOKEN merged has started a run")
        own = scene.decide(run="2")
        demand(own.document.get("decision") == "skip", f"the version pull request: {own.message}")
        scene.merged("Bumps x from 1 to 2.", "build(deps): bump x", author="dependabot[bot]", branch="dependabot/x")
        other = scene.decide(run="3")
        demand(other.document.get("decision") == "hold", f"a bot's pull request without a checklist: {other.message}")
        return "the version pull request asks for nothing; a bot that says nothing is a hold"


def _loop(theatre: Theatre) -> str:
    from mergeship.drills.engine import played, statuses

    with played(theatre) as play:
        jobs = play.run(play.merged(1), 1)
        demand(jobs == statuses(*["passed"] * 4), f"the release: {jobs}")
        hosting, (entry,) = play.scene.stage.hosting, play.scene.ledger.releases
        opened = [one for one in hosting.proposals.values() if one.open]
        demand([one.title for one in opened] == [version_pull.title(entry.version)], f"open: {opened}")
        before = play.scene.main
        after = hosting.merge(opened[0].number)
        jobs = play.run(play.scene.stage.origin.pulled(before, after, opened[0].title), 2)
        demand(jobs == statuses("passed", "passed", "skipped", "skipped"), f"the version pull request: {jobs}")
        demand(len(play.scene.ledger.releases) == 1, "it was released")
        play.scene.complete(entry.version)
        return f"{entry.version} came back by #{opened[0].number}, and its merge shipped nothing"


DRILLS = (
    Drill("version-pr-loop", "the version pull request is merged", "nothing ships because of it", _loop),
    Drill("rate-limited-forge", "rate limits in the middle of everything", "waited for or told", _rate_limited),
    Drill("protected-main", "pushes, force and deletion, by an administrator too", "all refused", _protected_main),
    Drill("version-pr-with-extra-change", "a commit slips into it", "its merge is a hold", _extra_change),
    Drill("moved-main", "main moves while the version is brought back", "nothing is reverted", _moved_main),
    Drill("two-syncs", "another run brings the version back meanwhile", "one pull request, no job red", _two_syncs),
    Drill("no-right-to-open-pr", "Actions may not open pull requests", "the branch, and a page to open it", _no_right),
    Drill("bot-merge", "a bot merges", "judged like anybody else", _bot_merge),
    Drill("stale-plan", "settings that moved, a plan that was edited", "refused, nothing applied", _stale_plan),
    Drill("lookup-lag", "GitHub does not know the pull request yet", "asked again, then decided", _lookup_lag),
)
