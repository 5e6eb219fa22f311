"""Pull requests."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.errors import Failed
from mergeship.world.forge import merge_rules, shapes
from mergeship.world.forge.answering import Refused, Views, base_of, body, invalid, page
from mergeship.world.forge.hosting import Proposal

MOST = 65_536  # characters of a text
_ALLOWED = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}
_REVIEWS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


class Pulls(Views):
    """Opened, looked at, talked about, merged."""

    def routes(self) -> list[Route]:
        """Pull requests, and those of a commit."""
        one = f"{self.api}/pulls/{{number:int}}"
        return [
            self.route(f"{self.api}/commits/{{sha}}/pulls", self.of_commit),
            self.route(f"{self.api}/pulls", self.pulls, "GET", "POST"),
            self.route(one, self.pull, "GET", "PATCH"),
            self.route(f"{one}/files", self.files),
            self.route(f"{one}/merge", self.merge, "PUT"),
            self.route(f"{one}/reviews", self.reviews, "GET", "POST"),
            self.route(f"{self.api}/issues/{{number:int}}/comments", self.comments, "GET", "POST"),
            self.route("/api/graphql", self.graphql, "POST"),
        ]

    async def _answer(self, request: Request, proposal: Proposal, status: int = 200) -> Response:
        shown = await run_in_threadpool(shapes.whole, self.hosting, base_of(request), proposal)
        return JSONResponse(shown, status)

    async def of_commit(self, request: Request) -> Response:
        """Those that brought a commit."""
        self.may(request, "pull-requests", "read")
        sha = request.path_params["sha"]
        if not await run_in_threadpool(self.hosting.knows, sha):
            raise Refused(422, f"No commit found for SHA: {sha}")
        found = self.hosting.of_commit(sha)
        if self.hosting.lag:
            self.hosting.lag -= 1
            found = []
        return page(request, [shapes.pull_request(self.hosting, base_of(request), one) for one in found])

    async def pulls(self, request: Request) -> Response:
        """All of them, the newest first; or a new one."""
        if request.method == "POST":
            return await self._open(request)
        self.may(request, "pull-requests", "read")
        asked = request.query_params
        wanted: dict[str, Callable[[Proposal], bool]] = {
            "all": lambda _: True, "open": lambda one: one.open, "closed": lambda one: not one.open,
        }  # fmt: skip
        keep = wanted.get(asked.get("state", "open"))
        if keep is None:
            raise invalid("PullRequest", "state", "invalid")
        owner, _, branch = asked.get("head", "").partition(":")
        found = [
            one
            for one in reversed(self.hosting.proposals.values())
            if keep(one)
            and asked.get("base", one.base) == one.base
            and (not branch or (one.branch == branch and (one.fork or self.hosting.name).startswith(f"{owner}/")))
        ]
        return page(request, [shapes.pull_request(self.hosting, base_of(request), one) for one in found])

    async def _open(self, request: Request) -> Response:
        grant = self.must(request, "pull-requests", "write")
        if grant.by_actions and not self.hosting.settings.workflow["can_approve_pull_request_reviews"]:
            raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
        given = await body(request)
        for name in ("head", "base"):
            if not given.get(name):
                raise invalid("PullRequest", name, "missing_field")
        branch, base = str(given["head"]).rpartition(":")[2], str(given["base"])
        if not self.hosting.head_of(branch):
            raise invalid("PullRequest", "head", "invalid")
        if not self.hosting.head_of(base):
            raise invalid("PullRequest", "base", "invalid")
        title, text = str(given.get("title", "")), str(given.get("body") or "")
        if not title:
            raise invalid("PullRequest", "title", "missing_field")
        if len(text) > MOST:
            raise _custom(f"body is too long (maximum is {MOST} characters)")
        proposal = await run_in_threadpool(self._opened, branch, base, title, text, grant.login)
        proposal.draft = bool(given.get("draft"))
        self.hosting.happened("pull_request", "opened", proposal)
        return await self._answer(request, proposal, 201)

    def _opened(self, branch: str, base: str, title: str, text: str, author: str) -> Proposal:
        """A new one, of which a branch has only one at a time."""
        with self.hosting.lock:
            if any(one.open and one.branch == branch and one.base == base for one in self.hosting.proposals.values()):
                raise _custom(f"A pull request already exists for {self.hosting.name.partition('/')[0]}:{branch}.")
            if not self.hosting.bare.git("rev-list", "-1", f"refs/heads/{branch}", f"^refs/heads/{base}").strip():
                raise _custom(f"No commits between {base} and {branch}")
            return self.hosting.propose(branch, title, text, base=base, author=author)

    async def pull(self, request: Request) -> Response:
        """One of them, or a change to it."""
        if request.method == "PATCH":
            grant = self.must(request, "pull-requests", "write")
            proposal, given = self.proposal(request), await body(request)
            self._change(proposal, given, grant.login)
            if given.keys() & {"title", "body"}:
                self.hosting.happened("pull_request", "edited", proposal)
        self.may(request, "pull-requests", "read")
        return await self._answer(request, self.proposal(request))

    def _change(self, proposal: Proposal, given: dict[str, Any], login: str) -> None:
        now = self.hosting.clock()
        if given.get("state", "open") not in {"open", "closed"}:
            raise invalid("PullRequest", "state", "invalid")
        if "title" in given:
            proposal.title = str(given["title"])
        if "body" in given:
            self.hosting.edit(proposal.number, str(given["body"] or ""), login)
        if given.get("state") == "closed" and proposal.open:
            proposal.closed = now
        elif given.get("state") == "open" and proposal.merged is None:
            proposal.closed = None
        proposal.updated = now

    async def files(self, request: Request) -> Response:
        """What it changes."""
        self.may(request, "pull-requests", "read")
        proposal = self.proposal(request)
        changed = await run_in_threadpool(self.hosting.files, proposal)
        return page(request, [shapes.file(self.hosting, base_of(request), proposal, one) for one in changed])

    async def reviews(self, request: Request) -> Response:
        """What people think of it."""
        proposal = self.proposal(request)
        if request.method == "GET":
            self.may(request, "pull-requests", "read")
            found = proposal.reviews.items()
            return page(request, [shapes.review(self.hosting, base_of(request), proposal, *one) for one in found])
        grant = self.must(request, "pull-requests", "write")
        given = await body(request)
        state = _REVIEWS.get(str(given.get("event")))
        if state is None:
            raise invalid("PullRequestReview", "event", "invalid")
        if grant.by_actions and not self.hosting.settings.workflow["can_approve_pull_request_reviews"]:
            raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
        if grant.login == proposal.author and state == "APPROVED":
            raise Refused(422, "Unprocessable Entity", errors=[{"message": "Can not approve your own pull request"}])
        proposal.reviews = {**proposal.reviews, grant.login: state}
        return JSONResponse(shapes.review(self.hosting, base_of(request), proposal, grant.login, state))

    async def comments(self, request: Request) -> Response:
        """What is said below it."""
        proposal = self.proposal(request)
        if request.method == "GET":
            self.may(request, "pull-requests", "read")
        else:
            grant = self.must(request, "pull-requests", "write")
            said = str((await body(request)).get("body", ""))
            if not said:
                raise invalid("IssueComment", "body", "missing_field")
            proposal.comments = [*proposal.comments, (grant.login, said)]
        shown = [
            shapes.comment(self.hosting, base_of(request), proposal, number) for number in range(len(proposal.comments))
        ]
        return page(request, shown) if request.method == "GET" else JSONResponse(shown[-1], 201)

    async def merge(self, request: Request) -> Response:
        """Merge it, if every rule is obeyed."""
        grant = self.must(request, "contents", "write")
        proposal, given = self.proposal(request), await body(request)
        method = given.get("merge_method", "merge")
        if method not in _ALLOWED:
            raise invalid("PullRequest", "merge_method", "invalid")
        if not proposal.open or proposal.draft:
            raise Refused(405, "Pull Request is not mergeable")
        if given.get("sha", proposal.head) != proposal.head:
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        rules = self.hosting.rules.about(f"refs/heads/{proposal.base}")
        linear = any(rule.kind == "required_linear_history" for rule in rules)
        methods = [
            rule.parameters.get("allowed_merge_methods", _ALLOWED) for rule in rules if rule.kind == "pull_request"
        ]
        allowed = self.hosting.settings.repository[_ALLOWED[method]] and all(method in some for some in methods)
        if not allowed or (method == "merge" and linear):
            words = {"squash": "Squash merges", "merge": "Merge commits", "rebase": "Rebase merges"}
            raise Refused(405, f"{words[method]} are not allowed on this repository.")
        broken = await run_in_threadpool(merge_rules.violations, self.hosting, proposal, grant.login)
        if broken:
            head = "" if any(rule.classic for rule in rules) else "Repository rule violations found\n\n"
            raise Refused(405, head + "\n\n".join(broken))
        try:
            commit = await run_in_threadpool(self._merged, proposal, method, given, grant.login)
        except Failed as error:
            raise Refused(405, "Pull Request is not mergeable") from error
        if not grant.by_actions:  # what GITHUB_TOKEN does starts no workflow
            self.hosting.happened("push", "", proposal)
        return JSONResponse({"sha": commit, "merged": True, "message": "Pull Request successfully merged"})

    def _merged(self, proposal: Proposal, method: Any, given: dict[str, Any], by: str) -> str:  # noqa: ANN401
        title, text = self.hosting.squash_message(proposal)
        title = str(given.get("commit_title") or title)
        text = str(given["commit_message"]) if "commit_message" in given else text
        return self.hosting.merge(proposal.number, method, f"{title}\n\n{text}".strip(), by)

    async def graphql(self, request: Request) -> Response:
        """The one question that the product asks in this way."""
        if self.grant(request) is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        asked = await body(request)
        proposal = self.hosting.proposals.get(asked["variables"]["number"])
        if "lastEditedAt" not in asked["query"] or proposal is None:
            message = "Could not resolve to a PullRequest with that number."
            return JSONResponse({"data": None, "errors": [{"type": "NOT_FOUND", "message": message}]})
        return JSONResponse(shapes.edited(proposal))


def _custom(words: str) -> Refused:
    errors = [{"resource": "PullRequest", "code": "custom", "message": words}]
    return Refused(422, "Validation Failed", errors=errors)
