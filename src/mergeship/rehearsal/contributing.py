"""How changes reach main in a rehearsal: by pull requests through the forge, as people make them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from mergeship.adapters.git import Repository
from mergeship.adapters.github import Forge
from mergeship.adapters.github.connection import RequestRefused
from mergeship.adapters.github.pulls import Pulls, ask_pulls
from mergeship.core import intent
from mergeship.core import workflow as workflows
from mergeship.core.intent import Policy
from mergeship.core.progress import Note, Reporter
from mergeship.core.release import version_pull
from mergeship.core.release.decision import VERSION_BRANCH, Pull
from mergeship.core.result import Job
from mergeship.core.workflow import Workflow
from mergeship.errors import Failed
from mergeship.process import ProcessFailed, output
from mergeship.rehearsal.automation import Automation
from mergeship.rehearsal.origin import Merge, change
from mergeship.rehearsal.proof import Prover
from mergeship.rehearsal.testbed import CHECKLIST, Testbed

_T = TypeVar("_T")
DEADLINE = 30.0  # seconds for one answer of the embedded forge
REFUSED = 405
MERGED = "a pull request that is unclear is not merged"
GREEN = "its checks are green"
BACK = "the version comes back by a pull request"
SHIPS_NOTHING = "merging that ships nothing"


class Contributor:
    """A maintainer with a token, and the checks that the forge waits for."""

    def __init__(self, testbed: Testbed, program: str, policy: Policy, prover: Prover, report: Reporter) -> None:
        self.testbed = testbed
        self.policy = policy
        self.prover = prover
        self.report = report
        self._forge = Forge(testbed.by_person, testbed.repo.name, DEADLINE)
        self.failed: list[Job] = []
        """The checks of the last pull request that failed."""
        self.automation = Automation(testbed, program, report)

    def set_up(self) -> None:
        """Have `mergeship forge apply` set up the repository. Raises Failed if that fails."""
        self.report(Note("mergeship forge apply sets up the embedded forge"))
        command = [str(self.testbed.box.command), "forge", "apply", "--yes", "--token-stdin"]
        try:
            output(command, cwd=self.testbed.box.work, env=self.testbed.by_person, given=self.testbed.catalog.token)
        except ProcessFailed as error:
            raise Failed(
                "forge-failed", "mergeship forge apply failed in the rehearsal", detail=error.detail
            ) from error

    def merged(self, number: int, checks: Workflow | None) -> Merge | None:
        """Bring a small change into main by a pull request, the first of which is unclear at first.

        None if its checks fail: nobody could merge it.
        """
        testbed, branch = self.testbed, f"feature/rehearsal-{number}"
        if number > 1:
            testbed.origin.begin(branch)
        change(testbed.box.work, testbed.project, number)
        title = f"feat: rehearse merge {number}" + (" [deploy]" if self.policy == "marker" else "")
        testbed.origin.submit(branch, title, self.push)
        blank, clear = self._bodies()
        pull = self.open(branch, title, blank if number == 1 and checks else clear)
        if number == 1 and checks and self.policy == "checklist":
            self.checked(pull.number, checks, "opened")
            words = self.try_to_merge(pull.number)
            self.prover.note(number, MERGED, bool(words), words or "it was merged")
            if not words:
                return None
        if number == 1 and checks:
            self._ask(lambda pulls: pulls.update(pull.number, body=clear))
        if self.policy == "label":
            testbed.repo.pull_requests[pull.number].labels.append("deploy")
        if checks:
            self.failed = self.checked(pull.number, checks, "edited" if number == 1 else "opened")
            failed = ", ".join(f"{job.name} {job.status} at {job.failed_step or 'its set-up'}" for job in self.failed)
            self.prover.note(number, GREEN, not failed, failed or ", ".join(checks.names))
            if failed:
                return None
        return self.merge(pull.number, title)

    def brought_back(self, number: int, workflow: Workflow, checks: Workflow | None, version: str) -> None:
        """Merge the version pull request that a release has opened, and see that nothing ships."""
        pulls = self._ask(lambda pulls: pulls.of_branches(VERSION_BRANCH))
        wanted = version_pull.title(version)
        if [pull.title for pull in pulls] != [wanted]:
            words = f"{len(pulls)} are open: {', '.join(pull.title for pull in pulls) or 'none'}"
            self.prover.note(number, BACK, held=False, detail=words)
            return
        self.prover.note(number, BACK, held=True, detail=f"#{pulls[0].number} {wanted}")
        if checks:
            self.checked(pulls[0].number, checks, "opened")
        merge = self.merge(pulls[0].number, wanted)
        self.report(Note(f"merged {wanted}: the pipeline runs, and may ship nothing"))
        jobs = self.automation.pipeline(workflow, merge)
        ran = {job.name: job.status for job in jobs}
        wrong = "failed" in ran.values() or ran.get("deploy") != "skipped"
        words = ", ".join(f"{name} {status}" for name, status in ran.items())
        self.prover.note(number, SHIPS_NOTHING, not wrong, words)

    def push(self, branch: str) -> str:
        """Push a branch of the clone with the maintainer's token. Raises ProcessFailed if that is refused."""
        env = {**self.testbed.box.env, **self.testbed.login(self.testbed.person)}
        return Repository(self.testbed.box.work, env).git("push", "--porcelain", "origin", branch)

    def open(self, branch: str, title: str, body: str) -> Pull:
        """Open a pull request."""
        return self._ask(lambda pulls: pulls.open(branch, title, body))

    def checked(self, number: int, checks: Workflow, action: str) -> list[Job]:
        """Run the checks of a pull request, and give back the jobs that failed."""
        return [job for job in self.automation.checks(number, checks, action) if job.status == "failed"]

    def try_to_merge(self, number: int) -> str:
        """Why the forge does not merge a pull request; empty if it does."""
        head = self.testbed.repo.pull_requests[number].head
        try:
            self._ask(lambda pulls: pulls.merge(number, head))
        except RequestRefused as refused:
            if refused.status != REFUSED:
                raise
            return refused.words
        return ""

    def merge(self, number: int, title: str) -> Merge:
        """Merge a pull request. Raises Failed if the forge refuses."""
        before = self.testbed.origin.main()
        if words := self.try_to_merge(number):
            raise Failed(
                "merge-refused", f"pull request #{number} cannot be merged: {words}",
                hint="fix the checks above; on GitHub it could not be merged either",
            )  # fmt: skip
        return self.testbed.origin.pulled(before, self.testbed.origin.main(), title)

    def _bodies(self) -> tuple[str, str]:
        """The repository's pull request template, as it is and with "Deployment PR" ticked."""
        path = Path(self.testbed.box.work) / workflows.PULL_REQUEST_TEMPLATE
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return text, intent.checklist(text, CHECKLIST, "deploy")

    def _ask(self, question: Callable[[Pulls], Awaitable[_T]]) -> _T:
        return ask_pulls(self._forge, question)
