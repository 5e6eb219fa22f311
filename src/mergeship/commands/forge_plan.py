"""`mergeship forge plan`: what of the repository's settings would be changed, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mergeship.adapters import files
from mergeship.core.forge import plan
from mergeship.core.forge.plan import Plan
from mergeship.core.progress import Reporter
from mergeship.pipeline.forging import Hosted, Wanted


def forge_plan(
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    out: Path | None = None,
    allow_remove: bool = False,
    replace_token: bool = False,
) -> Plan:
    """Plan, and change nothing; with `out` the plan is kept in a file."""
    planned = Hosted(path, environ, overrides, report).plan(Wanted(allow_remove, replace_token))
    if out is not None:
        files.write(out, plan.encode(planned))
    return planned
