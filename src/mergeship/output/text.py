"""Results and failures, for people."""

from functools import singledispatch

from mergeship.core.distribution import Distribution
from mergeship.core.plan import FilePlan
from mergeship.core.result import Built, Deployed, Rehearsed, Tested
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
    if result.dry_run:
        first = f"{style.good('would deploy')} {result.project} {result.version} to {result.index}"
    else:
        first = f"{style.good('deployed')} {result.project} {result.version}: {result.index}"
    return "\n".join([first, *_files(result.files)])


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


def failure(error: MergeshipError, style: Style) -> str:
    """A failure as text: somebody else's output first, then what happened, then what to do next."""
    lines = [f"  {line}" for line in error.detail.splitlines()]
    lines.append(f"{style.bad('error:')} {error.message} [{error.code}]")
    if error.hint:
        lines.append(f"  {style.warn('next:')} {error.hint}")
    return "\n".join(lines)


def annotation(error: MergeshipError) -> str:
    """A failure as a line that GitHub shows on the run's page.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    text = f"{error.message} {error.hint}".strip()
    for character, escaped in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, escaped)
    return f"::error title=mergeship {error.code}::{text}"


def _files(files: tuple[Distribution, ...]) -> list[str]:
    return [f"  {file.name}  {file.size} bytes  sha256 {file.sha256}" for file in files]
