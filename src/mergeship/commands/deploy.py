"""`mergeship deploy`: sends what was built, byte for byte, and waits until the index shows it. Runs no project code."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from mergeship.adapters import dist, files, git, index, job
from mergeship.adapters.git import Repository
from mergeship.adapters.index import Addresses
from mergeship.core import distribution, project
from mergeship.core.distribution import MANIFEST, Distribution, Manifest
from mergeship.core.environ import for_installer
from mergeship.core.event import Note, Tell
from mergeship.core.project import Source
from mergeship.core.result import Deployed
from mergeship.core.text import without_password
from mergeship.core.upload import Answer, judge
from mergeship.errors import Failed, Misconfigured

TOKEN = "PYPI_API_TOKEN"  # noqa: S105 - a name


def deploy(
    path: Path,
    environ: Mapping[str, str],
    tell: Tell,
    overrides: Sequence[str] = (),
    *,
    out: Path,
    dry_run: bool = False,
) -> Deployed:
    """Upload the distributions in `out` that the manifest lists, and wait for the index to list them.

    Sending the same bytes again is harmless: the same command is the retry. Raises Failed or Held.
    """
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    manifest = _verified(source, out, Repository(path, for_installer(environ)).head())
    where = index.addresses(source.settings.index)
    token = _token(environ)
    name = canonicalize_name(manifest.project)
    page = f"{without_password(where.simple)}{name}/"
    result = Deployed(manifest.project, manifest.version, page, manifest.files, dry_run)
    if dry_run:
        return result
    deadline = source.settings.index.deadline
    for file in manifest.files:
        tell(Note(f"uploading {file.name} ({file.size} bytes)"))
        answer = index.upload(where.upload, token, out / file.name, deadline)
        problem = _refused(where, token, file, answer)
        # Other indexes than PyPI refuse even the same bytes.
        if problem and (
            problem.code != "file-exists" or index.listing(where.simple, name, deadline, environ).lacks(file)
        ):
            raise problem
    tell(Note(f"waiting for {result.index} to list {manifest.version}"))
    index.wait_until_listed(where.simple, name, manifest.files, deadline, environ)
    job.set_outputs(environ, {"version": manifest.version})
    job.summarize(environ, f"**{manifest.project} {manifest.version}** is on {result.index}")
    return result


def _verified(source: Source, out: Path, commit: str) -> Manifest:
    text = files.read(out / MANIFEST)
    if text is None:
        raise Failed(
            "no-manifest",
            f"there is no {out / MANIFEST}, so there is nothing to deploy",
            hint="run mergeship build first; in a workflow, download its artifact into that folder",
        )
    manifest = distribution.decode(text.encode())
    wrong = distribution.problems(manifest, [dist.digest(file) for file in dist.distributions(out)])
    if canonicalize_name(manifest.project) != source.project.normalized:
        wrong.append(f"it is of {manifest.project}, and this is {source.project.name}")
    if manifest.commit != commit:
        wrong.append(f"it was built from {manifest.commit[:12]}, and {commit[:12]} is checked out")
    if wrong:
        raise Failed(
            "not-as-built",
            f"{out} is not what was built: {'; '.join(wrong)}",
            hint="nothing was sent; build again and deploy exactly that",
        )
    return manifest


def _token(environ: Mapping[str, str]) -> str:
    token = environ.get(TOKEN, "").strip()
    if not token:
        raise Misconfigured(
            "no-token",
            f"{TOKEN} is not set, so the index would refuse the upload",
            hint=f"store an API token of the index as the secret {TOKEN}, and hand it to the deploy step by env:",
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured("bad-token", f"{TOKEN} is no token", hint="copy it again, in one piece")
    return token


def _refused(where: Addresses, token: str, file: Distribution, answer: Answer) -> Failed | None:
    verdict = judge(answer)
    if verdict.outcome == "accepted":
        return None
    words = answer.words.replace(token, "***")
    return Failed(
        verdict.code,
        f"{without_password(where.upload)} refused {file.name}: {answer.status} {words}",
        hint=verdict.hint,
    )
