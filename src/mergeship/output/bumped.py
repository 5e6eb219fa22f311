"""A bump, for people."""

from mergeship.core.bump import Bump
from mergeship.output.style import Style


def render(bump: Bump, style: Style) -> str:
    """The decision with its reasons, then every edit as a diff, then what was written."""
    came = f"{bump.declared} → " if bump.declared else ""
    lines = [f"{bump.project} {came}{style.good(bump.next)}: {'; '.join(bump.reasons)}"]
    for path in dict.fromkeys(edit.path for edit in bump.edits):
        lines += [style.bold(f"--- a/{path}"), style.bold(f"+++ b/{path}")]
        for edit in sorted(edit for edit in bump.edits if edit.path == path):
            lines += [f"@@ -{edit.line} +{edit.line} @@", style.bad(f"-{edit.before}"), style.good(f"+{edit.after}")]
    if bump.dynamic:
        lines.append(f"Nothing to write: the version comes from {bump.dynamic}, to which build hands it.")
    elif not bump.edits:
        lines.append("Nothing to write: it is declared already.")
    else:
        lines.append(f"{'Wrote' if bump.applied else 'Would write'} {', '.join(file.path for file in bump.files)}.")
    return "\n".join(lines)
