"""The repository itself, and what is set of it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, nothing, page

_MESSAGES = {"PR_BODY", "COMMIT_MESSAGES", "BLANK"}
_TITLES = {"PR_TITLE", "COMMIT_OR_PR_TITLE"}
_POLICIES = {"first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors"}


class Repository(Views):
    """Merging, Actions' permissions, labels."""

    def routes(self) -> list[Route]:
        """The repository, and below it what belongs to all of it."""
        permissions = f"{self.api}/actions/permissions"
        return [
            self.route(self.api, self.repository, "GET", "PATCH"),
            self.route("/api/v3/repositories/1", self.repository),
            self.route(permissions, self.actions, "GET", "PUT"),
            self.route(f"{permissions}/workflow", self.workflow, "GET", "PUT"),
            self.route(f"{permissions}/fork-pr-contributor-approval", self.forks, "GET", "PUT"),
            self.route(f"{self.api}/labels", self.labels, "GET", "POST"),
            self.route(f"{self.api}/labels/{{name}}", self.label),
            self.route(f"{self.api}/branches/{{branch:path}}", self.one_branch),
            self.route(f"{self.api}/git/refs/heads/{{branch:path}}", self.branch, "DELETE"),
        ]

    async def repository(self, request: Request) -> Response:
        """What it is, and what is set; or changed."""
        if request.method == "PATCH":
            self.has_permission(request, "administration", "write")
            given = await body(request)
            if given.get("squash_merge_commit_message", "BLANK") not in _MESSAGES:
                raise invalid("Repository", "squash_merge_commit_message", "invalid")
            if given.get("squash_merge_commit_title", "PR_TITLE") not in _TITLES:
                raise invalid("Repository", "squash_merge_commit_title", "invalid")
            known = self.repo.settings.repository
            known.update({name: value for name, value in given.items() if name in known})
        grant = self.has_permission(request, "metadata", "read")
        whole = grant is not None and grant.allows("administration", "read")
        whole = whole or (grant is not None and self.repo.access.get(grant.login) == "admin")
        return JSONResponse(serializers.repository(self.repo, base_of(request), whole=whole))

    async def actions(self, request: Request) -> Response:
        """Which actions may run."""
        known = self.repo.settings.actions
        if request.method == "GET":
            self.require(request, "administration", "read")
            return JSONResponse(known)
        self.require(request, "administration", "write")
        given = await body(request)
        if "enabled" not in given:
            raise invalid("Repository", "enabled", "missing_field")
        known.update({name: value for name, value in given.items() if name in known})
        return nothing()

    async def workflow(self, request: Request) -> Response:
        """What GITHUB_TOKEN may do by default."""
        known = self.repo.settings.workflow
        if request.method == "GET":
            self.require(request, "administration", "read")
            return JSONResponse(known)
        self.require(request, "administration", "write")
        given = await body(request)
        if given.get("default_workflow_permissions", "read") not in {"read", "write"}:
            raise invalid("Repository", "default_workflow_permissions", "invalid")
        known.update({name: value for name, value in given.items() if name in known})
        return nothing()

    async def forks(self, request: Request) -> Response:
        """Whose workflows wait for a person."""
        if self.repo.private:
            raise HttpError(404, "Not Found")
        if request.method == "GET":
            self.require(request, "administration", "read")
            return JSONResponse({"approval_policy": self.repo.settings.fork_approval})
        self.require(request, "administration", "write")
        policy = (await body(request)).get("approval_policy")
        if policy not in _POLICIES:
            raise invalid("Repository", "approval_policy", "invalid")
        self.repo.settings.fork_approval = policy
        return nothing()

    async def labels(self, request: Request) -> Response:
        """All labels, or a new one."""
        url = f"{base_of(request)}{self.api}"
        known = self.repo.settings.labels
        if request.method == "GET":
            self.has_permission(request, "issues", "read")
            return page(request, [serializers.label(url, label) for label in known.values()])
        self.require(request, "issues", "write")
        given = await body(request)
        name, color = str(given.get("name", "")), str(given.get("color", "ededed"))
        if not name:
            raise invalid("Label", "name", "missing_field")
        if name.lower() in known:
            raise invalid("Label", "name", "already_exists")
        if len(color) != 6:  # noqa: PLR2004 - as many hexadecimal digits
            raise invalid("Label", "color", "invalid")
        return JSONResponse(
            serializers.label(url, self.repo.settings.label(name, color, given.get("description"))), 201
        )

    async def label(self, request: Request) -> Response:
        """One label."""
        self.has_permission(request, "issues", "read")
        label = self.repo.settings.labels.get(request.path_params["name"].lower())
        if label is None:
            raise HttpError(404, "Not Found")
        return JSONResponse(serializers.label(f"{base_of(request)}{self.api}", label))

    async def one_branch(self, request: Request) -> Response:
        """A branch."""
        self.has_permission(request, "contents", "read")
        name = request.path_params["branch"]
        head = self.repo.head_of(name)
        if not head:
            raise HttpError(404, "Branch not found")
        return JSONResponse(serializers.branch(self.repo, base_of(request), name, head))

    async def branch(self, request: Request) -> Response:
        """A branch goes."""
        self.require(request, "contents", "write")
        branch = request.path_params["branch"]
        if not self.repo.head_of(branch):
            raise HttpError(422, "Reference does not exist")
        if any(rule.kind == "deletion" for rule in self.repo.rules.about(f"refs/heads/{branch}")):
            raise HttpError(422, "Repository rule violations found\n\nCannot delete this branch\n\n")
        await run_in_threadpool(self.repo.bare.git, "update-ref", "-d", f"refs/heads/{branch}")
        await run_in_threadpool(self.repo.pushed)
        return nothing()
