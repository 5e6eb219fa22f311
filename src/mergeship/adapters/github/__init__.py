"""GitHub's API: pull requests, and the settings of a repository."""

from mergeship.adapters.github.forge import Forge
from mergeship.adapters.github.lookup import Lookup

__all__ = ["Forge", "Lookup"]
