"""GitHub's API: the pull requests behind commits, and what is in them."""

from mergeship.adapters.github.lookup import Lookup
from mergeship.adapters.github.pulls import GitHub

__all__ = ["GitHub", "Lookup"]
