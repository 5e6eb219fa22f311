"""Drills of the upload: what an index and a network can do to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mergeship.drills.drill import Drill
from mergeship.drills.scene import Scene, Theatre, demand
from mergeship.drills.seams import clock
from mergeship.world.fault import CUT, Fault
from mergeship.world.index.catalog import StoredFile

BUSY = Fault(503, "Backend is unhealthy")
SHORT = ["index.deadline=1.5"]
DAY = 86400


def _in_one_run(*faults: Fault, slower: float = 0.0, taken: int = 2) -> Callable[[Theatre], str]:
    """The deploy comes through by itself; `taken` files are answered with 200."""

    def play(theatre: Theatre) -> str:
        with theatre.scene() as scene:
            scene.merged()
            version = scene.claimed()
            scene.stage.catalog.faults += faults
            ran = scene.deploy()
            demand(ran.status == 0, f"deploy: {ran.message}")
            demand(not scene.stage.catalog.faults, "the fault was not met")
            demand(ran.seconds >= slower, f"it waited {ran.seconds:.1f} s")
            answered = [status for _, status in scene.uploads].count(200)
            demand(answered == taken, f"{answered} uploads were answered with 200")
            scene.complete(version)
            return f"{version} after {[status for _, status in scene.uploads]}"

    return play


def _stopped(code: str, *faults: Fault, times: int = 1, more: dict[str, str] | None = None) -> Callable[[Theatre], str]:
    """The deploy stops with the index's words, and the same command finishes it with the same bytes."""

    def play(theatre: Theatre) -> str:
        with theatre.scene() as scene:
            scene.merged()
            version = scene.claimed()
            scene.stage.catalog.faults += faults * times
            stopped = scene.deploy(settings=SHORT, more=more or {})
            demand(stopped.status == 1 and stopped.code == code, f"deploy: {stopped.message}")
            bound = scene.entry(version)
            demand(bound.state == "uploading", f"{version} is {bound.state}")
            scene.stage.catalog.faults.clear()
            again = scene.deploy()
            demand(again.status == 0, f"the same command again: {again.message}")
            demand(scene.entry(version).files == bound.files, "other bytes were sent")
            scene.complete(version)
            return f"{stopped.message[:110]}; again: {version} complete"

    return play


def _given_up(prepare: Callable[[Scene, str], None], says: str, *, yank: bool = False) -> Callable[[Theatre], str]:
    """The version is lost, and the next one ships."""

    def play(theatre: Theatre) -> str:
        with theatre.scene() as scene:
            scene.merged()
            lost = scene.claimed()
            prepare(scene, lost)
            stopped = scene.deploy()
            demand(stopped.status == 1 and stopped.code == "version-given-up", f"deploy: {stopped.message}")
            demand(says in stopped.message, f"deploy: {stopped.message}")
            hint = str(stopped.document["error"]["hint"])
            demand(("yank" in hint) == yank, f"it says: {hint}")
            demand(scene.entry(lost).state == "given-up", f"{lost} is {scene.entry(lost).state}")
            following = _next(scene, lost)
            return f"{lost} given up ({says}); {following} complete"

    return play


def _next(scene: Scene, lost: str) -> str:
    """Run all jobs again: another version of the same commit ships."""
    following = scene.claimed(run="2")
    demand(following != lost, f"{lost} was claimed again")
    ran = scene.deploy(run="2")
    demand(ran.status == 0, f"deploy of {following}: {ran.message}")
    entry = scene.entry(following)
    demand(entry.state == "released" and entry.commit == scene.main, f"{following} is {entry.state}")
    sent = {file.name: file.sha256 for file in entry.files}
    demand(sent.items() <= scene.published.items(), f"the index has {scene.published}")
    return following


def _stolen(scene: Scene, version: str) -> None:
    """Somebody else's bytes are on the index, under the name of our wheel or sdist."""
    ours = min(scene.theatre.distributions(version, scene).glob(f"*{version}*"), key=lambda path: path.suffix != ".whl")
    content = scene.stage.box.root / "other-bytes"
    content.write_bytes(b"other bytes")
    stored = StoredFile(ours.name, version, "sdist", 11, "0" * 64, "0" * 64, datetime.now(UTC), "", None)
    scene.stage.catalog.add(scene.stage.project, stored, content)


def _burned(scene: Scene, version: str) -> None:
    for path in scene.theatre.distributions(version, scene).iterdir():
        scene.stage.catalog.burned.add(path.name)


def _sdist_refused(scene: Scene, _: str) -> None:
    scene.stage.catalog.faults.append(Fault(400, "Invalid distribution file. Bad tar file.", file=".tar.gz"))


def _metadata_refused(scene: Scene, _: str) -> None:
    words = "'Private :: Nothing' is not a valid classifier. See the core-metadata specification."
    scene.stage.catalog.faults.append(Fault(400, words))


def _half_for(scene: Scene, days: float) -> str:
    """A release whose wheel is on the index and whose sdist is not, begun so many days ago."""
    scene.merged()
    version = scene.claimed()
    scene.stage.catalog.faults += [Fault(503, "Backend is unhealthy", file=".tar.gz")] * 30
    stopped = scene.deploy(settings=SHORT, prelude=clock(-days * DAY))
    demand(stopped.status == 1 and len(scene.published) == 1, f"the set-up: {stopped.message}, {scene.published}")
    scene.stage.catalog.faults.clear()
    for project in scene.stage.catalog.projects.values():
        project.created = {name: when - timedelta(days=days) for name, when in project.created.items()}
    return version


def _old_half(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        _half_for(scene, 11)
        warned = scene.decide()
        demand(any("11 days ago" in words for words in warned.document.get("warnings", [])), f"decide: {warned.said}")
    with theatre.scene() as scene:
        version = _half_for(scene, 15)
        stopped = scene.deploy()
        demand(stopped.code == "version-given-up" and "14 days" in stopped.message, f"deploy: {stopped.message}")
        demand("yank" in str(stopped.document["error"]["hint"]), "it does not say to yank")
        return f"warned after 11 days; after 15 {version} given up, {_next(scene, version)} complete"


def _stale(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        first = scene.claimed()
        scene.stage.catalog.lag()
        ran = scene.deploy(settings=SHORT)
        demand(ran.status == 0 and "unconfirmed" in ran.said, f"deploy: {ran.message}")
        entry = scene.entry(first)
        demand((entry.state, entry.tag) == ("uploaded", "created"), f"{first} is {entry.state}, tag {entry.tag}")
        again = scene.deploy(settings=SHORT)
        demand(again.status == 0 and len(scene.uploads) == len(entry.files), f"sent again: {scene.uploads}")
        scene.merged()
        second = scene.claimed(run="2")
        demand(second != first, f"{first} was claimed twice")
        scene.stage.catalog.shown = None
        ended = scene.deploy(run="2")
        demand(ended.status == 0, f"deploy: {ended.message}")
        scene.complete(first, second)
        return f"{first} uploaded, unconfirmed, tagged; the next run proves it and ships {second}"


def _yanked(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        scene.shipped()
        yanked = scene.ledger.releases[-1].version
        scene.stage.catalog.yank(scene.stage.project, yanked, "broken")
        scene.merged()
        scene.shipped(run="2")
        following = scene.ledger.releases[-1].version
        demand(following != yanked, f"{yanked} was used again")
        scene.complete(yanked, following)
        return f"{yanked} is yanked, {following} ships"


def _wrong_token(theatre: Theatre) -> str:
    return _stopped("token-rejected", more={"PYPI_API_TOKEN": "pypi-of-somebody-else"})(theatre)


def _sigstore_down(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.stage.trust("pypi")
        scene.merged()
        trusted = ["auth=trusted"]
        version = scene.claimed(settings=trusted)
        more = {"PYPI_API_TOKEN": "", **scene.stage.identity}
        scene.stage.sigstore.faults += [Fault(503)] * 50
        stopped = scene.deploy(settings=trusted, more=more)
        demand(stopped.status == 1 and stopped.code == "not-attested", f"deploy: {stopped.message}")
        demand(not scene.uploads, f"sent all the same: {scene.uploads}")
        scene.stage.sigstore.faults.clear()
        again = scene.deploy(settings=trusted, more=more)
        demand(again.status == 0, f"the same command again: {again.message}")
        scene.complete(version)
        project = scene.stage.catalog.project(scene.stage.project)
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
        "stolen-version", "somebody else uploads the version after the claim", "given up; the next version ships",
        _given_up(_stolen, "somebody else published"),
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
    Drill("stale-index", "pages that stay as they were", "unconfirmed and tagged; proven by the next run", _stale),
    Drill(
        "old-half-release", "a half release of 11 days, and one of 15", "a warning; given up, the next version ships",
        _old_half,
    ),
)  # fmt: skip
