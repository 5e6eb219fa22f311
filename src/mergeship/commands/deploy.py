"""`mergeship deploy`: sends what was built, byte for byte, and waits until the index shows it. Runs no project code."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from mergeship.adapters import dist, files, index, job
from mergeship.core import distribution
from mergeship.core.distribution import MANIFEST, UNFINISHED, Distribution, Manifest
from mergeship.core.event import Note, Tell
from mergeship.core.release.ledger import Entry
from mergeship.core.release.upload import NEXT_VERSION
from mergeship.core.result import Delivered, Deployed
from mergeship.errors import Failed
from mergeship.pipeline import agreement
from mergeship.pipeline.delivery import Bytes, BytesElsewhereError, Delivery, GivenUpError, SupersededError
from mergeship.pipeline.login import Login
from mergeship.pipeline.sending import Index
from mergeship.pipeline.standing import Standing, standing


def deploy(
    path: Path,
    environ: Mapping[str, str],
    tell: Tell,
    overrides: Sequence[str] = (),
    *,
    out: Path,
    dry_run: bool = False,
) -> Deployed:
    """Deliver the release of the checked-out commit, after every upload that was begun before.

    The same command is the retry: what is done already is not done again. Raises Failed or Held; a version that can
    never be complete is given up, which is a failure too.
    """
    stands = standing(path, environ, tell, overrides)
    commit = stands.repository.head()
    manifest = _manifest(out)
    entry = _entry(stands, manifest, commit)
    if manifest and entry:
        _verify(stands, manifest, entry, out)
    unfinished = [one for one in stands.ledger.unfinished if entry is None or one.version != entry.version]
    refused = [one for one in stands.ledger.releases if one.state == "released" and one.tag == "refused"]
    own = entry if entry and entry.state not in {"released", "given-up"} else None
    due = [*unfinished, *([own] if own else [])]
    project = stands.source.project.normalized
    settings = stands.source.settings.index
    login = Login(stands, environ, tell) if due else None
    where = Index(
        addresses=index.addresses(settings),
        project=project,
        token=login.token if login else str,
        attested=login.attested if login else lambda _: {},
        deadline=settings.deadline,
        environ=environ,
    )
    version = entry.version if entry else ""
    agreement.listed(stands, environ, by_hand=bool(due))  # what is due was decided on, maybe by a person
    if dry_run:
        planned = tuple(Delivered(one.version, one.commit, one.state, _files(one, manifest), one.tag) for one in due)
        return Deployed(project, version, where.page, planned, superseded=_superseded(stands, entry), dry_run=True)
    run = _Run(stands, where, out, tell)
    for one in unfinished:
        run.finish(one, contained=bool(_containing(stands, one)))
    if own:
        run.deliver(own, manifest)
    for one in refused:
        run.tag(one)
    done = [one.version for one in run.stands.ledger.releases if one.state in {"released", "given-up"}]
    run.stands.state.prune(done)
    result = Deployed(project, version, where.page, tuple(run.delivered), tuple(run.warnings))
    job.set_outputs(environ, {"version": version})
    job.summarize(environ, _summary(result))
    return msgspec.structs.replace(result, superseded=_superseded(run.stands, run.stands.ledger.entry(version)))


class _Run:
    """The deliveries of one run, each from where the last one left the ledger."""

    def __init__(self, stands: Standing, where: Index, out: Path, tell: Tell) -> None:
        self.stands = stands
        self.where = where
        self.out = out
        self.tell = tell
        self.delivered: list[Delivered] = []
        self.warnings: list[str] = []

    def finish(self, entry: Entry, *, contained: bool) -> None:
        """Finish an upload that was begun before, unless another run is at it.

        One that is lost is given up, and stops a run that does not ship its commit itself (`contained`).
        """
        self.tell(Note(f"{entry.version} is {entry.state} since {entry.at:%Y-%m-%d %H:%M}: finishing it first"))
        try:
            self.deliver(entry, None)
        except BytesElsewhereError as elsewhere:
            self.warnings.append(f"{elsewhere.message}; {elsewhere.hint}")
        except GivenUpError as given_up:
            if not contained:
                raise
            self.warnings.append(f"{given_up.message}; {given_up.hint}")
        self.stands = self.stands.again()

    def deliver(self, entry: Entry, manifest: Manifest | None) -> None:
        """Bring one release as far as it gets. Raises Failed or Held; superseded ones end quietly."""
        delivery = Delivery(self.stands, entry.version, self.where, self.tell)
        have = _bytes(self.stands, entry, manifest, self.out)
        try:
            if manifest:
                delivery.bind(manifest.files, have)
            delivery.send(have, _lost(self.out, entry))
            delivery.prove()
            delivery.tag()
            self.delivered.append(delivery.delivered())
        except SupersededError:
            self.tell(Note(f"{entry.version} was given up meanwhile"))
        self.warnings += delivery.warnings
        self.stands = delivery.stands

    def tag(self, entry: Entry) -> None:
        """Try a tag again that the forge refused."""
        delivery = Delivery(self.stands, entry.version, self.where, self.tell)
        delivery.tag()
        self.warnings += delivery.warnings
        self.stands = delivery.stands


def _manifest(out: Path) -> Manifest | None:
    text = files.read(out / MANIFEST)
    return distribution.decode(text.encode()) if text is not None else None


def _entry(stands: Standing, manifest: Manifest | None, commit: str) -> Entry | None:
    """The release of this commit: the one that was built, or else the last one. None where only others are unfinished.

    Raises Failed where there is nothing to deploy at all.
    """
    ledger = stands.ledger
    own = ledger.of(commit)
    if manifest and manifest.commit == commit:
        built = ledger.entry(manifest.version)
        if built and built.commit == commit:
            return built
    if manifest and (own is None or own.state == "claimed"):
        claimed = f"{commit[:12]} has {own.version} claimed" if own else f"{commit[:12]} has no claim"
        raise Failed(
            "not-claimed",
            f"{manifest.version} was built from {manifest.commit[:12]}, and {claimed}: nothing is sent without one",
            hint="run mergeship decide, then mergeship build, then deploy exactly that",
        )
    if own and own.state == "claimed" and ledger.unfinished:
        return None  # this run finishes the others; decide did not hand the claim on
    if own and own.state == "claimed":
        raise Failed(
            "no-manifest",
            f"there is no {MANIFEST} of {own.version}, so there is nothing to deploy",
            hint="run mergeship build first; in a workflow, download its artifact into that folder",
        )
    if own is None and not ledger.unfinished:
        raise Failed(
            "not-claimed",
            f"{commit[:12]} has no claim in the ledger, and nothing else is unfinished",
            hint="run mergeship decide first: it says whether this commit ships",
        )
    return own


def _verify(stands: Standing, manifest: Manifest, entry: Entry, out: Path) -> None:
    found = [dist.digest(file) for file in dist.distributions(out)]
    wrong = distribution.problems(manifest, found)
    if canonicalize_name(manifest.project) != stands.source.project.normalized:
        wrong.append(f"it is of {manifest.project}, and this is {stands.source.project.name}")
    if wrong and entry.state == "claimed":
        raise Failed(
            "not-as-built",
            f"{out} is not what was built: {'; '.join(wrong)}",
            hint="nothing was sent; build again and deploy exactly that",
        )


def _files(entry: Entry, manifest: Manifest | None) -> tuple[Distribution, ...]:
    return entry.files or (manifest.files if manifest else ())


def _bytes(stands: Standing, entry: Entry, manifest: Manifest | None, out: Path) -> Bytes:
    """Where the bytes of a release are, each file with the hash that is bound, or that was built."""
    wanted = _files(entry, manifest)
    places = [out, out / UNFINISHED / entry.version, stands.state.dist(entry.version, wanted)]
    return {file.name: path for file in wanted for path in [dist.find(file, places)] if path}


def _lost(out: Path, entry: Entry) -> str:
    """What build says where it found the bytes nowhere."""
    manifest = _manifest(out / UNFINISHED / entry.version)
    return manifest.lost if manifest and manifest.version == entry.version else ""


def _superseded(stands: Standing, entry: Entry | None) -> str:
    """The version that contains a commit whose own was given up; empty for a commit that has its own.

    Raises GivenUpError where nothing contains it: then it did not ship.
    """
    if entry is None or entry.state != "given-up":
        return ""
    later = _containing(stands, entry)
    if later:
        return later
    if any(stands.origin.contains(skip.commit, entry.commit) for skip in stands.ledger.skips):
        return "a decision by hand to skip it"
    raise GivenUpError(
        "version-given-up",
        f"{entry.version} was given up: {entry.given_up}",
        hint=NEXT_VERSION,
    )


def _containing(stands: Standing, entry: Entry) -> str:
    """The last version besides its own that contains a release's commit and was not given up; empty for none."""
    for later in reversed(stands.ledger.releases):
        other = later.version != entry.version and later.state != "given-up"
        if other and stands.origin.contains(later.commit, entry.commit):
            return later.version
    return ""


def _summary(result: Deployed) -> str:
    lines = [f"- **{result.project} {one.version}** is {one.state}: {result.index}" for one in result.releases]
    lines += [f"- warning: {warning}" for warning in result.warnings]
    return "\n".join([*(lines or ["- nothing was left to deploy"]), ""])
