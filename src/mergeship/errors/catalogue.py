"""Every code that an error can have, and the page that lists them: `docs/errors.md`."""

from mergeship.errors import forge, index, ledger, machine, project, rehearsal, release, repository
from mergeship.errors.code import Code

FAMILIES = (project, repository, ledger, release, index, forge, rehearsal, machine)
CODES: dict[str, Code] = {code: entry for family in FAMILIES for code, entry in family.CODES.items()}
_HEAD = """\
# Errors

Every error has a code, which is stable: `--json` gives it as `error.code`, and text shows it in brackets. Exit status 1
says that the thing asked about failed or is held, 2 that the command line, the settings or the project are wrong.

This page is made by `make docs` from `src/mergeship/errors/`.
"""


def page() -> str:
    """The page of documentation, in Markdown."""
    parts = [_HEAD]
    for family in FAMILIES:
        parts.append(f"\n## {(family.__doc__ or '').rstrip('.')}\n\n| code | exit | means | do |\n|---|---|---|---|\n")
        rows = sorted(family.CODES.items())
        parts.append("".join(f"| `{c}` | {e.statuses} | {e.meaning} | {e.remedy} |\n" for c, e in rows))
    return "".join(parts)
