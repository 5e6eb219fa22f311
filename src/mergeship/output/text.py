"""Results and failures, for people."""

from functools import singledispatch

from mergeship.core.distribution import Distribution
from mergeship.core.plan import FilePlan
from mergeship.core.result import Built, Decided, Deployed, Drilled, Gated, Rehearsed, Synced, Tested
from mergeship.errors import MergeshipError
from mergeship.output.style import Style


@singledispatch
def render(result: object, style: Style) -> str:
    """A result as text, without a final line end."""
    raise TypeError(f"nothing is known of {type(result).__name__}, styled {style}")


@render.register
def _(result: Tested, style: Style) -> str:
    return f"{style.good('passed')} {result.command} in {result.seconds:.1f} s"


@render.register
def _(result: Built, style: Style) -> str:
    done = style.good("would build" if result.dry_run else "built")
    lines = [f"{done} {result.project} {result.version} from {result.commit[:12]}: {'; '.join(result.reasons)}"]
    for edit in result.edits if result.dry_run else ():
        lines += [f"  {edit.path}:{edit.line}", f"  - {edit.before.strip()}", f"  + {edit.after.strip()}"]
    lines += _files(result.files)
    if result.imported:
        lines.append(f"  installed and imported: {', '.join(result.imported)}")
    lines += [f"  {style.warn('not checked:')} {what}" for what in result.not_checked]
    return "\n".join(lines)


@render.register
def _(result: Deployed, style: Style) -> str:
    lines = []
    for release in result.releases:
        if result.dry_run:
            words = f"{style.good('would deploy')} {result.project} {release.version} to {result.index}"
        else:
            words = f"{style.good(release.state)} {result.project} {release.version}: {result.index}"
        lines += [words, *_files(release.files)]
    if result.superseded:
        lines.append(
            f"{style.good('superseded')} by {result.superseded}, which contains this commit: nothing is to be sent"
        )
    return "\n".join(lines or [f"{style.good('nothing to deploy')}: every release is complete"])


@render.register
def _(result: Gated, style: Style) -> str:
    mark = style.bad if result.decision == "hold" else style.good
    part = f" ({result.bump})" if result.decision == "ship" else ""
    return "\n".join([f"{mark(result.decision)}{part}", *(f"  {reason}" for reason in result.reasons)])


@render.register
def _(result: Decided, style: Style) -> str:
    mark = style.bad if result.decision == "hold" else style.good
    claimed = "would be claimed" if result.dry_run else "is claimed"
    head = f"{mark(result.decision)} {result.commit[:12]}"
    if result.version:
        head += f": {result.version} {claimed}: {'; '.join(result.because)}"
    lines = [head, *(f"  {reason}" for reason in result.reasons)]
    lines += [f"  {one.version} was begun before, and is finished first" for one in result.unfinished]
    return "\n".join(lines)


@render.register
def _(result: Synced, style: Style) -> str:
    what = f"would be {result.action}" if result.dry_run and result.action != "nothing" else result.action
    number = f" #{result.pull}" if result.pull else ""
    lines = [f"{style.good(what)}{number} {result.branch}".rstrip() + f": {result.why}"]
    for edit in result.edits if result.action != "unchanged" else ():
        lines += [f"  {edit.path}:{edit.line}", f"  - {edit.before.strip()}", f"  + {edit.after.strip()}"]
    lines += [f"  {result.url}"] if result.url else []
    lines += [f"  {style.warn('next:')} {result.advice}"] if result.advice else []
    return "\n".join(lines)


@render.register
def _(result: FilePlan, style: Style) -> str:
    done = {"create": "wrote", "replace": "replaced", "keep": "kept", "none": "unchanged"}
    planned = {"create": "would write", "replace": "would replace", "keep": "would keep", "none": "unchanged"}
    words = done if result.applied else planned
    lines = []
    for change in result.changes:
        mark = style.warn if change.action == "keep" else style.good
        lines.append(f"{mark(words[change.action])} {change.path}")
        if change.action in {"keep", "replace"}:
            lines += [f"  {line}" for line in change.diff.splitlines()]
    if any(change.action == "keep" for change in result.changes):
        lines.append("Some files differ from what init would write. They were kept; --force replaces them.")
    return "\n".join(lines)


@render.register
def _(result: Rehearsed, style: Style) -> str:
    from mergeship.output.rehearsed import tables  # imports rich, which the stages do without

    return tables(result, style)


@render.register
def _(result: Drilled, style: Style) -> str:
    from mergeship.output.rehearsed import drills

    return drills(result, style)


def failure(error: MergeshipError, style: Style) -> str:
    """A failure as text: somebody else's output first, then what happened, then what to do next."""
    lines = [f"  {line}" for line in error.detail.splitlines()]
    lines.append(f"{style.bad('error:')} {error.message} [{error.code}]")
    if error.hint:
        lines.append(f"  {style.warn('next:')} {error.hint}")
    return "\n".join(lines)


def annotation(error: MergeshipError) -> str:
    """A failure as a line that GitHub shows on the run's page."""
    return annotated("error", f"mergeship {error.code}", f"{error.message} {error.hint}".strip())


def annotated(level: str, title: str, text: str) -> str:
    """An annotation of the run's page.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for character, escaped in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, escaped)
    return f"::{level} title={title}::{text}"


def _files(files: tuple[Distribution, ...]) -> list[str]:
    return [f"  {file.name}  {file.size} bytes  sha256 {file.sha256}" for file in files]
