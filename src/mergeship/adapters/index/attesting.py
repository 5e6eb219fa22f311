"""Attestations: that this workflow published a file, vouched for by Sigstore, for all to see.

Source: https://docs.pypi.org/attestations/ and PEP 740
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters.index.identity import again, identity
from mergeship.adapters.index.signer import Order
from mergeship.core.environ import for_project
from mergeship.core.text import one_line
from mergeship.core.upload import TRY_AGAIN
from mergeship.errors import Failed
from mergeship.process import ProcessFailed, output
from mergeship.web import within

TRUST = "MERGESHIP_SIGSTORE"
"""Names another Sigstore than the public one, as a file: a rehearsal has its own."""
AUDIENCE = "sigstore"
ATTEMPTS = 3
_SIGNER = ("-I", "-c", "from mergeship.adapters.index.signer import main; main()")


def attested(files: Sequence[Path], environ: Mapping[str, str], deadline: float) -> dict[str, str]:
    """The attestations of each file by its name, within `deadline` seconds.

    Raises Failed where GitHub does not say who this job is, or Sigstore does not vouch for it.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

    until = time.monotonic() + deadline

    def over(tried: RetryCallState) -> bool:
        return tried.attempt_number >= ATTEMPTS or time.monotonic() + tried.upcoming_sleep >= until

    attempts = Retrying(
        retry=retry_if_exception_type(ProcessFailed),
        wait=wait_random_exponential(0.5, max=10),
        stop=over,
        reraise=True,
    )
    try:
        made: dict[str, str] = attempts(_signed, files, environ, until)
    except ProcessFailed as error:
        words = one_line(error.output)
        raise Failed(
            "not-attested",
            f"Sigstore did not vouch for {', '.join(file.name for file in files)}: {words[:500]}",
            hint=f"{TRY_AGAIN}; without attestations: set attestations to false",
        ) from error
    return made


def _signed(files: Sequence[Path], environ: Mapping[str, str], until: float) -> dict[str, str]:
    """One attempt, with an identity of its own."""
    left = max(1.0, until - time.monotonic())
    who = within(left, lambda: again(lambda: identity(environ, AUDIENCE)), Failed, "the forge's identity service")
    paths = tuple(str(file.resolve()) for file in files)
    order = msgspec.json.encode(Order(who, paths, environ.get(TRUST, ""))).decode()
    env = for_project(environ)
    said = output([sys.executable, *_SIGNER], cwd="/", env=env, given=order, seconds=max(1.0, until - time.monotonic()))
    return msgspec.json.decode(said, type=dict[str, str])
