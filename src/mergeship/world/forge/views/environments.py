"""Environments, and secrets: the repository's, and those of an environment."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mergeship.world.forge import serializers
from mergeship.world.forge.answering import HttpError, Views, base_of, body, invalid, nothing, page
from mergeship.world.forge.settings import Stored, StoredEnvironment

_POLICIES = "deployment-branch-policies"


class Environments(Views):
    """Where is deployed to, and with what."""

    def routes(self) -> list[Route]:
        """Environments, their branches, and secrets."""
        path = f"{self.api}/environments/{{environment}}"
        return [
            self.route(f"{self.api}/environments", self.environments),
            self.route(path, self.environment, "GET", "PUT", "DELETE"),
            self.route(f"{path}/{_POLICIES}", self.policies, "GET", "POST"),
            self.route(f"{path}/{_POLICIES}/{{number:int}}", self.policy, "DELETE"),
            *(
                route
                for above in (f"{self.api}/actions", path)
                for route in (
                    self.route(f"{above}/secrets", self.secrets),
                    self.route(f"{above}/secrets/public-key", self.public_key),
                    self.route(f"{above}/secrets/{{name}}", self.secret, "GET", "PUT", "DELETE"),
                )
            ),
        ]

    def _to_be_had(self) -> None:
        if self.repo.private and self.repo.free:
            raise HttpError(404, "Not Found")

    def _named(self, request: Request) -> StoredEnvironment:
        self._to_be_had()
        environment = self.repo.settings.environments.get(request.path_params["environment"])
        if environment is None:
            raise HttpError(404, "Not Found")
        return environment

    async def environments(self, request: Request) -> Response:
        """All of them."""
        self.has_permission(request, "actions", "read")
        self._to_be_had()
        url = f"{base_of(request)}{self.api}"
        shown = [serializers.environment(url, environment) for environment in self.repo.settings.environments.values()]
        return page(request, shown, "environments")

    async def environment(self, request: Request) -> Response:
        """One of them."""
        self.has_permission(request, "actions", "read")
        name, known = request.path_params["environment"], self.repo.settings.environments
        if request.method == "PUT":
            self.require(request, "administration", "write")
            self._to_be_had()
            given = await body(request)
            policy = given.get("deployment_branch_policy")
            if policy is not None and policy["protected_branches"] == policy["custom_branch_policies"]:
                raise HttpError(422, "Validation Failed", errors=[{"message": "exactly one of both has to be true"}])
            if given.get("reviewers") and self.repo.private and self.repo.free:
                raise HttpError(422, "Failed to create the environment protection rule.")
            environment = known.setdefault(name, StoredEnvironment(name, self.repo.clock()))
            environment.policy = policy
            environment.rules = {
                key: given[key] for key in ("wait_timer", "reviewers", "prevent_self_review") if key in given
            }
        elif request.method == "DELETE":
            self.require(request, "administration", "write")
            self._named(request)
            del known[name]
            return nothing()
        return JSONResponse(serializers.environment(f"{base_of(request)}{self.api}", self._named(request)))

    async def policies(self, request: Request) -> Response:
        """The branches that may deploy."""
        self.has_permission(request, "actions", "read")
        environment = self._named(request)
        if request.method == "GET":
            return page(
                request, [serializers.branch_policy(policy) for policy in environment.branches], "branch_policies"
            )
        self.require(request, "administration", "write")
        if not environment.policy or not environment.policy["custom_branch_policies"]:
            raise HttpError(404, "Not Found")
        given = await body(request)
        if "name" not in given:
            raise invalid("DeploymentBranchPolicy", "name", "missing_field")
        made = (self.repo.settings.number(), str(given["name"]), str(given.get("type", "branch")))
        environment.branches.append(made)
        return JSONResponse(serializers.branch_policy(made))

    async def policy(self, request: Request) -> Response:
        """One of these goes."""
        self.require(request, "administration", "write")
        environment = self._named(request)
        kept = [policy for policy in environment.branches if policy[0] != request.path_params["number"]]
        if len(kept) == len(environment.branches):
            raise HttpError(404, "Not Found")
        environment.branches[:] = kept
        return nothing()

    def _store(self, request: Request) -> tuple[dict[str, Stored], str]:
        """The secrets that an address is about, and the permission that it takes."""
        if "environment" in request.path_params:
            return self._named(request).secrets, "environments"
        return self.repo.settings.secrets, "secrets"

    async def secrets(self, request: Request) -> Response:
        """All of them, by their names."""
        store, permission = self._store(request)
        self.require(request, permission, "read")
        return page(request, [serializers.secret(name, stored) for name, stored in store.items()], "secrets")

    async def public_key(self, request: Request) -> Response:
        """What they are sealed with."""
        _, permission = self._store(request)
        self.require(request, permission, "read")
        return JSONResponse({"key_id": "1", "key": self.repo.settings.public_key})

    async def secret(self, request: Request) -> Response:
        """One of them: its name, or a new value."""
        store, permission = self._store(request)
        self.require(request, permission, "read" if request.method == "GET" else "write")
        name = request.path_params["name"].upper()
        if request.method == "PUT":
            given = await body(request)
            if given.get("key_id") != "1":
                raise HttpError(422, "The key_id is not that of the repository's public key.")
            try:
                value = self.repo.settings.opened(str(given.get("encrypted_value", "")))
            except ValueError as error:
                raise invalid("Secret", "encrypted_value", "invalid") from error
            now = self.repo.clock()
            fresh = name not in store
            store[name] = Stored(value, now if fresh else store[name].created, now)
            return Response(content="{}", status_code=201, media_type="application/json") if fresh else nothing()
        if name not in store:
            raise HttpError(404, "Not Found")
        if request.method == "DELETE":
            del store[name]
            return nothing()
        return JSONResponse(serializers.secret(name, store[name]))
