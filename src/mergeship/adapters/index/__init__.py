"""An index: what it lists, and what it says to an upload."""

from mergeship.adapters.index.addresses import Addresses, addresses
from mergeship.adapters.index.attesting import attested, require_signer
from mergeship.adapters.index.minting import exchange_token
from mergeship.adapters.index.oidc import require_identity
from mergeship.adapters.index.reading import listing, wait_until_listed
from mergeship.adapters.index.uploading import upload

__all__ = [
    "Addresses",
    "addresses",
    "attested",
    "exchange_token",
    "listing",
    "require_identity",
    "require_signer",
    "upload",
    "wait_until_listed",
]
