"""`mergeship init`."""

from __future__ import annotations

from argparse import ArgumentParser

from mergeship.verbs import Call, Verb, path_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mergeship.core.plan import FilePlan

_DONE = {"create": "wrote", "replace": "replaced", "keep": "kept", "none": "unchanged"}
_PLANNED = {"create": "would write", "replace": "would replace", "keep": "would keep", "none": "unchanged"}


def arguments(parser: ArgumentParser) -> None:
    """What it takes."""
    path_argument(parser)
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--bump-script",
        action="store_true",
        help="write .github/scripts/bump_patch.py too, which bumps without mergeship",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")


def call(call: Call) -> FilePlan:
    """Run it."""
    from mergeship.commands.init import init

    args = call.arguments
    return init(call.path, call.overrides, force=args.force, dry_run=args.dry_run, bump_script=args.bump_script)


def show(result: FilePlan, call: Call) -> str:
    """What became of each file, with the difference of those that a person changed."""
    words = _DONE if result.applied else _PLANNED
    lines = []
    for change in result.changes:
        mark = call.style.warn if change.action == "keep" else call.style.good
        lines.append(f"{mark(words[change.action])} {change.path}")
        if change.action in {"keep", "replace"}:
            lines += [f"  {line}" for line in change.diff.splitlines()]
    if any(change.action == "keep" for change in result.changes):
        lines.append("Some files differ from what init would write. They were kept; --force replaces them.")
    return "\n".join(lines)


VERB = Verb(
    "write the pipeline's files; what a person changed is kept",
    (
        "mergeship init",
        "mergeship init --dry-run",
        "mergeship init --bump-script",
        "mergeship init --set runs-on='self-hosted linux'",
    ),
    arguments,
    call,
    show,
)
