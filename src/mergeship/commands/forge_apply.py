"""`mergeship forge apply`: does exactly what a plan says."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mergeship.adapters import files
from mergeship.core.forge import plan as plans
from mergeship.core.forge.plan import Plan
from mergeship.core.progress import Reporter
from mergeship.core.result import Applied
from mergeship.errors import Misconfigured
from mergeship.pipeline.forging import Hosted, Wanted


def forge_apply(  # noqa: PLR0913 - one argument an option
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    plan: Path | None,
    wanted: Wanted,
    agreed: Callable[[Plan], None],
    token: Callable[[], str],
) -> Applied:
    """Apply the plan in a file, if it is what would be planned now; without one, plan, and ask.

    `agreed` is shown a plan that nobody has seen, and raises Misconfigured if a person does not agree. `token`
    gives the value of the secret. Gives back how far it came, also when a change failed.
    """
    hosted = Hosted(path, environ, overrides, report)
    if plan is None:
        planned = hosted.plan(wanted)
        if planned.changes:
            agreed(planned)
        return hosted.apply(planned, token)
    given = plans.decode(_text(plan), str(plan))
    now = hosted.plan(Wanted(given.origin.allow_remove, given.origin.replace_token))
    plans.refuse_another(given, now, str(plan))
    return hosted.apply(given, token)


def _text(path: Path) -> str:
    text = files.read(path)
    if text is None:
        raise Misconfigured(
            "no-such-file", f"there is no plan {path}", hint="mergeship forge plan --out FILE makes one"
        )
    return text
