"""Who a job is: identities that the forge signs, and publishers on the index that are known by them.

Source: https://docs.github.com/actions/concepts/security/openid-connect and https://docs.pypi.org/trusted-publishers/
"""

import secrets
import time
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

LEEWAY = 30  # seconds between clocks
LIFE = 300  # seconds of an identity
ALGORITHM = "RS256"
AUDIENCE = "pypi"


class Issuer:
    """What signs the identities of one rehearsal."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = "https://token.actions.githubusercontent.com"

    def identity(self, audience: str, claims: Mapping[str, str]) -> str:
        """A signed identity."""
        now = int(time.time())
        about = {"iss": self.name, "aud": audience, "jti": secrets.token_hex(16)}
        when = {"iat": now, "nbf": now, "exp": now + LIFE}
        return jwt.encode({**claims, **about, **when}, self._key, algorithm=ALGORITHM)

    def claims(self, identity: str, audience: str) -> dict[str, Any]:
        """What an identity says. Raises ValueError for one that is not ours, or not for that audience, or over."""
        try:
            read: dict[str, Any] = jwt.decode(
                identity,
                self._key.public_key(),
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=self.name,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "jti", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise ValueError(str(error)) from error
        return read


class Publisher(msgspec.Struct, frozen=True):
    """A workflow that may publish a project, as it was entered on the index."""

    project: str
    owner: str
    repository: str
    workflow: str
    environment: str = ""
    """Empty for any."""
    pending: bool = False
    """Whether it was entered before the project existed."""

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether an identity is that workflow's."""
        workflow = f"{self.owner}/{self.repository}/.github/workflows/{self.workflow}@"
        return (
            claims.get("repository") == f"{self.owner}/{self.repository}"
            and str(claims.get("job_workflow_ref", "")).startswith(workflow)
            and self.environment in {"", claims.get("environment")}
        )
