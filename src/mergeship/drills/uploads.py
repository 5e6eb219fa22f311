"""Drills of the upload: what an index and a network can do to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillEnv, DrillSession, demand
from mergeship.drills.fault_hooks import clock
from mergeship.world.fault import CUT, Fault
from mergeship.world.index.catalog import StoredFile

BUSY = Fault(503, "Backend is unhealthy")
SHORT = ["index.deadline=1.5"]
DAY = 86400


def _in_one_run(*faults: Fault, slower: float = 0.0, taken: int = 2) -> Callable[[DrillSession], str]:
    """The deploy comes through by itself; `taken` files are answered with 200."""

    def play(session: DrillSession) -> str:
        with session.env() as drill:
            drill.merged()
            version = drill.claimed()
            drill.testbed.catalog.faults += faults
            ran = drill.deploy()
            demand(ran.status == 0, f"deploy: {ran.message}")
            demand(not drill.testbed.catalog.faults, "the fault was not met")
            demand(ran.seconds >= slower, f"it waited {ran.seconds:.1f} s")
            answered = [status for _, status in drill.uploads].count(200)
            demand(answered == taken, f"{answered} uploads were answered with 200")
            drill.complete(version)
            return f"{version} after {[status for _, status in drill.uploads]}"

    return play


def _stopped(
    code: str, *faults: Fault, times: int = 1, more: dict[str, str] | None = None
) -> Callable[[DrillSession], str]:
    """The deploy stops with the index's words, and the same command finishes it with the same bytes."""

    def play(session: DrillSession) -> str:
        with session.env() as drill:
            drill.merged()
            version = drill.claimed()
            drill.testbed.catalog.faults += faults * times
            stopped = drill.deploy(settings=SHORT, more=more or {})
            demand(stopped.status == 1 and stopped.code == code, f"deploy: {stopped.message}")
            bound = drill.entry(version)
            demand(bound.state == "uploading", f"{version} is {bound.state}")
            drill.testbed.catalog.faults.clear()
            again = drill.deploy()
            demand(again.status == 0, f"the same command again: {again.message}")
            demand(drill.entry(version).files == bound.files, "other bytes were sent")
            drill.complete(version)
            return f"{stopped.message[:110]}; again: {version} complete"

    return play


def _given_up(
    prepare: Callable[[DrillEnv, str], None], says: str, *, yank: bool = False
) -> Callable[[DrillSession], str]:
    """The version is lost, and the next one ships."""

    def play(session: DrillSession) -> str:
        with session.env() as drill:
            drill.merged()
            lost = drill.claimed()
            prepare(drill, lost)
            stopped = drill.deploy()
            demand(stopped.status == 1 and stopped.code == "version-given-up", f"deploy: {stopped.message}")
            demand(says in stopped.message, f"deploy: {stopped.message}")
            hint = str(stopped.document["error"]["hint"])
            demand(("yank" in hint) == yank, f"it says: {hint}")
            demand(drill.entry(lost).state == "given-up", f"{lost} is {drill.entry(lost).state}")
            following = _next(drill, lost)
            return f"{lost} given up ({says}); {following} complete"

    return play


def _next(drill: DrillEnv, lost: str) -> str:
    """Run all jobs again: another version of the same commit ships."""
    following = drill.claimed(run="2")
    demand(following != lost, f"{lost} was claimed again")
    ran = drill.deploy(run="2")
    demand(ran.status == 0, f"deploy of {following}: {ran.message}")
    entry = drill.entry(following)
    demand(entry.state == "released" and entry.commit == drill.main, f"{following} is {entry.state}")
    sent = {file.name: file.sha256 for file in entry.files}
    demand(sent.items() <= drill.published.items(), f"the index has {drill.published}")
    return following


def _stolen(drill: DrillEnv, version: str) -> None:
    """Someone else's bytes are on the index, under the name of our wheel or sdist."""
    ours = min(drill.session.distributions(version, drill).glob(f"*{version}*"), key=lambda path: path.suffix != ".whl")
    content = drill.testbed.box.root / "other-bytes"
    content.write_bytes(b"other bytes")
    stored = StoredFile(ours.name, version, "sdist", 11, "0" * 64, "0" * 64, datetime.now(UTC), "", None)
    drill.testbed.catalog.add(drill.testbed.project, stored, content)


def _burned(drill: DrillEnv, version: str) -> None:
    for path in drill.session.distributions(version, drill).iterdir():
        drill.testbed.catalog.burned.add(path.name)


def _sdist_refused(drill: DrillEnv, _: str) -> None:
    drill.testbed.catalog.faults.append(Fault(400, "Invalid distribution file. Bad tar file.", file=".tar.gz"))


def _metadata_refused(drill: DrillEnv, _: str) -> None:
    words = "'Private :: Nothing' is not a valid classifier. See the core-metadata specification."
    drill.testbed.catalog.faults.append(Fault(400, words))


def _half_for(drill: DrillEnv, days: float) -> str:
    """A release whose wheel is on the index and whose sdist is not, begun so many days ago."""
    drill.merged()
    version = drill.claimed()
    drill.testbed.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 30
    stopped = drill.deploy(settings=SHORT, preload=clock(-days * DAY))
    demand(stopped.status == 1 and len(drill.published) == 1, f"the set-up: {stopped.message}, {drill.published}")
    drill.testbed.catalog.faults.clear()
    for project in drill.testbed.catalog.projects.values():
        project.created = {name: when - timedelta(days=days) for name, when in project.created.items()}
    return version


def _old_half(session: DrillSession) -> str:
    with session.env() as drill:
        _half_for(drill, 11)
        warned = drill.decide()
        demand(any("11 days ago" in words for words in warned.document.get("warnings", [])), f"decide: {warned.output}")
    with session.env() as drill:
        version = _half_for(drill, 15)
        stopped = drill.deploy()
        demand(stopped.code == "version-given-up" and "14 days" in stopped.message, f"deploy: {stopped.message}")
        demand("yank" in str(stopped.document["error"]["hint"]), "it does not say to yank")
        return f"warned after 11 days; after 15 {version} given up, {_next(drill, version)} complete"


def _stale(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        first = drill.claimed()
        drill.testbed.catalog.lag()
        ran = drill.deploy(settings=SHORT)
        demand(ran.code == "not-listed", f"deploy: {ran.message}")
        entry = drill.entry(first)
        demand((entry.state, entry.tag) == ("uploaded", ""), f"{first} is {entry.state}, tag {entry.tag}")
        again = drill.deploy(settings=SHORT)
        demand(again.code == "not-listed", f"again: {again.message}")
        demand(len(drill.uploads) == len(entry.files), f"sent again: {drill.uploads}")
        drill.merged()
        second = drill.claimed(run="2")
        demand(second != first, f"{first} was claimed twice")
        drill.testbed.catalog.shown = None
        ended = drill.deploy(run="2")
        demand(ended.status == 0, f"deploy: {ended.message}")
        drill.complete(first, second)
        return f"{first} sent, not listed, not tagged; the next run proves it and ships {second}"


def _yanked(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        yanked = drill.ledger.releases[-1].version
        drill.testbed.catalog.yank(drill.testbed.project, yanked, "broken")
        drill.merged()
        drill.shipped(run="2")
        following = drill.ledger.releases[-1].version
        demand(following != yanked, f"{yanked} was used again")
        drill.complete(yanked, following)
        return f"{yanked} is yanked, {following} ships"


def _wrong_token(session: DrillSession) -> str:
    return _stopped("token-rejected", more={"PYPI_API_TOKEN": "pypi-of-someone-else"})(session)


def _sigstore_down(session: DrillSession) -> str:
    with session.env() as drill:
        drill.testbed.trust("pypi")
        drill.merged()
        trusted = ["auth=trusted"]
        version = drill.claimed(settings=trusted)
        more = {"PYPI_API_TOKEN": "", **drill.testbed.identity}
        drill.testbed.sigstore.faults += [Fault(503)] * 50
        stopped = drill.deploy(settings=trusted, more=more)
        demand(stopped.status == 1 and stopped.code == "not-attested", f"deploy: {stopped.message}")
        demand(not drill.uploads, f"sent all the same: {drill.uploads}")
        drill.testbed.sigstore.faults.clear()
        again = drill.deploy(settings=trusted, more=more)
        demand(again.status == 0, f"the same command again: {again.message}")
        drill.complete(version)
        project = drill.testbed.catalog.project(drill.testbed.project)
        bare = [file.filename for file in project.files.values() if not file.provenance] if project else ["nothing"]
        demand(not bare, f"without attestations: {', '.join(bare)}")
        return f"{stopped.code}, nothing sent; again: {version} complete and attested"


DRILLS = (
    Drill("token-rejected", "a wrong token", "stop with the index's words; the same bytes later", _wrong_token),
    Drill("server-error-twice", "503 twice", "tried again, complete in one run", _in_one_run(BUSY, BUSY)),
    Drill(
        "server-error-for-ever", "503 without end", "stop at the deadline; the same bytes later",
        _stopped("index-error", BUSY, times=50),
    ),
    Drill(
        "rate-limited", "429 with Retry-After: 4", "waits as asked, complete in one run",
        _in_one_run(Fault(429, "Too many requests", headers={"Retry-After": "4"}), slower=4.0),
    ),
    Drill("reset-mid-upload", "the connection is cut", "sent again, complete in one run", _in_one_run(Fault(CUT))),
    Drill(
        "response-lost", "the file is taken, the answer is lost", "the index is asked; complete in one run",
        _in_one_run(Fault(CUT, done=True), taken=1),
    ),
    Drill(
        "server-hangs", "no answer for 20 seconds", "stop at the deadline; the same bytes later",
        _stopped("index-timeout", Fault(503, delay=20.0), times=3),
    ),
    Drill(
        "bad-metadata", "the index refuses the metadata", "given up with the index's words; the next version ships",
        _given_up(_metadata_refused, "is not a valid classifier"),
    ),
    Drill(
        "half-release", "the wheel is up, the sdist refused", "given up, to be yanked; the next version ships",
        _given_up(_sdist_refused, "Invalid distribution file", yank=True),
    ),
    Drill(
        "stolen-version", "someone else uploads the version after the claim", "given up; the next version ships",
        _given_up(_stolen, "someone else published"),
    ),
    Drill(
        "sigstore-down", "Sigstore attests nothing", "stop before anything is sent; the same bytes later, attested",
        _sigstore_down,
    ),
    Drill("yanked-latest", "the latest release is yanked", "its version is never used again", _yanked),
    Drill(
        "burned-filename", "a deleted file had the name", "given up; the next version ships",
        _given_up(_burned, "previously used by a file"),
    ),
    Drill("stale-index", "pages that stay as they were", "red and not tagged; proven by the next run", _stale),
    Drill(
        "old-half-release", "a half release of 11 days, and one of 15", "a warning; given up, the next version ships",
        _old_half,
    ),
)  # fmt: skip
