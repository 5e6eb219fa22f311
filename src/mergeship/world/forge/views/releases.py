"""Releases and their assets."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, nothing, page
from mergeship.world.forge.records import Asset, Release


class Releases(Views):
    """Notes for people, with files."""

    def routes(self) -> list[Route]:
        """Releases by number and by tag, and the files of each."""
        path = f"{self.api}/releases/{{number:int}}"
        return [
            self.route(f"{self.api}/releases", self.releases, "GET", "POST"),
            self.route(f"{self.api}/releases/tags/{{tag:path}}", self.of_tag),
            self.route(path, self.release, "GET", "PATCH", "DELETE"),
            self.route(f"{path}/assets", self.assets, "GET"),
            self.route(f"/api/uploads/repos/{self.repo.name}/releases/{{number:int}}/assets", self.upload, "POST"),
        ]

    def _one(self, request: Request) -> Release:
        release = self.repo.releases.get(request.path_params["number"])
        if release is None:
            raise HttpError(404, "Not Found")
        return release

    def _shown(self, request: Request, release: Release) -> dict[str, Any]:
        return serializers.release(self.repo, base_of(request), release)

    async def releases(self, request: Request) -> Response:
        """All of them, drafts only for those who may write; or a new one."""
        grant = self.has_permission(request, "contents", "read")
        if request.method == "GET":
            drafts = grant is not None and grant.allows("contents", "write")
            releases = [release for release in reversed(self.repo.releases.values()) if drafts or not release.draft]
            return page(request, [self._shown(request, release) for release in releases])
        grant = self.require(request, "contents", "write")
        given = await body(request)
        if not given.get("tag_name"):
            raise invalid("Release", "tag_name", "missing_field")
        if any(release.tag == given["tag_name"] and not release.draft for release in self.repo.releases.values()):
            raise invalid("Release", "tag_name", "already_exists")
        number, now = self.repo.settings.number(), self.repo.clock()
        release = Release(number=number, tag=str(given["tag_name"]), author=grant.login, created=now)
        self.repo.releases[number] = release
        self._change(release, given)
        return JSONResponse(self._shown(request, release), 201)

    def _change(self, release: Release, given: dict[str, Any]) -> None:
        names = {"tag_name": "tag", "target_commitish": "target"}
        for name, value in given.items():
            field = names.get(name, name)
            if field in {"tag", "target", "name", "body", "draft", "prerelease"}:
                setattr(release, field, value)
        if not release.draft and release.published is None:
            release.published = self.repo.clock()
            if not self.repo.tagged(release.tag):
                self.repo.bare.git("tag", "--no-sign", release.tag, self.repo.head_of(release.target) or release.target)

    async def of_tag(self, request: Request) -> Response:
        """The published one of a tag."""
        self.has_permission(request, "contents", "read")
        tag = request.path_params["tag"]
        published = next(
            (release for release in self.repo.releases.values() if release.tag == tag and not release.draft), None
        )
        if published is None:
            raise HttpError(404, "Not Found")
        return JSONResponse(self._shown(request, published))

    async def release(self, request: Request) -> Response:
        """One of them, or a change to it."""
        self.has_permission(request, "contents", "read")
        release = self._one(request)
        if request.method == "PATCH":
            self.require(request, "contents", "write")
            self._change(release, await body(request))
        elif request.method == "DELETE":
            self.require(request, "contents", "write")
            del self.repo.releases[release.number]
            return nothing()
        return JSONResponse(self._shown(request, release))

    async def assets(self, request: Request) -> Response:
        """The files of one."""
        self.has_permission(request, "contents", "read")
        release = self._one(request)
        assets = [serializers.asset(self.repo, base_of(request), release, asset) for asset in release.assets]
        return page(request, assets)

    async def upload(self, request: Request) -> Response:
        """A new file."""
        grant = self.require(request, "contents", "write")
        release, name = self._one(request), request.query_params.get("name", "")
        content = await request.body()
        if not name:
            raise invalid("ReleaseAsset", "name", "missing_field")
        if any(asset.name == name for asset in release.assets):
            raise invalid("ReleaseAsset", "name", "already_exists")
        kind = request.headers.get("content-type", "application/octet-stream")
        sha256 = hashlib.sha256(content).hexdigest()
        made = Asset(self.repo.settings.number(), name, kind, len(content), sha256, grant.login, self.repo.clock())
        release.assets = [*release.assets, made]
        return JSONResponse(serializers.asset(self.repo, base_of(request), release, made), 201)
