"""What the forge hosts: one repository, as it would be on GitHub, and faults on purpose."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mergeship.world.fault import Faults
from mergeship.world.forge import merging
from mergeship.world.forge.accounts import ACTIONS_APP, MAINTAINER, Access, Grant, Permissions
from mergeship.world.forge.merging import Method
from mergeship.world.forge.records import Check, PullRequest, Release, Run, SelfHostedRunner
from mergeship.world.forge.rules import Rules
from mergeship.world.forge.settings import RepositorySettings
from mergeship.world.git import BareRepository
from mergeship.world.identity import Issuer

REVIEW = {
    "dismiss_stale_reviews_on_push": True, "require_code_owner_review": False, "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}  # fmt: skip
"""What GitHub wants a rule about pull requests to say besides."""


class FakeRepository:
    """A repository on the forge. `bare` is where its commits lie; the clock can be another one's."""

    def __init__(
        self,
        bare: BareRepository,
        name: str,
        artifacts: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        issuer: Issuer | None = None,
    ) -> None:
        self.bare = bare
        self.name = name
        """`owner/name`."""
        self.artifacts = artifacts
        """A folder for each run, with a folder for each artifact in it."""
        self.clock = clock
        self.pull_requests: dict[int, PullRequest] = {}
        self.of_organization = False
        self.access: dict[str, Access] = {MAINTAINER: "admin"}
        self.tokens: dict[str, Grant] = {}
        self.settings = RepositorySettings()
        self.rules = Rules()
        self.archived = False
        self.private = False
        self.free = False
        """Whether it is on a plan that has no rules and environments for private repositories."""
        self.checks: dict[str, dict[str, Check]] = {}
        """By commit and name."""
        self.remaining = 5000
        """Requests until the limit."""
        self.resets = clock() + timedelta(hours=1)
        self.faults = Faults()
        self.lag = 0
        """So many questions for the pull requests of a commit are answered with none."""
        self.asked: list[str] = []
        """Every request: method and path."""
        self.issuer = issuer or Issuer()
        self.identity_token = secrets.token_hex(20)
        """What jobs ask for their identity with."""
        self.deploys_to = ""
        """The environment of the job that asks; all jobs share one token here."""
        self.former_names: set[str] = set()
        """Names that it had before."""
        self.apps: dict[int, str] = {}
        """Apps that are installed here: number and public key."""
        self.app_permissions: Permissions = {"contents": "write", "pull-requests": "write", "metadata": "read"}
        self.releases: dict[int, Release] = {}
        self.runners: dict[int, SelfHostedRunner] = {}
        self.runs: list[Run] = []
        self.on_event: Callable[[str, str, PullRequest], None] = lambda *_: None
        """Called with the event's name and action, and the pull request that it is about."""
        self.lock = threading.Lock()

    def happened(self, event: str, action: str, pull_request: PullRequest) -> None:
        """Announce an event that may start workflows."""
        self.on_event(event, action, pull_request)

    def new_token(self, grant: Grant) -> str:
        """A new token."""
        value = f"ghs_{secrets.token_hex(20)}"
        self.tokens[value] = grant
        return value

    @property
    def stored(self) -> dict[str, str]:
        """Every secret with its value; those of environments go first."""
        of_environments = [environment.secrets for environment in self.settings.environments.values()]
        return {name: each.value for store in (self.settings.secrets, *of_environments) for name, each in store.items()}

    def enforce(self) -> None:
        """Have every push obey the rules as they are now."""
        path = Path(self.bare.path) / "mergeship-rules"
        path.write_text(self.rules.lines(), encoding="utf-8")

    def protect(self, *contexts: str, reviews: int = 0) -> None:
        """Protect main as the product does: only pull requests, with these checks and so many reviews."""
        rules: list[dict[str, Any]] = [
            {"type": "pull_request", "parameters": {**REVIEW, "required_approving_review_count": reviews}},
            *({"type": kind} for kind in ("deletion", "non_fast_forward", "required_linear_history")),
        ]
        if contexts:
            required = [{"context": context, "integration_id": ACTIONS_APP} for context in contexts]
            parameters = {"strict_required_status_checks_policy": True, "required_status_checks": required}
            rules.append({"type": "required_status_checks", "parameters": parameters})
        about = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
        ruleset = {"name": "mergeship: main", "target": "branch", "enforcement": "active", "conditions": about}
        self.rules.add({**ruleset, "rules": rules})
        self.enforce()

    def tagged(self, name: str) -> bool:
        """Whether there is such a tag."""
        return bool(self.bare.git("for-each-ref", f"refs/tags/{name}").strip())

    def squash_message(self, pull_request: PullRequest) -> tuple[str, str]:
        """Title and text of a squash commit, as the settings have it."""
        chosen, number = self.settings.repository, f"(#{pull_request.number})"
        commits = self.bare.git("rev-list", "--reverse", pull_request.head, f"^{self.base_of(pull_request)}").split()
        messages = [self.bare.git("log", "-1", "--format=%B", commit).strip() for commit in commits]
        first = messages[0].partition("\n") if messages else ("", "", "")
        alone = len(messages) == 1 and chosen["squash_merge_commit_title"] == "COMMIT_OR_PR_TITLE"
        title = first[0] if alone else pull_request.title
        texts = {
            "PR_BODY": pull_request.body,
            "BLANK": "",
            "COMMIT_MESSAGES": first[2].strip() if alone else "\n\n".join(f"* {words}" for words in messages),
        }
        return f"{title} {number}", texts[chosen["squash_merge_commit_message"]]

    def renew_limit(self) -> None:
        """An hour is over."""
        self.remaining, self.resets = 5000, self.clock() + timedelta(hours=1)

    def report(self, commit: str, name: str, conclusion: str, app: int = ACTIONS_APP, *, run: bool = True) -> None:
        """Say under a name how a commit is."""
        self.checks.setdefault(commit, {})[name] = Check(conclusion, app, run)

    def propose(
        self,
        branch: str,
        title: str,
        body: str,
        *,
        base: str = "main",
        author: str = MAINTAINER,
        labels: tuple[str, ...] = (),
        fork: str = "",
    ) -> PullRequest:
        """Open a pull request for a branch that was pushed."""
        number = len(self.pull_requests) + 1
        head = self.bare.resolved(f"refs/heads/{branch}")
        now = self.clock()
        pull_request = PullRequest(
            number=number, title=title, body=body, branch=branch, head=head, base=base, author=author, fork=fork,
            base_commit=self.bare.resolved(f"refs/heads/{base}"), labels=list(labels), created=now, updated=now,
        )  # fmt: skip
        self.bare.git("update-ref", f"refs/pull/{number}/head", head)
        self.pull_requests[number] = pull_request
        return pull_request

    def merge(self, number: int, method: Method = "squash", message: str | None = None, by: str = MAINTAINER) -> str:
        """Merge a pull request into its base past every rule, and give the new tip of that branch back.

        `message` is that of a squash commit, by default the title with the number, and the body.
        """
        pull_request = self.pull_requests[number]
        before = self.bare.resolved(f"refs/heads/{pull_request.base}")
        words = f"{pull_request.title} (#{number})\n\n{pull_request.body}" if message is None else message
        brought = merging.merge(self.bare, before, pull_request.head, method, words, number)
        self.bare.git("update-ref", f"refs/heads/{pull_request.base}", brought[-1], before)
        pull_request.base_commit = self.bare.git("merge-base", before, pull_request.head).strip()
        pull_request.brought = brought
        pull_request.merged = pull_request.closed = pull_request.updated = self.clock()
        pull_request.merged_by = by
        if self.settings.repository["delete_branch_on_merge"] and not pull_request.fork:
            self.bare.git("update-ref", "-d", f"refs/heads/{pull_request.branch}")
        return brought[-1]

    def pushed(self) -> None:
        """Bring open pull requests up to their branches after a push."""
        for pull_request in self.pull_requests.values():
            if not pull_request.open or pull_request.fork:
                continue
            head = self.head_of(pull_request.branch)
            if not head:
                pull_request.closed = pull_request.updated = self.clock()
            elif head != pull_request.head:
                pull_request.head, pull_request.updated = head, self.clock()
                if any(
                    rule.parameters.get("dismiss_stale_reviews_on_push") for rule in self.rules.about("refs/heads/main")
                ):
                    pull_request.reviews = {}
                self.bare.git("update-ref", f"refs/pull/{pull_request.number}/head", head)

    def head_of(self, branch: str) -> str:
        """The commit that a branch is at; empty if there is none."""
        return self.bare.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()

    def mergeable(self, pull_request: PullRequest) -> bool:
        """Whether it can be merged without a conflict."""
        return merging.fits(self.bare, self.bare.resolved(f"refs/heads/{pull_request.base}"), pull_request.head)

    def behind(self, pull_request: PullRequest) -> bool:
        """Whether its base has commits that it has not."""
        tip = self.bare.resolved(f"refs/heads/{pull_request.base}")
        return bool(self.bare.git("rev-list", "-1", tip, f"^{pull_request.head}").strip())

    def edit(self, number: int, body: str, editor: str) -> None:
        """Change a pull request's body, which GitHub allows after the merge too."""
        pull_request = self.pull_requests[number]
        pull_request.body, pull_request.editor = body, editor
        pull_request.edited = pull_request.updated = self.clock()

    def of_commit(self, commit: str) -> list[PullRequest]:
        """The pull requests that brought a commit; for one that is on no branch of theirs, the open ones with it."""
        pulls = [pull for pull in self.pull_requests.values() if commit in pull.brought]
        return pulls or [pull for pull in self.pull_requests.values() if pull.open and pull.head == commit]

    def files(self, pull_request: PullRequest) -> list[tuple[str, str, str]]:
        """What a pull request changes against its base: git's letter, the path, and the path before a renaming."""
        base = self.base_of(pull_request)
        parts = iter(
            self.bare.git("diff", "--name-status", "--find-renames", "-z", base, pull_request.head).split("\0")
        )
        changes = []
        for letter in filter(None, parts):
            before = next(parts) if letter.startswith("R") else ""
            changes.append((letter[0], next(parts), before))
        return changes

    def base_of(self, pull_request: PullRequest) -> str:
        """Where it leaves its base: that moves as long as it is open."""
        if pull_request.merged:
            return pull_request.base_commit
        return self.bare.git("merge-base", f"refs/heads/{pull_request.base}", pull_request.head).strip()

    def knows(self, commit: str) -> bool:
        """Whether there is such a commit."""
        return self.bare.has(commit)
