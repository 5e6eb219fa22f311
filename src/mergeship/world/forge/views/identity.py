"""Identities of jobs.

Source: https://docs.github.com/actions/reference/security/oidc
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.core.workflow import PATH
from mergeship.world.forge.accounts import MAINTAINER
from mergeship.world.forge.answering import HttpError, Views

ADDRESS = "/_apis/identity"


class Identity(Views):
    """Who a job is."""

    def routes(self) -> list[Route]:
        """Where a job asks for it."""
        return [self.route(ADDRESS, self.identity)]

    async def identity(self, request: Request) -> Response:
        """The identity of the job that asks, signed for one audience."""
        if request.headers.get("authorization", "").lower() != f"bearer {self.repo.identity_token}".lower():
            raise HttpError(401, "Unauthorized")
        owner, _, _ = self.repo.name.partition("/")
        environment = self.repo.deploys_to
        claims = {
            "repository": self.repo.name,
            "repository_owner": owner,
            "repository_owner_id": "1",
            "repository_id": "1",
            "repository_visibility": "private" if self.repo.private else "public",
            "job_workflow_ref": f"{self.repo.name}/{PATH}@refs/heads/main",
            "workflow_ref": f"{self.repo.name}/{PATH}@refs/heads/main",
            "event_name": "push",
            "ref": "refs/heads/main",
            "sha": self.repo.head_of("main"),
            "actor": MAINTAINER,
            "runner_environment": "self-hosted",
            "sub": f"repo:{self.repo.name}:" + (f"environment:{environment}" if environment else "ref:refs/heads/main"),
            **({"environment": environment} if environment else {}),
        }
        value = self.repo.issuer.identity(request.query_params.get("audience", owner), claims)
        return JSONResponse({"value": value})
