"""git: a checkout, and its origin, where the ledger is kept."""

from mergeship.adapters.git.repository import Repository, top

__all__ = ["Repository", "top"]
