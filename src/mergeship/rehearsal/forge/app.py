"""The embedded forge: GitHub's API below `/api`, as on a server of one's own, and git beside it."""

from starlette.applications import Starlette

from mergeship.rehearsal.forge.hosting import Hosting
from mergeship.rehearsal.forge.views import FAMILIES


def application(hosting: Hosting) -> Starlette:
    """The forge, as an ASGI application."""
    return Starlette(routes=[route for family in FAMILIES for route in family(hosting).routes()])
