"""Runs of workflows, and what they hand on."""

import io
import zipfile
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, nothing, page
from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import Run


class Actions(Views):
    """GitHub Actions."""

    def routes(self) -> list[Route]:
        """Runs and artifacts."""
        return [
            self.route(f"{self.api}/actions/runs", self.runs),
            self.route(f"{self.api}/actions/runs/{{run:int}}", self.run, "GET", "DELETE"),
            self.route(f"{self.api}/actions/runs/{{run:int}}/jobs", self.jobs),
            self.route(f"{self.api}/actions/runs/{{run}}/artifacts", self.artifacts),
            self.route(f"{self.api}/actions/artifacts/{{artifact:int}}/zip", self.artifact),
        ]

    async def runs(self, request: Request) -> Response:
        """The runs, the newest first."""
        self.has_permission(request, "actions", "read")
        query = request.query_params
        runs = [
            run
            for run in reversed(self.repo.runs)
            if query.get("head_sha", run.commit) == run.commit
            and query.get("event", run.event) == run.event
            and query.get("branch", run.branch) == run.branch
        ]
        return page(request, [serializers.run(self.repo, base_of(request), run) for run in runs], "workflow_runs")

    def _run(self, request: Request) -> Run:
        run = next((run for run in self.repo.runs if run.number == request.path_params["run"]), None)
        if run is None:
            raise HttpError(404, "Not Found")
        return run

    async def run(self, request: Request) -> Response:
        """One of them; whoever may write can delete it."""
        self.has_permission(request, "actions", "read")
        run = self._run(request)
        if request.method == "DELETE":
            self.require(request, "actions", "write")
            self.repo.runs.remove(run)
            return nothing()
        return JSONResponse(serializers.run(self.repo, base_of(request), run))

    async def jobs(self, request: Request) -> Response:
        """The jobs of one."""
        self.has_permission(request, "actions", "read")
        run, base = self._run(request), base_of(request)
        shown = [serializers.job(self.repo, base, run, number, name) for number, name in enumerate(run.jobs, start=1)]
        return page(request, shown, "jobs")

    async def artifacts(self, request: Request) -> Response:
        """What a run has handed on."""
        self.has_permission(request, "actions", "read")
        run = request.path_params["run"]
        artifacts = [
            serializers.artifact(self.repo, base_of(request), run, number, folder)
            for number, folder in _artifacts(self.repo)
            if folder.parent.name == run
        ]
        return JSONResponse({"total_count": len(artifacts), "artifacts": artifacts})

    async def artifact(self, request: Request) -> Response:
        """One of these, as an archive."""
        self.require(request, "actions", "read")
        folder = dict(_artifacts(self.repo)).get(request.path_params["artifact"])
        if folder is None:
            raise HttpError(404, "Not Found")
        return Response(await run_in_threadpool(_zipped, folder), media_type="application/zip")


def _artifacts(repo: FakeRepository) -> list[tuple[int, Path]]:
    """Every artifact with its number."""
    folders = sorted(folder for folder in repo.artifacts.glob("*/*") if folder.is_dir())
    return list(enumerate(folders, start=1))


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
