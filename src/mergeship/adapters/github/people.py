"""What people may do in a repository.

Source: https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user
"""

from mergeship.adapters.github import shapes
from mergeship.adapters.github.connection import NOT_FOUND, Connection, unless


async def roles_of(ask: Connection, login: str) -> tuple[str, ...]:
    """The role of a person and the permission that it comes from; none for nobody whom GitHub knows here."""
    url = f"{ask.base}/collaborators/{login}/permission"
    answer = await unless(NOT_FOUND, ask.item(url)) if login else None
    if answer is None:
        return ()
    permission = shapes.shaped(answer, shapes.Permission, url)
    return tuple(filter(None, (permission.role_name, permission.permission)))


async def in_organization(ask: Connection) -> bool:
    """Whether the repository belongs to an organization."""
    return shapes.shaped(await ask.item(ask.base), shapes.Owned, ask.base).owner.type == "Organization"
