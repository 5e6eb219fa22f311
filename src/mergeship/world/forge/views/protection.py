"""Branch protection and rulesets."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, nothing, page

_REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."


class Protection(Views):
    """What is enforced on branches and tags."""

    def routes(self) -> list[Route]:
        """Both ways of it, and what comes out of them."""
        return [
            self.route(f"{self.api}/branches/{{branch}}/protection", self.classic, "GET", "PUT", "DELETE"),
            self.route(f"{self.api}/rulesets", self.rulesets, "GET", "POST"),
            self.route(f"{self.api}/rulesets/{{number:int}}", self.ruleset, "GET", "PUT", "DELETE"),
            self.route(f"{self.api}/rules/branches/{{branch:path}}", self.rules),
        ]

    def _to_be_had(self) -> None:
        if self.repo.private and self.repo.free:
            raise HttpError(403, UPGRADE)

    async def classic(self, request: Request) -> Response:
        """Classic protection of a branch."""
        self.require(request, "administration", "read" if request.method == "GET" else "write")
        self._to_be_had()
        branch, known = request.path_params["branch"], self.repo.rules.classic
        if not self.repo.head_of(branch):
            raise HttpError(404, "Branch not found")
        if request.method == "PUT":
            given = await body(request)
            for name in _REQUIRED:
                if name not in given:
                    raise HttpError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
            checks = given["required_status_checks"]
            if checks is not None and {"contexts", "checks"} <= set(checks):
                raise HttpError(422, 'Invalid request.\n\nMore than one subschema in "oneOf" matched.')
            known[branch] = given
            self.repo.enforce()
        elif branch not in known:
            raise HttpError(404, "Branch not protected")
        elif request.method == "DELETE":
            del known[branch]
            self.repo.enforce()
            return nothing()
        return JSONResponse(serializers.protection(base_of(request), self.api, branch, known[branch]))

    async def rulesets(self, request: Request) -> Response:
        """All rulesets, or a new one."""
        self._to_be_had()
        if request.method == "GET":
            self.has_permission(request, "metadata", "read")
            known = self.repo.rules.rulesets.items()
            return page(request, [self._shown(request, number, ruleset, whole=False) for number, ruleset in known])
        self.require(request, "administration", "write")
        given = _checked(await body(request), {ruleset["name"] for ruleset in self.repo.rules.rulesets.values()})
        number = self.repo.rules.add(given)
        self.repo.enforce()
        return JSONResponse(self._shown(request, number, given, whole=True), 201)

    async def ruleset(self, request: Request) -> Response:
        """One ruleset."""
        grant = self.has_permission(request, "metadata", "read")
        self._to_be_had()
        number, known = request.path_params["number"], self.repo.rules.rulesets
        if number not in known:
            raise HttpError(404, "Not Found")
        if request.method != "GET":
            self.require(request, "administration", "write")
            if request.method == "DELETE":
                del known[number]
            else:
                names = {other["name"] for key, other in known.items() if key != number}
                known[number] = _checked({**known[number], **await body(request)}, names)
            self.repo.enforce()
        if number not in known:
            return nothing()
        whole = grant is not None and grant.allows("administration", "read")
        return JSONResponse(self._shown(request, number, known[number], whole=whole))

    async def rules(self, request: Request) -> Response:
        """What rulesets say about a branch."""
        self.has_permission(request, "metadata", "read")
        rules = self.repo.rules.about(f"refs/heads/{request.path_params['branch']}")
        source = {"ruleset_source_type": "Repository", "ruleset_source": self.repo.name}
        return page(request, [
            {"type": rule.kind, "ruleset_id": rule.ruleset, **source}
            | ({"parameters": rule.parameters} if rule.parameters else {})
            for rule in rules if not rule.classic
        ])  # fmt: skip

    def _shown(self, request: Request, number: int, ruleset: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        """A ruleset; who may bypass it is shown to those who may change it."""
        url = f"{base_of(request)}{self.api}/rulesets/{number}"
        when = serializers.time(self.repo.clock())
        shown = {
            "id": number, "name": ruleset["name"], "target": ruleset["target"], "source_type": "Repository",
            "source": self.repo.name, "enforcement": ruleset["enforcement"], "node_id": f"RRS_{number}",
            "_links": {"self": {"href": url}}, "created_at": when, "updated_at": when,
        }  # fmt: skip
        if whole:
            shown |= {"bypass_actors": ruleset.get("bypass_actors", [])}
        if whole or request.path_params:
            shown |= {"conditions": ruleset["conditions"], "rules": ruleset["rules"]}
        return shown


def _checked(given: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """A ruleset as it was written, if it can be one."""
    for name in ("name", "enforcement"):
        if name not in given:
            raise invalid("Ruleset", name, "missing_field")
    if given["name"] in names:
        raise HttpError(422, "Validation Failed", errors=[{"message": "Name must be unique"}])
    target = given.get("target", "branch")
    conditions = given.get("conditions") or {"ref_name": {"include": [], "exclude": []}}
    return {**given, "target": target, "conditions": conditions, "rules": given.get("rules", [])}
