"""One Sigstore: an authority and a log, and what to trust in order to trust them."""

import base64
from typing import Any

from mergeship.world.fault import Faults
from mergeship.world.identity import Issuer
from mergeship.world.sigstore.authority import Authority
from mergeship.world.sigstore.key import Key
from mergeship.world.sigstore.log import Log

AUDIENCE = "sigstore"
_SINCE = {"start": "2020-01-01T00:00:00Z"}
_MEDIA = "application/vnd.dev.sigstore"


class Sigstore:
    """What vouches for the identities of one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.authority = Authority()
        self.log = Log()
        self.faults = Faults()

    def trusted_root(self, base: str = "") -> dict[str, Any]:
        """What a client trusts."""
        return {
            "mediaType": f"{_MEDIA}.trustedroot+json;version=0.1",
            "tlogs": [_instance(base, self.log.key)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "rehearsal", "commonName": "rehearsal"},
                    "uri": base,
                    "certChain": {"certificates": [{"rawBytes": _text(self.authority.root_der)}]},
                    "validFor": _SINCE,
                }
            ],
            "ctlogs": [_instance(base, self.authority.log)],
            "timestampAuthorities": [],
        }

    def client(self, base: str) -> dict[str, Any]:
        """The configuration of a client, in the format of `sigstore --trust-config`."""
        service = {"url": base, "majorApiVersion": 1, "validFor": _SINCE, "operator": "rehearsal"}
        signing = {
            "mediaType": f"{_MEDIA}.signingconfig.v0.2+json",
            "caUrls": [service],
            "oidcUrls": [],
            "rekorTlogUrls": [service],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [],
            "tsaConfig": {"selector": "ANY"},
        }
        return {
            "mediaType": f"{_MEDIA}.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(base),
            "signingConfig": signing,
        }


def _instance(base: str, key: Key) -> dict[str, Any]:
    public = {"rawBytes": _text(key.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": _SINCE}
    return {
        "baseUrl": base,
        "hashAlgorithm": "SHA2_256",
        "publicKey": public,
        "logId": {"keyId": _text(key.identifier)},
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
