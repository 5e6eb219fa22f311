"""Attestations: that this workflow published a file, vouched for by Sigstore, for all to see.

Source: https://docs.pypi.org/attestations/ and PEP 740
"""

import importlib.util
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from mergeship.adapters.index.oidc import REQUEST_URL, oidc_token
from mergeship.adapters.index.questions import with_retry
from mergeship.adapters.index.signer import PASSES, Order
from mergeship.core.environ import for_project
from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.progress import Note, Reporter
from mergeship.core.release.upload import TRY_AGAIN
from mergeship.core.text import one_line
from mergeship.errors import Failed, Misconfigured
from mergeship.process import TIMED_OUT, ProcessFailed, output
from mergeship.web import LOOPBACK, within

TRUST = "MERGESHIP_SIGSTORE"
"""Names another Sigstore than the public one, as a file: a rehearsal has its own."""
AUDIENCE = "sigstore"
ONE = 60.0  # seconds of one attempt: the libraries themselves wait for ever
_SIGNER = ("-P", "-c", "import sys; from mergeship.adapters.index.signer import main; sys.exit(main())")
_CERTIFICATES, _OURS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "SSL_CERT_FILE"


def require_signer(environ: Mapping[str, str]) -> None:
    """Raises Misconfigured if what signs is not installed, or would ask someone else; looks without importing it."""
    _refuse_elsewhere(environ.get(TRUST, ""))
    missing = [module for module in ("pypi_attestations", "sigstore") if importlib.util.find_spec(module) is None]
    if missing:
        raise Misconfigured(
            "no-trusted-extra",
            f"auth is trusted, but the packages that attest uploads are not installed: {', '.join(missing)}",
            hint="on the runner: pip install 'mergeship[trusted]'; without attestations: set attestations to false",
        )


def attested(files: Sequence[Path], environ: Mapping[str, str], deadline: float, report: Reporter) -> dict[str, str]:
    """The attestations of each file by its name, within `deadline` seconds.

    Raises Failed if GitHub does not say who this job is, or Sigstore does not vouch for it.
    """
    from tenacity import Retrying, retry_if_exception, wait_random_exponential

    until = time.monotonic() + deadline
    _refuse_elsewhere(environ.get(TRUST, ""))
    attempts = Retrying(
        retry=retry_if_exception(_passes),
        wait=wait_random_exponential(1, max=30),
        stop=lambda tried: time.monotonic() + tried.upcoming_sleep >= until,
        before_sleep=lambda tried: report(Note(f"Sigstore is unavailable; retrying in {tried.upcoming_sleep:.0f} s")),
        reraise=True,
    )
    names = ", ".join(file.name for file in files)
    try:
        made: dict[str, str] = attempts(_signed, files, environ, until)
    except ProcessFailed as error:
        raise _told(error, names) from error
    if missing := [file.name for file in files if file.name not in made]:
        raise Failed("not-attested", f"there is no attestation of {', '.join(missing)}", hint=TRY_AGAIN)
    return made


def _refuse_elsewhere(trust: str) -> None:
    """Only a Sigstore of this machine may stand in for the public one: nobody else vouches for a release."""
    if not trust:
        return
    try:
        config = decoded(Path(trust).read_bytes(), _Config)
    except (OSError, UnreadableError):
        return  # whoever reads it for real says what is wrong with it
    services = (*config.signing.authorities, *config.signing.logs)
    elsewhere = [service.url for service in services if urlsplit(service.url).hostname not in LOOPBACK]
    if elsewhere:
        raise Misconfigured(
            "sigstore-elsewhere",
            f"{TRUST} names a Sigstore at {one_line(elsewhere[0])}, and only the public one counts outside a rehearsal",
            hint=f"unset {TRUST}",
        )


class _Service(msgspec.Struct):
    url: str


class _Signing(msgspec.Struct):
    authorities: list[_Service] = msgspec.field(name="caUrls")
    logs: list[_Service] = msgspec.field(name="rekorTlogUrls")


class _Config(msgspec.Struct):
    """What a client of Sigstore is given, as far as it says where that is."""

    signing: _Signing = msgspec.field(name="signingConfig")


def _passes(error: BaseException) -> bool:
    return isinstance(error, ProcessFailed) and error.status in {PASSES, TIMED_OUT}


def _told(error: ProcessFailed, names: str) -> Failed:
    if error.code == "disk-full":
        return error
    lines = error.output.rstrip().splitlines()
    words = f"{names} cannot be attested: {one_line(lines[-1] if lines else error.message)[:600]}"
    if _passes(error):
        return Failed("not-attested", words, hint=f"{TRY_AGAIN}; without attestations: set attestations to false")
    hint = "fix that on the runner; `attestations = false` sends the same bytes without attestations"
    return Failed("cannot-attest", words, hint=hint)


def _signed(files: Sequence[Path], environ: Mapping[str, str], until: float) -> dict[str, str]:
    """One attempt, with an identity of its own."""
    left = max(1.0, until - time.monotonic())
    who = within(
        left, lambda: with_retry(lambda: oidc_token(environ, AUDIENCE)), Failed, environ[REQUEST_URL], "identity"
    )
    paths = tuple(str(file.absolute()) for file in files)
    order = msgspec.json.encode(Order(who, paths, environ.get(TRUST, ""))).decode()
    seconds = max(1.0, min(ONE, until - time.monotonic()))
    answer = output([sys.executable, *_SIGNER], cwd="/", env=_env(environ), given=order, seconds=seconds)
    return msgspec.json.decode(answer, type=dict[str, str])


def _env(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the signer: no secret, and the certificates that the rest of mergeship trusts."""
    env = for_project(environ)
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path and path != str(Path.cwd()))
    if _OURS in env and not any(name in env for name in _CERTIFICATES):
        env[_CERTIFICATES[0]] = env[_OURS]
    return env
