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
            lines += [
                f"@@ -{edit.line} +{edit.line} @@",
                style.bad(f"-{_shown(edit.before)}"),
                style.good(f"+{_shown(edit.after)}"),
            ]
    if bump.dynamic:
        lines.append(f"Nothing to write: the version comes from tags, through {bump.dynamic}; build hands it over.")
    elif not bump.edits:
        lines.append("Nothing to write: it is declared already.")
    else:
        lines.append(f"{'Wrote' if bump.applied else 'Would write'} {', '.join(file.path for file in bump.files)}.")
    return "\n".join(lines)


def _shown(line: str) -> str:
    """A line of a file: whatever it holds, it does nothing to the terminal."""
    if line.isprintable():
        return line
    from mergeship.core.text import plain

    return plain(line)
