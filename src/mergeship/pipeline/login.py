"""What deploy uploads with: a stored token, or one that the index mints for this job."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mergeship.adapters import index
from mergeship.core import publisher
from mergeship.core.environ import INDEX_TOKEN
from mergeship.core.progress import Note, Reporter
from mergeship.core.text import is_token
from mergeship.errors import Misconfigured
from mergeship.pipeline.project_state import ProjectState
from mergeship.web import LOOPBACK

LIFE = 600.0  # seconds that a minted token is used: the index lets it live for 900


class Login:
    """The token of one run. Raises Misconfigured if there can be none."""

    def __init__(self, state: ProjectState, environ: Mapping[str, str], report: Reporter) -> None:
        self._settings = state.settings
        self._environ = environ
        self._report = report
        self._publisher = publisher.to_enter(state.project, state.name, self._settings.environment)
        self._minted = ""
        self._at = 0.0
        if self.trusted:
            index.require_identity(environ)
            if self._settings.attests:
                index.require_signer(environ)
        else:
            self._stored = _stored(environ)
            _refuse_elsewhere(self._stored, index.addresses(state.settings.index).upload)

    @property
    def trusted(self) -> bool:
        """Whether no token is stored."""
        return self._settings.auth == "trusted"

    def token(self) -> str:
        """The token, minted again before it ends. Raises Failed if the index refuses."""
        if not self.trusted:
            return self._stored
        if not self._minted or time.monotonic() - self._at > LIFE:
            upload = index.addresses(self._settings.index).upload
            self._report(Note("requesting a token for this job from the index"))
            self._minted = index.exchange_token(upload, self._environ, self._settings.index.deadline, self._publisher)
            self._at = time.monotonic()
        return self._minted

    def attested(self, files: Sequence[Path]) -> Mapping[str, str]:
        """What an upload of each file carries besides it, by its name. Raises Failed if Sigstore gives nothing."""
        if not (files and self._settings.attests):
            return {}
        self.token()  # what the index refuses needs no entry in a public log
        self._report(
            Note(f"requesting attestations from Sigstore (public log): {', '.join(file.name for file in files)}")
        )
        return index.attested(files, self._environ, self._settings.index.deadline, self._report)


def _stored(environ: Mapping[str, str]) -> str:
    token = environ.get(INDEX_TOKEN, "").strip()
    if not token:
        raise Misconfigured(
            "no-token",
            f"{INDEX_TOKEN} is not set, so the index would refuse the upload",
            hint=f"store a token of the index as the secret {INDEX_TOKEN}, and pass it to the deploy step with env:",
        )
    if not is_token(token):
        raise Misconfigured("bad-token", f"{INDEX_TOKEN} is not a token", hint="copy it again in one piece")
    return token


def _refuse_elsewhere(token: str, upload: str) -> None:
    """Refuse to send a token of PyPI or TestPyPI, which says where it belongs, to anyone else."""
    place, host = publisher.token_of(token), urlsplit(upload).hostname or ""
    if place and host not in {place, f"upload.{place}"} | LOOPBACK:
        raise Misconfigured(
            "token-elsewhere",
            f"{INDEX_TOKEN} is a token of {place}, and index.upload is on {host}",
            hint="nothing was sent; store a token of that index, or correct index.upload",
        )
