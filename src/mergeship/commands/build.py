"""`mergeship build`: the next version, built once, checked, installed and imported, where no secret is."""

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from mergeship.adapters import builder, dist, files, git, index, job
from mergeship.adapters.builder import Builder
from mergeship.adapters.environment import Environment
from mergeship.adapters.git import Repository
from mergeship.core import archive, declaration, distribution, project
from mergeship.core import bump as bumping
from mergeship.core.distribution import MANIFEST, Manifest
from mergeship.core.environ import for_installer
from mergeship.core.event import Note, Tell
from mergeship.core.project import Source
from mergeship.core.result import Built
from mergeship.core.settings import Build
from mergeship.core.version import Used, Wish, tagged
from mergeship.errors import Failed, Misconfigured


def build(
    path: Path,
    environ: Mapping[str, str],
    tell: Tell,
    overrides: Sequence[str] = (),
    *,
    out: Path,
    dry_run: bool = False,
) -> Built:
    """Build the checked-out commit under the next version, into `out`, with a manifest beside the files.

    The checkout is not touched: the version is written into a copy. Raises Failed, Held or Misconfigured.
    """
    read = files.reader(path, git.top(path))
    source = project.gather(read, path.resolve(), overrides)
    repository = Repository(path, for_installer(environ))
    commit = repository.head()
    _refuse_changes(repository.changed())
    _refuse_strangers(out)
    used = _used(source, repository, environ)
    bump = bumping.plan(source.project.name, source.declared, used, Wish(), read)
    tell(Note(f"{bump.project} {bump.next}: {'; '.join(bump.reasons)}"))
    plan = Built(
        project=bump.project,
        version=bump.next,
        declared=bump.declared,
        reasons=bump.reasons,
        commit=commit,
        edits=bump.edits,
        dynamic=bump.dynamic,
        dry_run=dry_run,
    )
    if dry_run:
        return plan
    with tempfile.TemporaryDirectory(prefix="mergeship-build-") as folder:
        work = Path(folder)
        repository.copy(commit, work / "tree")
        tree = work / "tree" / repository.prefix()
        variables = _write(tree, source, plan.version, environ)
        variables["SOURCE_DATE_EPOCH"] = str(repository.commit_time(commit))
        made = _make(tree, work, source.settings.build, environ, variables, tell)
        tell(Note(f"checking {', '.join(file.name for file in made)}"))
        for file in made:
            _check(file, plan)
        with ThreadPoolExecutor() as pool:
            checked = pool.submit(builder.check_strictly, made, environ)
            imported = _import(made, tree, work, environ)
            checked.result()
        manifest = _hand_over(plan, made, out)
    job.set_outputs(environ, {"version": plan.version})
    job.summarize(environ, _summary(plan, manifest))
    not_checked = () if imported else ("import: the distribution holds no importable module",)
    return msgspec.structs.replace(plan, files=manifest.files, imported=imported, not_checked=not_checked)


def _make(
    tree: Path, work: Path, settings: Build, environ: Mapping[str, str], variables: Mapping[str, str], tell: Tell
) -> list[Path]:
    """The sdist, and unless the settings say otherwise the wheel, each built once."""
    isolated = Environment(work / "build-env", environ)
    isolated.create(tree)
    frontend = Builder(
        isolated.python,
        lambda wanted: isolated.install(wanted, tree),
        environ,
        variables,
        lambda line: tell(Note(line)),
    )
    sdist = frontend.sdist(tree, work / "dist")
    if not settings.wheel:
        return [sdist]
    return [sdist, frontend.wheel(sdist, work / "unpacked", work / "dist")]


def _hand_over(plan: Built, made: list[Path], out: Path) -> Manifest:
    """Put the files in the place of those of an earlier build.

    The manifest comes first: whatever interrupts this, the next build knows the files, and deploy sees what lacks.
    """
    built = tuple(dist.digest(file) for file in dist.wheels_first(made))
    manifest = Manifest(plan.project, plan.version, plan.commit, built)
    out.mkdir(parents=True, exist_ok=True)
    for old in dist.distributions(out):
        old.unlink()
    files.write(out / MANIFEST, distribution.encode(manifest))
    for file in made:
        dist.move(file, out)
    return manifest


def _write(tree: Path, source: Source, version: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Write the version into the copy of the tree; where it comes from tags, give back what hands it over.

    Raises Misconfigured where that would be elsewhere.
    """
    vcs = source.declared.vcs
    if vcs:
        if vcs.tag(version):
            Repository(tree, for_installer(environ)).tag(vcs.tag(version))
        return vcs.handed(source.project.normalized, version)
    top = git.top(tree)
    read = files.reader(tree, top)
    for place in source.declared.places:
        if read(place.path) is None:
            raise Misconfigured(
                "not-committed",
                f"{place.path} is not in the commit that is checked out",
                hint="git add and commit it: what is built is a commit",
            )
    locks = (lock for lock in source.declared.locks if read(lock.path) is not None)
    places = [*source.declared.places, *locks]
    rewritten, _ = declaration.rewritten(places, read, version)
    files.rewrite(tree, rewritten, within=top or tree)
    return {}


def _used(source: Source, repository: Repository, environ: Mapping[str, str]) -> list[Used]:
    where, name = index.addresses(source.settings.index).simple, source.project.normalized
    listed = index.listing(where, name, source.settings.index.deadline, environ)
    return [*listed.used, *tagged(name, repository.tags(), source.declared.tag_prefix)]


def _refuse_changes(changed: list[str]) -> None:
    if changed:
        raise Misconfigured(
            "dirty-checkout",
            f"the checkout differs from its commit: {', '.join(changed[:5])}{', …' if changed[5:] else ''}",
            hint="commit or stash the changes: what is built is a commit",
        )


def _refuse_strangers(out: Path) -> None:
    text = files.read(out / MANIFEST)
    try:
        ours = {file.name for file in distribution.decode(text.encode()).files} if text is not None else set()
    except Failed:
        ours = set()  # whoever wrote that, it is not a build to replace
    strangers = [file.name for file in dist.distributions(out) if file.name not in ours]
    if strangers:
        raise Misconfigured(
            "strange-files",
            f"{out} holds distributions that were not built here: {', '.join(strangers)}",
            hint="remove them: everything in that folder would be taken for the release",
        )


def _check(file: Path, plan: Built) -> None:
    inside = builder.look_inside(file).fields
    name, version = inside.get("name", ""), inside.get("version", "")
    if canonicalize_name(name) != canonicalize_name(plan.project) or version != str(Version(plan.version)):
        raise Failed(
            "wrong-metadata",
            f"{file.name} says that it is {name} {version}, and should be {plan.project} {plan.version}",
            hint="the build backend takes its version from somewhere else than the declaration",
        )
    if file.suffix == ".whl":
        problem = distribution.wheel_problem(file.name, plan.project, plan.version)
        hint = "repair it with auditwheel, or ship the sdist alone: set build.wheel to false"
    else:
        wanted = distribution.sdist_name(plan.project, plan.version)
        problem = "" if file.name == wanted else f"{file.name} should be called {wanted} (PEP 625)"
        hint = "use a newer build backend"
    if problem:
        raise Failed("refused-name", problem, hint=hint)


def _import(made: list[Path], tree: Path, work: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Install what was built into a fresh environment, and import it there; gives the modules back."""
    chosen = next((file for file in made if file.suffix == ".whl"), made[0])
    environment = Environment(work / "env", environ)
    environment.create(tree)
    environment.install([str(chosen)], work)
    modules = archive.importable(builder.look_inside(chosen).names) if chosen.suffix == ".whl" else ()
    if not modules:
        return ()
    environment.import_modules(modules, work)
    return modules


def _summary(plan: Built, manifest: Manifest) -> str:
    rows = "\n".join(f"| {file.name} | {file.size} | `{file.sha256}` |" for file in manifest.files)
    reasons = "; ".join(plan.reasons)
    return (
        f"Built **{plan.project} {plan.version}** from {plan.commit[:12]} ({reasons})\n\n"
        f"| file | bytes | sha256 |\n|---|---|---|\n{rows}\n"
    )
