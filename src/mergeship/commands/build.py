"""`mergeship build`: the next version, built once, checked, installed and imported, where no secret is."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from mergeship.adapters import builder, dist, files, git, index, job
from mergeship.adapters.environment import Venv
from mergeship.adapters.git import Repository
from mergeship.core import archive, distribution, pep440, project
from mergeship.core import bump as bumping
from mergeship.core.bump import Bump
from mergeship.core.declaration import Edit, Read
from mergeship.core.distribution import MANIFEST, UNFINISHED, Distribution, Manifest
from mergeship.core.environ import for_installer, passing
from mergeship.core.progress import Note, Reporter
from mergeship.core.project import Source
from mergeship.core.version import FIRST, BumpRequest, Used, tagged
from mergeship.errors import Failed, Misconfigured
from mergeship.pipeline import recover_artifacts
from mergeship.pipeline.building import Builder
from mergeship.pipeline.clean_room import dirty_checkout, in_clean_room, temporary_folder


class Built(msgspec.Struct, frozen=True):
    """Distributions were built once, and checked; or would be, in a dry run."""

    project: str
    version: str
    declared: str | None
    reasons: tuple[str, ...]
    commit: str
    edits: tuple[Edit, ...]
    files: tuple[Distribution, ...] = ()
    imported: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    """Versions begun before whose bytes were found, or built again and were equal."""
    lost: tuple[str, ...] = ()
    """Those whose bytes cannot be had any more: deploy gives them up."""
    dynamic: str | None = None
    """The tool that the version comes from, if it is not declared."""
    dry_run: bool = False


@in_clean_room(refuse_changes=True)
def build(  # noqa: PLR0913 - one argument an option
    path: Path,
    environ: Mapping[str, str],
    report: Reporter,
    overrides: Sequence[str] = (),
    *,
    out: Path,
    version: str | None = None,
    unfinished: str = "[]",
    artifact: Path | None = None,
    dry_run: bool = False,
) -> Built:
    """Build the checked-out commit under the version that was claimed, into `out`, with a manifest beside the files.

    Without `version` that is the next one; an empty one builds nothing new. The bytes of releases that are
    `unfinished` (decide's output of that name) are looked for first: on this runner, in the folder `artifact`, and at
    last by building them again. The checkout is not touched. Raises Failed, Held or Misconfigured.
    """
    read = files.reader(path, git.top(path))
    source = project.gather(read, path.resolve(), overrides)
    environ = passing(environ, source.settings.pass_env)
    repository = Repository(path, for_installer(environ))
    commit = repository.head()
    begun = recover_artifacts.read(unfinished)
    if changed := repository.changed():
        raise dirty_checkout(changed)
    _refuse_strangers(out)
    bump = _bump(source, repository, environ, version, read)
    new = version != "" and bump.next not in {entry.version for entry in begun}
    if new:
        report(Note(f"{bump.project} {bump.next}: {'; '.join(bump.reasons)}"))
    plan = Built(
        project=bump.project,
        version=bump.next if new else "",
        declared=bump.declared,
        reasons=bump.reasons,
        commit=commit,
        edits=bump.edits if new else (),
        dynamic=bump.dynamic,
        dry_run=dry_run,
    )
    if dry_run:
        return plan
    project_builder = Builder(repository, environ, overrides, report)
    with job.unsteered(environ):
        recovered = (
            recover_artifacts.recover(project_builder, source.project.name, begun, artifact, out) if begun else []
        )
    lost = tuple(entry.version for entry, why in recovered if why)
    plan = msgspec.structs.replace(
        plan, restored=tuple(entry.version for entry, why in recovered if not why), lost=lost
    )
    if new:
        return _built(project_builder, plan, environ, report, out)
    _clear(out)
    words = ", ".join(entry.version for entry in begun) or "none that needs bytes"
    files.write(out / UNFINISHED / "about.txt", f"Nothing new is built here. Started earlier: {words}\n")
    job.summarize(environ, _summary(plan, ()))
    return plan


def _built(project_builder: Builder, plan: Built, environ: Mapping[str, str], report: Reporter, out: Path) -> Built:
    """Build the planned version, check it, and hand it over."""
    with temporary_folder(environ, "build") as work, job.unsteered(environ):
        tree, made = project_builder.build(plan.commit, plan.version, work)
        built = tuple(dist.digest(file) for file in dist.wheels_first(made))  # before anything that was built runs
        report(Note(f"checking {', '.join(file.name for file in made)}"))
        for file in made:
            _check(file, plan)
        with ThreadPoolExecutor() as pool:
            checked = pool.submit(builder.check_metadata, made, environ)
            imported = _import(made, tree, work, environ)
            checked.result()
        manifest = _hand_over(plan, made, built, out)
    job.set_outputs(environ, {"version": plan.version})
    job.summarize(environ, _summary(plan, manifest.files))
    not_checked = () if imported else ("import: the distribution holds no importable module",)
    return msgspec.structs.replace(plan, files=manifest.files, imported=imported, not_checked=not_checked)


def _bump(source: Source, repository: Repository, environ: Mapping[str, str], version: str | None, read: Read) -> Bump:
    name, declared = source.project.name, source.declared
    if version is None:
        return bumping.plan(name, declared, _used(source, repository, environ), BumpRequest(), read)
    if version and not pep440.is_version(version):
        raise Misconfigured(
            "bad-version", f"--version {version!r} is not a version", hint="pass the version that decide claimed"
        )
    return bumping.as_claimed(name, declared, version or declared.version or FIRST, read)


def _hand_over(plan: Built, made: list[Path], built: tuple[Distribution, ...], out: Path) -> Manifest:
    """Put the files in the place of those of an earlier build. Raises Failed for any that is not as it was `built`.

    The manifest comes first: whatever interrupts this, the next build knows the files, and deploy sees what lacks.
    """
    changed = [path.name for path in made if dist.digest(path) not in built]
    if changed:
        words = f"{', '.join(changed)} changed while it was installed and imported"
        raise Failed("not-as-built", words, hint="nothing was handed on; find what writes there on import")
    manifest = Manifest(plan.project, plan.version, plan.commit, built)
    out.mkdir(parents=True, exist_ok=True)
    for old in dist.distributions(out):
        old.unlink()
    files.write(out / MANIFEST, distribution.encode(manifest))
    for file in made:
        dist.move(file, out)
    return manifest


def _clear(out: Path) -> None:
    """Remove an earlier build: what stands there would be taken for this one."""
    for old in (*dist.distributions(out), out / MANIFEST):
        old.unlink(missing_ok=True)


def _used(source: Source, repository: Repository, environ: Mapping[str, str]) -> list[Used]:
    simple, name = index.addresses(source.settings.index).simple, source.project.normalized
    listed = index.listing(simple, name, source.settings.index.deadline, environ)
    return [*listed.used, *tagged(name, repository.tags(), source.declared.tag_prefix)]


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
            hint="remove them; everything in that folder would count as the release",
        )


def _check(file: Path, plan: Built) -> None:
    inside = builder.look_inside(file).fields
    name, version = inside.get("name", ""), inside.get("version", "")
    if canonicalize_name(name) != canonicalize_name(plan.project) or version != str(Version(plan.version)):
        raise Failed(
            "wrong-metadata",
            f"{file.name} declares {name} {version}, expected {plan.project} {plan.version}",
            hint="the build backend reads its version from somewhere other than the declaration",
        )
    if file.suffix == ".whl":
        problem = distribution.wheel_problem(file.name, plan.project, plan.version)
        hint = "repair it with auditwheel, or ship only the sdist: set build.wheel to false"
    else:
        wanted = distribution.sdist_name(plan.project, plan.version)
        problem = "" if file.name == wanted else f"{file.name} should be called {wanted} (PEP 625)"
        hint = "use a newer build backend"
    if problem:
        raise Failed("refused-name", problem, hint=hint)


def _import(made: list[Path], tree: Path, work: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Install what was built into a fresh environment, and import it there; gives the modules back."""
    chosen = next((file for file in made if file.suffix == ".whl"), made[0])
    environment = Venv(work / "env", environ)
    environment.create(tree)
    environment.install([str(chosen)], work)
    modules = archive.importable(builder.look_inside(chosen).names) if chosen.suffix == ".whl" else ()
    if not modules:
        return ()
    environment.import_modules(modules, work)
    return modules


def _summary(plan: Built, built: tuple[Distribution, ...]) -> str:
    rows = "\n".join(f"| {file.name} | {file.size} | `{file.sha256}` |" for file in built)
    lines = [f"- recovered the bytes of {version}" for version in plan.restored]
    lines += [f"- the bytes of {version} are lost; deploy gives it up" for version in plan.lost]
    if built:
        reasons = "; ".join(plan.reasons)
        lines += [f"Built **{plan.project} {plan.version}** from {plan.commit[:12]} ({reasons})\n"]
        lines += [f"| file | bytes | sha256 |\n|---|---|---|\n{rows}"]
    return "\n".join([*lines, ""])
