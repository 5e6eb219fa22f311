"""Attestations of an embedded Sigstore, as tests want them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mergeship.adapters.index.signer import Order, sign
from mergeship.world.identity import Issuer
from mergeship.world.serving import serving
from mergeship.world.sigstore.app import application
from mergeship.world.sigstore.instance import Sigstore

WORKFLOW = "rehearsal/obk/.github/workflows/ci-cd.yml@refs/heads/main"
CLAIMS = {
    "repository": "rehearsal/obk",
    "repository_owner": "rehearsal",
    "repository_owner_id": "1",
    "repository_id": "1",
    "repository_visibility": "public",
    "job_workflow_ref": WORKFLOW,
    "workflow_ref": WORKFLOW,
    "event_name": "push",
    "ref": "refs/heads/main",
    "sha": "a" * 40,
    "runner_environment": "self-hosted",
    "sub": "repo:rehearsal/obk:environment:pypi",
}


class Signing:
    """Who signs, and where."""

    def __init__(self, sigstore: Sigstore, base: str, folder: Path) -> None:
        self.sigstore = sigstore
        self.base = base
        self.trust = folder / "sigstore.json"
        self.trust.write_text(json.dumps(sigstore.client(base)), encoding="utf-8")
        self._folder = folder

    def __call__(self, name: str, content: bytes, **claims: str) -> list[dict[str, Any]]:
        """The attestations of a file, as what the claims say."""
        path = self._folder / name
        path.write_bytes(content)
        identity = self.sigstore.issuer.identity("sigstore", CLAIMS | claims)
        made: list[dict[str, Any]] = json.loads(sign(Order(identity, (str(path),), str(self.trust)))[name])
        return made


@contextmanager
def signing(folder: Path) -> Iterator[Signing]:
    sigstore = Sigstore(Issuer())
    with serving(application(sigstore)) as base:
        yield Signing(sigstore, base, folder)
