"""Drills of the version pull request, from its branch to its merge."""

from mergeship.core.release import version_pull
from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillSession, demand
from mergeship.drills.forge import merged
from mergeship.drills.runner import Runner
from mergeship.world.forge.accounts import ACTIONS


def _moved_main(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        moved = drill.commit(drill.main, {"moved.txt": "moved"}, "feat: merged since (#9)")
        preload = (
            "import subprocess\nfrom mergeship.drills.fault_hooks import at_each_effect\n"
            "def move(effect):\n"
            "    if effect.startswith('process git') and effect.endswith(' push'):\n"
            f"        subprocess.run(['git', '--git-dir', {str(drill.bare.path)!r}, 'update-ref', 'refs/heads/main', "
            f"{moved!r}], check=True)\n"
            "at_each_effect(move)"
        )
        ran = drill.sync(preload=preload)
        demand(drill.main == moved, "main did not move")
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        (pull_request,) = (pull for pull in drill.testbed.repo.pull_requests.values() if pull.open)
        demand([path for _, path, _ in drill.testbed.repo.files(pull_request)] == ["pyproject.toml"], "it changes more")
        again = drill.sync()
        demand(again.document.get("action") == "moved", f"sync again: {again.message}")
        demand(drill.bare.resolved(f"{pull_request.head}^") == moved, "it is not on top of main")
        drill.before = drill.main
        after = drill.testbed.repo.merge(pull_request.number)
        demand(drill.bare.git("show", f"{after}:moved.txt") == "moved", "what was merged in the meantime is gone")
        files = [path for _, path, _ in drill.testbed.repo.files(pull_request)]
        demand(files == ["pyproject.toml"], f"it is said to change {files}")
        return "opened on main as it was, moved on top of it by the next run, nothing reverted"


def _two_syncs(session: DrillSession) -> str:
    with session.env() as drill:
        other = Runner(drill.testbed, "second")
        for run, moment in enumerate(("git push", "POST"), start=1):
            drill.merged()
            drill.shipped(run=str(run))
            other.at(drill.main)
            command = [str(drill.testbed.box.command), "sync", "."]
            overtake = (
                "import subprocess\nfrom mergeship.drills.fault_hooks import at_each_effect\nmet = []\n"
                "def overtake(effect):\n"
                f"    if {moment.split()[0]!r} in effect and {moment.split()[-1]!r} in effect and not met:\n"
                "        met.append(effect)\n"
                f"        subprocess.run({command!r}, cwd={str(other.folder)!r}, env={other.env('9')!r}, "
                "check=True, stdout=subprocess.DEVNULL)\n"
                "at_each_effect(overtake)"
            )
            ran = drill.sync(preload=overtake)
            demand(ran.status == 0, f"sync, overtaken at {moment}: {ran.message}")
            demand(ran.document.get("action") == "unchanged", f"it was not overtaken at {moment}: {ran.document}")
            pulls = [pull for pull in drill.testbed.repo.pull_requests.values() if pull.open]
            demand(len(pulls) == 1, f"{len(pulls)} version pull requests are open")
            demand(pulls[0].number == ran.document.get("pull"), f"it names #{ran.document.get('pull')}")
            drill.before = drill.main
            drill.testbed.repo.merge(pulls[0].number)
        return "overtaken at the push and at the pull request: one of each, found by the other run"


def _extra_change(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        ran = drill.sync()
        demand(ran.document.get("action") == "opened", f"sync: {ran.message}")
        branch, number = str(ran.document["branch"]), int(ran.document["pull"])
        head = drill.commit(drill.testbed.repo.head_of(branch), {"src/extra.py": "extra"}, "feat: slipped in")
        drill.bare.git("update-ref", f"refs/heads/{branch}", head)
        drill.testbed.repo.pushed()
        drill.merged()
        drill.shipped(run="2")
        taken = drill.sync()
        demand(taken.document.get("action") == "opened", f"beside someone's commit: {taken.message}")
        demand("left alone" in taken.output, "nothing is said of someone's commit")
        demand(drill.testbed.repo.head_of(branch) == head, "someone's commit was overwritten")
        drill.before = drill.main
        drill.testbed.repo.merge(number)
        held = drill.decide(run="3")
        demand(held.document.get("decision") == "hold" and "src/extra.py" in held.output, f"decide: {held.message}")
        return "the branch was left alone, and its merge is a hold that names src/extra.py"


def _bot_merge(session: DrillSession) -> str:
    with session.env() as drill:
        drill.testbed.repo.settings.repository["delete_branch_on_merge"] = True
        drill.merged()
        drill.shipped()
        ran = drill.sync()
        demand("wait" in str(ran.document.get("advice")), f"nothing is said of its checks: {ran.document}")
        repo, number = drill.testbed.repo, int(ran.document["pull"])
        began: list[str] = []
        repo.on_event = lambda event, *_: began.append(event)
        for context in ("Test the pull request", "Gate"):
            repo.report(repo.pull_requests[number].head, context, "success")
        drill.before = drill.main
        answer = merged(drill, number, drill.testbed.token)
        demand(not answer and repo.pull_requests[number].merged_by == ACTIONS, f"not merged by the bot: {answer}")
        demand("push" not in began, "what GITHUB_TOKEN merged has started a run")
        own = drill.decide(run="2")
        demand(own.document.get("decision") == "skip", f"the version pull request: {own.message}")
        drill.merged("Bumps x from 1 to 2.", "build(deps): bump x", author="dependabot[bot]", branch="dependabot/x")
        other = drill.decide(run="3")
        demand(other.document.get("decision") == "hold", f"a bot's pull request without a checklist: {other.message}")
        return "the version pull request asks for nothing; a bot that says nothing is a hold"


def _loop(session: DrillSession) -> str:
    from mergeship.drills.engine import played, statuses

    with played(session) as play:
        jobs = play.run(play.merged(1), 1)
        demand(jobs == statuses(*["passed"] * 4), f"the release: {jobs}")
        repo, (entry,) = play.drill.testbed.repo, play.drill.ledger.releases
        pulls = [pull for pull in repo.pull_requests.values() if pull.open]
        demand([pull.title for pull in pulls] == [version_pull.title(entry.version)], f"open: {pulls}")
        before = play.drill.main
        after = repo.merge(pulls[0].number)
        jobs = play.run(play.drill.testbed.origin.pulled(before, after, pulls[0].title), 2)
        demand(jobs == statuses("passed", "passed", "skipped", "skipped"), f"the version pull request: {jobs}")
        demand(len(play.drill.ledger.releases) == 1, "it was released")
        play.drill.complete(entry.version)
        return f"{entry.version} came back by #{pulls[0].number}, and its merge shipped nothing"


DRILLS = (
    Drill("version-pr-loop", "the version pull request is merged", "nothing ships because of it", _loop),
    Drill("version-pr-with-extra-change", "a commit slips into it", "its merge is a hold", _extra_change),
    Drill("moved-main", "main moves while the version is brought back", "nothing is reverted", _moved_main),
    Drill("two-syncs", "another run does the same at that moment", "one pull request, no job red", _two_syncs),
    Drill("bot-merge", "a bot merges", "judged like anyone else", _bot_merge),
)
