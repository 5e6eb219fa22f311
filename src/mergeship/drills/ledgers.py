"""Drills of the ledger: someone who may write to the repository writes what is not so."""

from collections.abc import Callable

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.release.ledger import REF, Entry
from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillEnv, DrillSession, demand
from mergeship.drills.fork_server import fork_server

REFUSED = "refusing to allow a GitHub App to create or update workflow .github/workflows/ci.yml"
SHORT = ["index.deadline=1"]


def _tag_refused(session: DrillSession) -> str:
    with session.env() as drill:
        drill.merged()
        version = drill.claimed()
        refusing = drill.testbed.box.origin / "mergeship-refuses-tags"
        refusing.write_text(f"{REFUSED}\n", encoding="utf-8")
        ran = drill.deploy()
        entry = drill.entry(version)
        demand(ran.status == 0, f"deploy: {ran.message}")
        demand((entry.state, entry.tag) == ("released", "refused"), f"{version} is {entry.state}, tag {entry.tag}")
        demand(REFUSED in entry.tag_says, f"the ledger says {entry.tag_says!r}")
        warned = " ".join(ran.document.get("warnings", []))
        demand(f"git push origin {entry.commit}:refs/tags/v{version}" in warned, f"it says {warned!r}")
        refusing.unlink()
        again = drill.deploy()
        demand(again.status == 0 and not again.document["warnings"], f"again: {again.message}")
        drill.complete(version)
        return f"{version} released, tag refused with the forge's words and the command; the next run tagged it"


def tampered(tamper: Callable[[DrillEnv], None], code: str) -> Callable[[DrillSession], str]:
    """The play of a ledger that someone changed: it holds, nothing is sent, and put back it goes on."""

    def play(session: DrillSession) -> str:
        with session.env() as drill, fork_server(drill.testbed.box.root, drill.testbed.box.env) as server:
            drill.runner.server = server
            drill.merged()
            drill.shipped()
            real = drill.bare.resolved(REF)
            uploads = list(drill.uploads)
            drill.merged()
            tamper(drill)
            held = drill.decide(run="2", settings=SHORT)
            demand(held.status == 1 and held.code == code, f"decide: {held.message}")
            late = drill.deploy(run="2", settings=SHORT)
            demand(late.status == 1 and late.code in {code, "not-claimed"}, f"deploy: {late.message}")
            demand(drill.uploads == uploads, "something was uploaded")
            drill.bare.git("update-ref", REF, real)
            drill.shipped(run="3")
            return f"{held.message[:120]}; put back, the merge ships"

    return play


def _delete(drill: DrillEnv) -> None:
    drill.bare.git("update-ref", "-d", REF)


def _rewind(drill: DrillEnv) -> None:
    drill.bare.git("update-ref", REF, drill.bare.resolved(f"{REF}~1"))


def _forge(drill: DrillEnv) -> None:
    """A release of the new merge that never was, in the name of its own run: its intent would be lost."""
    real = drill.ledger
    last = real.releases[-1]
    names = ((file, file.name.replace(last.version, "0.1.2")) for file in last.files)
    files = tuple(Distribution(name, file.size, file.sha256) for file, name in names)
    drill.runner.at(drill.main)
    run = drill.runner.env()["GITHUB_RUN_ID"]
    false = Entry(version="0.1.2", commit=drill.main, state="released", at=last.at, run=run, files=files)
    drill.testbed.origin.put_ledger(msgspec.structs.replace(real, releases=(*real.releases, false)), "a forgery")


DRILLS = (
    Drill("tag-refused", "the forge refuses the tag", "released, warned with the command; tagged later", _tag_refused),
    Drill(
        "ledger-deleted", "the ledger's ref is deleted", "hold, nothing uploaded", tampered(_delete, "ledger-deleted")
    ),
    Drill("ledger-rewound", "the ledger is put back", "hold, nothing uploaded", tampered(_rewind, "ledger-rewound")),
    Drill(
        "ledger-forged", "a release that never was is added", "hold, nothing uploaded",
        tampered(_forge, "ledger-disagrees"),
    ),
)  # fmt: skip
