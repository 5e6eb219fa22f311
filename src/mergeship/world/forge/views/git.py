"""git itself, and whatever is nowhere else."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mergeship.world.forge import smart_http
from mergeship.world.forge.answering import HttpError, Views

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_UNAUTHORIZED = 401


class Git(Views):
    """The repository, by git's own HTTP backend."""

    def routes(self) -> list[Route]:
        """The repository's address, and all others."""
        return [
            self.route(f"/{self.repo.name}.git/{{rest:path}}", self.git, "GET", "POST"),
            self.route("/{rest:path}", self.missing, *_METHODS),
        ]

    async def git(self, request: Request) -> Response:
        """What git says, to those who may ask."""
        writes = "git-receive-pack" in str(request.url)
        try:
            grant = self.has_permission(request, "contents", "write" if writes else "read")
        except HttpError as refused:
            if refused.status == _UNAUTHORIZED:  # what makes git ask for a login
                return Response("", 401, {"WWW-Authenticate": 'Basic realm="GitHub"'})
            words = refused.message if self.repo.archived else f"Permission to {self.repo.name}.git denied."
            return Response(words, 403, media_type="text/plain")
        login = grant.login if grant else ""
        given = {"REMOTE_USER": login or "nobody", "MERGESHIP_ROLE": self.repo.access.get(login, "none")}
        given["MERGESHIP_WORKFLOWS"] = "no" if grant and grant.by_actions else "yes"
        body = await request.body()
        answer = await run_in_threadpool(smart_http.answer, self.repo.bare, request, body, given)
        if writes and request.method == "POST":
            await run_in_threadpool(self.repo.pushed)
        return answer

    async def missing(self, request: Request) -> Response:
        """Nothing, or where a repository of another name went."""
        renamed = re.match(r"/api/v3/repos/([^/]+/[^/]+)", request.url.path)
        if renamed and renamed[1] in self.repo.former_names:
            target = str(request.url).replace(f"repos/{renamed[1]}", "repositories/1", 1)
            raise HttpError(301 if request.method == "GET" else 307, "Moved Permanently", {"Location": target})
        raise HttpError(404, "Not Found")
