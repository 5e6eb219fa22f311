"""Pull requests."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.errors import Failed
from mergeship.world.forge import merge_rules, serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, page
from mergeship.world.forge.records import PullRequest

MOST = 65_536  # characters of a text
_ALLOWED = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}
_REVIEWS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


class Pulls(Views):
    """Opened, looked at, talked about, merged."""

    def routes(self) -> list[Route]:
        """Pull requests, and those of a commit."""
        path = f"{self.api}/pulls/{{number:int}}"
        return [
            self.route(f"{self.api}/commits/{{sha}}/pulls", self.of_commit),
            self.route(f"{self.api}/pulls", self.pulls, "GET", "POST"),
            self.route(path, self.pull, "GET", "PATCH"),
            self.route(f"{path}/files", self.files),
            self.route(f"{path}/merge", self.merge, "PUT"),
            self.route(f"{path}/reviews", self.reviews, "GET", "POST"),
            self.route(f"{self.api}/issues/{{number:int}}/comments", self.comments, "GET", "POST"),
            self.route("/api/graphql", self.graphql, "POST"),
        ]

    async def _answer(self, request: Request, pull_request: PullRequest, status: int = 200) -> Response:
        shown = await run_in_threadpool(serializers.whole, self.repo, base_of(request), pull_request)
        return JSONResponse(shown, status)

    async def of_commit(self, request: Request) -> Response:
        """Those that brought a commit."""
        self.has_permission(request, "pull-requests", "read")
        sha = request.path_params["sha"]
        if not await run_in_threadpool(self.repo.knows, sha):
            raise HttpError(422, f"No commit found for SHA: {sha}")
        pulls = self.repo.of_commit(sha)
        if self.repo.lag:
            self.repo.lag -= 1
            pulls = []
        return page(request, [serializers.pull_request(self.repo, base_of(request), pull) for pull in pulls])

    async def pulls(self, request: Request) -> Response:
        """All of them, the newest first; or a new one."""
        if request.method == "POST":
            return await self._open(request)
        self.has_permission(request, "pull-requests", "read")
        query = request.query_params
        wanted: dict[str, Callable[[PullRequest], bool]] = {
            "all": lambda _: True, "open": lambda pull: pull.open, "closed": lambda pull: not pull.open,
        }  # fmt: skip
        keep = wanted.get(query.get("state", "open"))
        if keep is None:
            raise invalid("PullRequest", "state", "invalid")
        owner, _, branch = query.get("head", "").partition(":")
        pulls = [
            pull
            for pull in reversed(self.repo.pull_requests.values())
            if keep(pull)
            and query.get("base", pull.base) == pull.base
            and (not branch or (pull.branch == branch and (pull.fork or self.repo.name).startswith(f"{owner}/")))
        ]
        return page(request, [serializers.pull_request(self.repo, base_of(request), pull) for pull in pulls])

    async def _open(self, request: Request) -> Response:
        grant = self.require(request, "pull-requests", "write")
        if grant.by_actions and not self.repo.settings.workflow["can_approve_pull_request_reviews"]:
            raise HttpError(403, "GitHub Actions is not permitted to create or approve pull requests.")
        given = await body(request)
        for name in ("head", "base"):
            if not given.get(name):
                raise invalid("PullRequest", name, "missing_field")
        branch, base = str(given["head"]).rpartition(":")[2], str(given["base"])
        if not self.repo.head_of(branch):
            raise invalid("PullRequest", "head", "invalid")
        if not self.repo.head_of(base):
            raise invalid("PullRequest", "base", "invalid")
        title, text = str(given.get("title", "")), str(given.get("body") or "")
        if not title:
            raise invalid("PullRequest", "title", "missing_field")
        if len(text) > MOST:
            raise _custom(f"body is too long (maximum is {MOST} characters)")
        pull_request = await run_in_threadpool(self._opened, branch, base, title, text, grant.login)
        pull_request.draft = bool(given.get("draft"))
        self.repo.happened("pull_request", "opened", pull_request)
        return await self._answer(request, pull_request, 201)

    def _opened(self, branch: str, base: str, title: str, text: str, author: str) -> PullRequest:
        """A new one, of which a branch has only one at a time."""
        with self.repo.lock:
            if any(
                pull.open and pull.branch == branch and pull.base == base for pull in self.repo.pull_requests.values()
            ):
                raise _custom(f"A pull request already exists for {self.repo.name.partition('/')[0]}:{branch}.")
            if not self.repo.bare.git("rev-list", "-1", f"refs/heads/{branch}", f"^refs/heads/{base}").strip():
                raise _custom(f"No commits between {base} and {branch}")
            return self.repo.propose(branch, title, text, base=base, author=author)

    async def pull(self, request: Request) -> Response:
        """One of them, or a change to it."""
        if request.method == "PATCH":
            grant = self.require(request, "pull-requests", "write")
            pull_request, given = self.pull_request(request), await body(request)
            self._change(pull_request, given, grant.login)
            if given.keys() & {"title", "body"}:
                self.repo.happened("pull_request", "edited", pull_request)
        self.has_permission(request, "pull-requests", "read")
        return await self._answer(request, self.pull_request(request))

    def _change(self, pull_request: PullRequest, given: dict[str, Any], login: str) -> None:
        now = self.repo.clock()
        if given.get("state", "open") not in {"open", "closed"}:
            raise invalid("PullRequest", "state", "invalid")
        if "title" in given:
            pull_request.title = str(given["title"])
        if "body" in given:
            self.repo.edit(pull_request.number, str(given["body"] or ""), login)
        if given.get("state") == "closed" and pull_request.open:
            pull_request.closed = now
        elif given.get("state") == "open" and pull_request.merged is None:
            pull_request.closed = None
        pull_request.updated = now

    async def files(self, request: Request) -> Response:
        """What it changes."""
        self.has_permission(request, "pull-requests", "read")
        pull_request = self.pull_request(request)
        files = await run_in_threadpool(self.repo.files, pull_request)
        return page(request, [serializers.file(self.repo, base_of(request), pull_request, file) for file in files])

    async def reviews(self, request: Request) -> Response:
        """What people think of it."""
        pull_request = self.pull_request(request)
        if request.method == "GET":
            self.has_permission(request, "pull-requests", "read")
            reviews = pull_request.reviews.items()
            return page(
                request, [serializers.review(self.repo, base_of(request), pull_request, *review) for review in reviews]
            )
        grant = self.require(request, "pull-requests", "write")
        given = await body(request)
        state = _REVIEWS.get(str(given.get("event")))
        if state is None:
            raise invalid("PullRequestReview", "event", "invalid")
        if grant.by_actions and not self.repo.settings.workflow["can_approve_pull_request_reviews"]:
            raise HttpError(403, "GitHub Actions is not permitted to create or approve pull requests.")
        if grant.login == pull_request.author and state == "APPROVED":
            raise HttpError(422, "Unprocessable Entity", errors=[{"message": "Can not approve your own pull request"}])
        pull_request.reviews = {**pull_request.reviews, grant.login: state}
        return JSONResponse(serializers.review(self.repo, base_of(request), pull_request, grant.login, state))

    async def comments(self, request: Request) -> Response:
        """What is said below it."""
        pull_request = self.pull_request(request)
        if request.method == "GET":
            self.has_permission(request, "pull-requests", "read")
        else:
            grant = self.require(request, "pull-requests", "write")
            words = str((await body(request)).get("body", ""))
            if not words:
                raise invalid("IssueComment", "body", "missing_field")
            pull_request.comments = [*pull_request.comments, (grant.login, words)]
        shown = [
            serializers.comment(self.repo, base_of(request), pull_request, number)
            for number in range(len(pull_request.comments))
        ]
        return page(request, shown) if request.method == "GET" else JSONResponse(shown[-1], 201)

    async def merge(self, request: Request) -> Response:
        """Merge it, if every rule is obeyed."""
        grant = self.require(request, "contents", "write")
        pull_request, given = self.pull_request(request), await body(request)
        method = given.get("merge_method", "merge")
        if method not in _ALLOWED:
            raise invalid("PullRequest", "merge_method", "invalid")
        if not pull_request.open or pull_request.draft:
            raise HttpError(405, "Pull Request is not mergeable")
        if given.get("sha", pull_request.head) != pull_request.head:
            raise HttpError(409, "Head branch was modified. Review and try the merge again.")
        rules = self.repo.rules.about(f"refs/heads/{pull_request.base}")
        linear = any(rule.kind == "required_linear_history" for rule in rules)
        methods = [
            rule.parameters.get("allowed_merge_methods", _ALLOWED) for rule in rules if rule.kind == "pull_request"
        ]
        allowed = self.repo.settings.repository[_ALLOWED[method]] and all(method in some for some in methods)
        if not allowed or (method == "merge" and linear):
            words = {"squash": "Squash merges", "merge": "Merge commits", "rebase": "Rebase merges"}
            raise HttpError(405, f"{words[method]} are not allowed on this repository.")
        broken = await run_in_threadpool(merge_rules.violations, self.repo, pull_request, grant.login)
        if broken:
            head = "" if any(rule.classic for rule in rules) else "Repository rule violations found\n\n"
            raise HttpError(405, head + "\n\n".join(broken))
        try:
            commit = await run_in_threadpool(self._merged, pull_request, method, given, grant.login)
        except Failed as error:
            raise HttpError(405, "Pull Request is not mergeable") from error
        if not grant.by_actions:  # what GITHUB_TOKEN does starts no workflow
            self.repo.happened("push", "", pull_request)
        return JSONResponse({"sha": commit, "merged": True, "message": "Pull Request successfully merged"})

    def _merged(self, pull_request: PullRequest, method: Any, given: dict[str, Any], by: str) -> str:  # noqa: ANN401
        title, text = self.repo.squash_message(pull_request)
        title = str(given.get("commit_title") or title)
        text = str(given["commit_message"]) if "commit_message" in given else text
        return self.repo.merge(pull_request.number, method, f"{title}\n\n{text}".strip(), by)

    async def graphql(self, request: Request) -> Response:
        """The one question that the product asks in this way."""
        if self.grant(request) is None:
            raise HttpError(401, "This endpoint requires you to be authenticated.")
        query = await body(request)
        pull_request = self.repo.pull_requests.get(query["variables"]["number"])
        if "lastEditedAt" not in query["query"] or pull_request is None:
            message = "Could not resolve to a PullRequest with that number."
            return JSONResponse({"data": None, "errors": [{"type": "NOT_FOUND", "message": message}]})
        return JSONResponse(serializers.edited(pull_request))


def _custom(words: str) -> HttpError:
    errors = [{"resource": "PullRequest", "code": "custom", "message": words}]
    return HttpError(422, "Validation Failed", errors=errors)
