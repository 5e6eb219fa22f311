"""Drills of the forge: its rules, its limits, its lag."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mergeship.adapters.git import Repository
from mergeship.adapters.github import Forge
from mergeship.adapters.github.connection import RequestRefused
from mergeship.adapters.github.pulls import ask_pulls
from mergeship.drills.drill import Drill
from mergeship.drills.env import SHIP, DrillEnv, DrillSession, demand
from mergeship.drills.runner import Ran
from mergeship.process import ProcessFailed
from mergeship.world.fault import Fault
from mergeship.world.forge.merging import PERSON
from mergeship.world.forge.records import PullRequest

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _person(drill: DrillEnv, *words: str, **given: Any) -> Ran:  # noqa: ANN401
    """A command of the maintainer, with the token of the index at hand."""
    return drill.call(*words, runner=drill.runner, more={"GH_TOKEN": drill.testbed.person}, **given)


def _unprotected(drill: DrillEnv) -> None:
    drill.testbed.repo.rules.rulesets.clear()
    drill.testbed.repo.enforce()


def _pushed(drill: DrillEnv, token: str, *words: str) -> str:
    """What the forge says to a push with a token; empty if it takes it."""
    env = {**drill.testbed.box.env, **drill.testbed.login(token)}
    try:
        Repository(drill.runner.folder, env).git("push", *words[:-1], "origin", words[-1])
    except ProcessFailed as error:
        return error.output
    return ""


def _protected_main(session: DrillSession) -> str:
    with session.env() as drill:
        repo = drill.testbed.repo
        _unprotected(drill)
        applied = _person(drill, "forge", "apply", options=("--yes",))
        demand(applied.status == 0, f"forge apply: {applied.message}")
        again = _person(drill, "forge", "plan", options=("--exit-code",))
        demand(again.status == 0, f"a second plan: {again.document.get('changes')}")
        before = drill.main
        drill.merged()
        before, sibling = drill.main, drill.commit(before, {}, "fix: another past")
        drill.runner.at(before)
        direct = drill.runner.repository.git(
            *PERSON, "commit-tree", f"{before}^{{tree}}", "-p", before, "-m", "x"
        ).strip()
        drill.bare.git("update-ref", "refs/heads/sibling", sibling)
        drill.runner.repository.git("fetch", "--quiet", str(drill.bare.path), "refs/heads/sibling")
        for who, token in (("an administrator", drill.testbed.person), ("a job", drill.testbed.token)):
            output = _pushed(drill, token, f"{direct}:refs/heads/main")
            demand(
                "GH013" in output and "through a pull request" in output, f"{who} pushed directly: {output or 'done'}"
            )
        ways = {"force-push": ("non_fast_forward", ("--force", f"{sibling}:refs/heads/main")), "delete": (
            "deletion", (":refs/heads/main",)
        )}  # fmt: skip
        for what, (rule, words) in ways.items():
            with _alone(drill, rule):
                output = _pushed(drill, drill.testbed.person, *words)
            demand("GH013" in output and f"Cannot {what}" in output, f"{what}, by an administrator: {output or 'done'}")
        demand(drill.main == before, "main has moved")
        number = _proposed(drill).number
        output = merged(drill, number)
        demand("required status check" in output.lower() and drill.main == before, f"merged without checks: {output}")
        for context in ("Test the pull request", "Gate"):
            repo.report(repo.pull_requests[number].head, context, "success")
        output = merged(drill, number)
        demand(not output and drill.main != before, f"not merged with all checks green: {output}")
        return "pushes, force, deletion refused to administrator and job alike; merged when green"


@contextmanager
def _alone(drill: DrillEnv, kind: str) -> Iterator[None]:
    """One rule of main's, and no other one, so that it has to hold by itself."""
    rulesets = drill.testbed.repo.rules.rulesets
    kept = dict(rulesets)
    for number, ruleset in kept.items():
        rulesets[number] = {**ruleset, "rules": [rule for rule in ruleset["rules"] if rule["type"] == kind]}
    drill.testbed.repo.enforce()
    yield
    rulesets.update(kept)
    drill.testbed.repo.enforce()


def _proposed(drill: DrillEnv) -> PullRequest:
    head = drill.commit(drill.main, {"x.txt": "x"}, "feat: x")
    drill.bare.git("update-ref", "refs/heads/feature/x", head)
    return drill.testbed.repo.propose("feature/x", "feat: x", SHIP)


def merged(drill: DrillEnv, number: int, token: str = "") -> str:
    """Merge a pull request by the API, by default as the maintainer; the forge's words if it refuses."""
    environ = {**drill.testbed.by_person, "GH_TOKEN": token or drill.testbed.person}
    forge = Forge(environ, drill.testbed.repo.name, 10.0)
    head = drill.testbed.repo.pull_requests[number].head
    try:
        ask_pulls(forge, lambda pulls: pulls.merge(number, head))
    except RequestRefused as refused:
        return refused.words
    return ""


def _lookup_lag(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.testbed.repo.lag = 2
        ran = drill.decide()
        demand(ran.status == 0 and ran.document.get("decision") == "ship", f"decide: {ran.message}")
        demand(drill.testbed.repo.lag == 0, "it was not asked again")
        return f"asked three times, then shipped {ran.document['version']}"


def _no_right(session: DrillSession) -> str:
    with session.env() as drill:
        drill.testbed.repo.settings.workflow["can_approve_pull_request_reviews"] = False
        drill.merged()
        drill.shipped()
        ran = drill.sync()
        demand(ran.status == 0 and ran.document.get("action") == "pushed", f"sync: {ran.message}")
        branch, url = str(ran.document["branch"]), str(ran.document["url"])
        demand(bool(drill.testbed.repo.head_of(branch)), f"{branch} is not there")
        demand(url.endswith(f"/compare/main...{branch}?expand=1"), f"no page to open one: {url}")
        demand(len(drill.testbed.repo.pull_requests) == 1, "a pull request was opened")
        drill.testbed.repo.settings.workflow["can_approve_pull_request_reviews"] = True
        again = drill.sync()
        demand(again.document.get("action") == "opened" and again.document.get("branch") == branch, again.output)
        return f"{branch} pushed, its compare page named; opened on the next run, once it may"


def _rate_limited(session: DrillSession) -> str:
    with session.env() as drill:
        repo = drill.testbed.repo
        _unprotected(drill)
        slow = [Fault(403, SECONDARY, {"retry-after": "1"}, method=method) for method in ("PUT", "POST")]
        repo.faults += slow
        repo.faults.append(Fault(403, SECONDARY, {"retry-after": "600"}, method="POST", path="/labels"))
        applied = _person(drill, "forge", "apply", options=("--yes",))
        document = applied.document
        demand(applied.status == 1 and applied.code == "forge-rate-limited", f"forge apply: {applied.message}")
        demand(document["failed"]["kind"] == "label" and bool(document["not_tried"]), f"{document}")
        left = _person(drill, "forge", "plan").document["changes"]
        demand(len(left) == 1 + len(document["not_tried"]), f"left: {left}")
        demand(_person(drill, "forge", "apply", options=("--yes",)).status == 0, "the rest was not applied")
        demand(len(repo.rules.rulesets) == 2, "a ruleset was made twice")  # noqa: PLR2004 - main and tags
        _unprotected(drill)
        repo.protect()
        drill.merged()
        drill.shipped()
        repo.faults.append(Fault(403, SECONDARY, {"retry-after": "1"}, method="POST", path="/pulls"))
        ran = drill.sync()
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        demand(len(repo.pull_requests) == 2, "it was opened twice")  # noqa: PLR2004 - the change, the version
        repo.pull_requests[2].closed = repo.clock()
        repo.faults.append(Fault(502, method="POST", done=True, path="/pulls"))
        lost = drill.sync()
        demand(lost.code == "forge-refused", f"a lost answer: {lost.message}")
        demand(len(repo.pull_requests) == 3, "what may have been done was done again")  # noqa: PLR2004
        demand(drill.sync().document.get("action") == "unchanged", "it was not found again")
        return "short limits are waited out; a long one is reported with what is left to do; nothing is done twice"


def _stale_plan(session: DrillSession) -> str:
    with session.env() as drill:
        repo = drill.testbed.repo
        _unprotected(drill)
        plan = drill.runner.home / "plan.json"
        demand(_person(drill, "forge", "plan", options=("--out", str(plan))).status == 0, "no plan")
        text = plan.read_text(encoding="utf-8")
        edited = text.replace('"PR_BODY"', '"BLANK"')
        demand(edited != text, "the plan does not say PR_BODY")
        plan.write_text(edited, encoding="utf-8")
        by_hand = _person(drill, "forge", "apply", str(plan))
        demand(by_hand.code == "edited-plan", f"edited by hand: {by_hand.message}")
        plan.write_text(text, encoding="utf-8")
        repo.settings.workflow["default_workflow_permissions"] = "write"
        stale = _person(drill, "forge", "apply", str(plan))
        demand(stale.code == "stale-plan", f"settings that moved: {stale.message}")
        demand(not repo.rules.rulesets and not repo.stored, "something was applied")
        repo.settings.workflow["default_workflow_permissions"] = "read"
        demand(_person(drill, "forge", "apply", str(plan)).status == 0, "the plan itself was refused")
        return "refused when edited, refused when the settings had moved, applied as it was shown"


DRILLS = (
    Drill("rate-limited-forge", "rate limits in the middle of everything", "waited out or reported", _rate_limited),
    Drill("protected-main", "pushes, force and deletion, by an administrator too", "all refused", _protected_main),
    Drill("no-right-to-open-pr", "Actions may not open pull requests", "the branch, and a page to open it", _no_right),
    Drill("stale-plan", "settings that moved, a plan that was edited", "refused, nothing applied", _stale_plan),
    Drill("lookup-lag", "GitHub does not know the pull request yet", "asked again, then decided", _lookup_lag),
)
