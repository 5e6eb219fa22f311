"""The embedded forge: GitHub's API below `/api`, as on a server of one's own, and git beside it."""

from starlette.applications import Starlette

from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.views import FAMILIES


def application(repo: FakeRepository) -> Starlette:
    """The forge, as an ASGI application."""
    return Starlette(routes=[route for family in FAMILIES for route in family(repo).routes()])


def variables(base: str, repo: FakeRepository) -> dict[str, str]:
    """What GitHub says of itself to its jobs."""
    return {
        "GITHUB_SERVER_URL": base,
        "GITHUB_API_URL": f"{base}/api/v3",
        "GITHUB_GRAPHQL_URL": f"{base}/api/graphql",
        "GITHUB_REPOSITORY": repo.name,
    }
