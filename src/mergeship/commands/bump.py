"""`mergeship bump`: the next version, written into every declaration, nothing else touched."""

import os
from collections.abc import Mapping, Sequence

from mergeship.adapters import files, git
from mergeship.core import bump as bumping
from mergeship.core import names, project
from mergeship.core.bump import Bump
from mergeship.core.declaration import declared
from mergeship.core.environ import for_installer
from mergeship.core.toml import table
from mergeship.core.version import BumpRequest, tagged
from mergeship.errors import Misconfigured

TYPE_CHECKING = False  # events load msgspec
if TYPE_CHECKING:
    from mergeship.core.progress import Reporter

NOT_ASKED = "the index was not asked (--offline)"


def bump(
    path: str | os.PathLike[str],
    environ: Mapping[str, str],
    report: "Reporter",
    overrides: Sequence[str] = (),
    *,
    request: BumpRequest,
    offline: bool = False,
    dry_run: bool = False,
) -> Bump:
    """Write the next version into the project, or with `dry_run` only say what would be written.

    With `offline` the index is not asked. Raises Held, Misconfigured, or Failed, and then nothing was written.
    """
    top = git.top(path)
    read = files.reader(path, top)
    text, pyproject = project.pyproject_of(read, path)
    settings = None
    if overrides or not offline or "mergeship" in table(pyproject, "tool"):
        from mergeship.core.settings import load  # as long to load as all the rest together

        settings = load(pyproject, overrides)
    declaration = declared(pyproject, text, read, settings.version_files if settings else (), os.path.realpath(path))
    name = project.identify(pyproject, read, settings.name if settings else "")
    normalized = names.normalized(name)
    used = []
    if top:
        tags = git.Repository(path, for_installer(environ)).tags()
        used += tagged(normalized, tags, declaration.tag_prefix)
    if settings and not offline:
        from mergeship.adapters import index
        from mergeship.core.progress import Note
        from mergeship.core.text import without_password

        simple = index.addresses(settings.index).simple
        report(Note(f"checking what {without_password(simple)}{normalized}/ has published"))
        used += index.listing(simple, normalized, settings.index.deadline, environ).used
    plan = bumping.plan(name, declaration, used, request, read)
    if offline:
        plan = plan._replace(reasons=(*plan.reasons, NOT_ASKED))
    if dry_run:
        return plan
    if declaration.vcs and request != BumpRequest():
        raise Misconfigured(
            "version-from-tags",
            f"the version comes from tags, through {declaration.vcs.tool}: there is no file to write {plan.next} into",
            hint="--dry-run shows it; tag a commit, and the next release is the patch version after that tag",
        )
    files.rewrite(path, plan.files, within=top or path)
    return plan._replace(applied=bool(plan.files))
