"""The families of addresses that the forge answers at."""

from mergeship.world.forge.views import (
    accounts,
    actions,
    environments,
    git,
    identity,
    protection,
    pulls,
    releases,
    repository,
    runners,
    statuses,
)  # fmt: skip

FAMILIES = (
    accounts.Accounts,
    actions.Actions,
    environments.Environments,
    identity.Identity,
    protection.Protection,  # before the repository: a branch may have slashes in its name
    pulls.Pulls,
    releases.Releases,
    repository.Repository,
    runners.Runners,
    statuses.Statuses,
    git.Git,
)
"""The last one answers what nobody else does."""
