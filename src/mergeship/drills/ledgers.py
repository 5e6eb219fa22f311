"""Drills of the ledger: somebody who may write to the repository writes what is not so."""

from collections.abc import Callable

import msgspec

from mergeship.core.distribution import Distribution
from mergeship.core.release import ledger
from mergeship.core.release.ledger import REF, Entry
from mergeship.drills.drill import Drill
from mergeship.drills.scene import Scene, Theatre, demand

REFUSED = "refusing to allow a GitHub App to create or update workflow .github/workflows/ci.yml"
SHORT = ["index.deadline=1"]
_AS = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")


def _tag_refused(theatre: Theatre) -> str:
    with theatre.scene() as scene:
        scene.merged()
        version = scene.claimed()
        refusing = scene.stage.box.origin / "mergeship-refuses-tags"
        refusing.write_text(f"{REFUSED}\n", encoding="utf-8")
        ran = scene.deploy()
        entry = scene.entry(version)
        demand(ran.status == 0, f"deploy: {ran.message}")
        demand((entry.state, entry.tag) == ("released", "refused"), f"{version} is {entry.state}, tag {entry.tag}")
        demand(REFUSED in entry.tag_says, f"the ledger says {entry.tag_says!r}")
        warned = " ".join(ran.document.get("warnings", []))
        demand(f"git push origin {entry.commit}:refs/tags/v{version}" in warned, f"it says {warned!r}")
        refusing.unlink()
        again = scene.deploy()
        demand(again.status == 0 and not again.document["warnings"], f"again: {again.message}")
        scene.complete(version)
        return f"{version} released, tag refused with the forge's words and the command; the next run tagged it"


def _tampered(tamper: Callable[[Scene], None], code: str) -> Callable[[Theatre], str]:
    def play(theatre: Theatre) -> str:
        with theatre.scene() as scene:
            scene.merged()
            scene.shipped()
            real = scene.bare.resolved(REF)
            uploads = list(scene.uploads)
            scene.merged()
            tamper(scene)
            held = scene.decide(run="2", settings=SHORT)
            demand(held.status == 1 and held.code == code, f"decide: {held.message}")
            late = scene.deploy(run="2", settings=SHORT)
            demand(late.status == 1 and late.code in {code, "not-claimed"}, f"deploy: {late.message}")
            demand(scene.uploads == uploads, "something was uploaded")
            scene.bare.git("update-ref", REF, real)
            scene.shipped(run="3")
            return f"{held.message[:120]}; put back, the merge ships"

    return play


def _delete(scene: Scene) -> None:
    scene.bare.git("update-ref", "-d", REF)


def _rewind(scene: Scene) -> None:
    scene.bare.git("update-ref", REF, scene.bare.resolved(f"{REF}~1"))


def _forge(scene: Scene) -> None:
    """A release of the new merge that never was, written on top of the real ledger: its intent would be lost."""
    told = scene.ledger
    last = told.releases[-1]
    files = tuple(Distribution(f"x{file.name}", file.size, file.sha256) for file in last.files)
    false = Entry(
        version="0.9.9", commit=scene.main, state="released", at=last.at, files=files, tag="", because=("a lie",)
    )
    text = ledger.encode(msgspec.structs.replace(told, releases=(*told.releases, false)))
    blob = scene.bare.git("hash-object", "-w", "--stdin", given=text).strip()
    tree = scene.bare.git("mktree", given=f"100644 blob {blob}\t{ledger.FILE}\n").strip()
    parent = scene.bare.resolved(REF)
    commit = scene.bare.git(*_AS, "commit-tree", tree, "-p", parent, "-m", "released 0.9.9").strip()
    scene.bare.git("update-ref", REF, commit)


DRILLS = (
    Drill("tag-refused", "the forge refuses the tag", "released, warned with the command; tagged later", _tag_refused),
    Drill(
        "ledger-deleted", "the ledger's ref is deleted", "hold, nothing uploaded", _tampered(_delete, "ledger-deleted")
    ),
    Drill("ledger-rewound", "the ledger is put back", "hold, nothing uploaded", _tampered(_rewind, "ledger-rewound")),
    Drill(
        "ledger-forged", "a release that never was is added", "hold, nothing uploaded",
        _tampered(_forge, "ledger-disagrees"),
    ),
)  # fmt: skip
