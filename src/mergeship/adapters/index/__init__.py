"""An index: what it lists, and what it says to an upload."""

from mergeship.adapters.index.addresses import Addresses, addresses
from mergeship.adapters.index.reading import listing, wait_until_listed
from mergeship.adapters.index.uploading import upload

__all__ = ["Addresses", "addresses", "listing", "upload", "wait_until_listed"]
