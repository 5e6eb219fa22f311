"""Errors of the index: what it lists, what it says to an upload, and the way to a token."""

from mergeship.errors import Failed, Held, Misconfigured
from mergeship.errors.code import Code

_WRONG, _HELD, _FAILED = (Misconfigured,), (Held,), (Failed,)
_NEXT = "Re-run all jobs: they use the next version."
_LATER = "Run the job again later: the same bytes are sent."
CODES = {
    "account-incomplete": Code(
        _FAILED,
        "The token's owner has no verified e-mail address, or no two-factor authentication.",
        "Complete the account on the index.",
    ),
    "attestation-refused": Code(
        _FAILED, "The index does not take the attestations.", "Run the job again, or set `attestations` to false."
    ),
    "bad-classifier": Code(_FAILED, "The index knows no such classifier.", "Correct the classifiers."),
    "bad-description": Code(_FAILED, "The README cannot be rendered.", "`twine check` shows where."),
    "bad-digest": Code(_FAILED, "The file changed on its way.", _LATER),
    "bad-index": Code(_WRONG, "`index.upload` or `index.simple` is no address.", "Use pypi, testpypi or https://…"),
    "bad-login": Code(_WRONG, "The login for the index is malformed.", "Write https://user:password@host."),
    "bad-netrc": Code(_WRONG, "The netrc file cannot be read.", "Correct the line that the message names."),
    "bad-token": Code(
        _WRONG, "PYPI_API_TOKEN is not a token: it has spaces or strange characters.", "Copy it again, in one piece."
    ),
    "cannot-attest": Code(
        _FAILED,
        "Sigstore says no to the attestations, and will say so again.",
        "Correct what the message names on the runner, or set `attestations` to false.",
    ),
    "file-exists": Code(_FAILED, "The index has other bytes under this name.", _NEXT),
    "file-too-large": Code(
        _FAILED, "The file is larger than the index allows.", "Make it smaller, or ask for a limit."
    ),
    "filename-burned": Code(_FAILED, "A deleted file had this name, which is never free again.", _NEXT),
    "forbidden": Code(_FAILED, "The token may not upload to this project.", "Use a token of a maintainer."),
    "identity-elsewhere": Code(
        _FAILED,
        "The index asks for an identity that does not name it.",
        "Correct `index.upload`, or set `auth` to token.",
    ),
    "identity-timeout": Code(_FAILED, "GitHub did not say in time who this job is.", "Run the job again."),
    "identity-unreachable": Code(_FAILED, "GitHub's identity service cannot be reached.", "Run the job again."),
    "index-closed": Code(_FAILED, "The index takes no uploads at the moment.", _LATER),
    "index-elsewhere": Code(
        _HELD, "The index redirects to another one, whose list says nothing.", "Set `index.simple` to the one meant."
    ),
    "index-error": Code(_FAILED, "The index keeps failing.", _LATER),
    "index-timeout": Code(
        _FAILED + _HELD, "The index did not answer in time.", "Run the job again; `index.deadline` is the limit."
    ),
    "index-unreachable": Code(
        _FAILED + _HELD, "The index cannot be reached.", "Check the network and `index.upload`, then run the job again."
    ),
    "index-unreadable": Code(
        _FAILED + _HELD,
        "What the index lists cannot be read, so nothing is decided.",
        "Check `index.simple` and the login, or run the job again later.",
    ),
    "index-without-hashes": Code(
        _HELD, "The index gives no sha256, so no upload could be proven.", "Use one that does (PEP 503, PEP 691)."
    ),
    "invalid-payload": Code(_FAILED, "The index did not understand the request for a token.", "Update mergeship."),
    "invalid-pending-publisher": Code(
        _FAILED, "The project's name belongs to someone else.", "Correct the publisher on the index."
    ),
    "invalid-publisher": Code(
        _FAILED, "No trusted publisher on the index fits this workflow.", "Enter exactly what the hint says."
    ),
    "invalid-reuse-token": Code(_FAILED, "The job's identity was used before.", "Run the job again."),
    "invalid-token": Code(
        _FAILED, "The job's identity is for another index, or too old.", "Check the runner's clock, run the job again."
    ),
    "keyring-failed": Code(_HELD, "The keyring failed.", "Repair it, or give the login by netrc."),
    "local-version": Code(_FAILED, "An index takes no version with a `+`.", "Declare a version without it."),
    "name-refused": Code(_FAILED, "The index does not allow this project name.", "Choose another name."),
    "name-taken": Code(_FAILED, "The name is too similar to an existing project's.", "Choose another name."),
    "no-identity": Code(
        _WRONG + _FAILED,
        "The job may not ask who it is, so there is no trusted publishing.",
        "Give the deploy job `permissions: id-token: write`, or set `auth` to token.",
    ),
    "no-token": Code(_WRONG, "PYPI_API_TOKEN is not set.", "Store a token of the index as the secret PYPI_API_TOKEN."),
    "no-trusted-extra": Code(
        _WRONG,
        "Trusted uploads are attested, and the packages for that are not installed.",
        "`pip install 'mergeship[trusted]'` on the runner, or set `attestations` to false.",
    ),
    "no-upload-api": Code(_FAILED, "There is no upload API at `index.upload`.", "Correct that setting."),
    "not-an-owner": Code(_FAILED, "The token's owner does not maintain this project.", "Use a token of a maintainer."),
    "not-attested": Code(
        _FAILED, "Sigstore attests nothing at the moment.", "Run the job again later, or set `attestations` to false."
    ),
    "not-enabled": Code(
        _FAILED,
        "The index takes no trusted publishers at the moment.",
        "Run the job again later, or set `auth` to token.",
    ),
    "not-listed": Code(_FAILED, "The files were taken, and the index does not show them yet.", _LATER),
    "not-minted": Code(
        _FAILED, "The index gave no token for this job.", "Enter a trusted publisher there, or set `auth` to token."
    ),
    "not-taken": Code(_FAILED, "The index refused the upload.", "Fix what the index names, then run the job again."),
    "platform-tag": Code(
        _FAILED, "PyPI takes no wheel of this platform.", "Repair it with auditwheel, or set `build.wheel` to false."
    ),
    "project-too-large": Code(
        _FAILED, "The project has reached its limit on the index.", "Delete old releases, or ask for more."
    ),
    "rate-limited": Code(_FAILED, "The index wants fewer requests.", _LATER),
    "redirected": Code(_FAILED, "`index.upload` leads elsewhere.", "End it with `/legacy/`."),
    "release-closed": Code(_FAILED, "The index closes a release 14 days after its first file.", _NEXT),
    "second-sdist": Code(_FAILED, "The release has another sdist.", _NEXT),
    "sigstore-elsewhere": Code(_WRONG, "MERGESHIP_SIGSTORE names a Sigstore that is not on this machine.", "Unset it."),
    "token-rejected": Code(
        _FAILED,
        "The index does not know the token.",
        "Check that PYPI_API_TOKEN is complete and belongs to this index.",
    ),
    "upload-refused": Code(_FAILED, "The index refuses the file, for a reason that is new to mergeship.", _NEXT),
    "token-elsewhere": Code(
        _WRONG, "PYPI_API_TOKEN is a token of another index.", "Store a token of this one, or correct `index.upload`."
    ),
}
