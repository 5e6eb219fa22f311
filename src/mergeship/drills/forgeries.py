"""Drills of forgeries: someone who may write to the repository writes the ledger as if main's runs had done it."""

import shutil
from collections.abc import Callable
from typing import Any

import msgspec

from mergeship.adapters.github import Forge
from mergeship.core.distribution import Distribution
from mergeship.core.release.ledger import REF, Entry, Ledger, Skip
from mergeship.core.workflow import PATH
from mergeship.drills.drill import Drill
from mergeship.drills.env import NO_SHIP, DrillEnv, DrillSession, demand, pipeline
from mergeship.drills.ledgers import tampered
from mergeship.drills.merges import dispatch
from mergeship.world.forge.accounts import Grant
from mergeship.world.forge.records import Run

STRANGER = 666
"""The number of a run of a branch that nobody merged."""


def _run(drill: DrillEnv, number: int, commit: str, **more: Any) -> str:  # noqa: ANN401 - fields of a run
    """A run that the forge knows, with all its jobs begun."""
    jobs = dict.fromkeys(("Test", "Decide", "Build", "Deploy"), "success")
    given = {"workflow": PATH, "event": "push", "branch": "main", "conclusion": "success", "jobs": jobs, **more}
    repo = drill.testbed.repo
    repo.runs.append(Run(number=number, commit=commit, began=repo.clock(), **given))
    return str(number)


def _files(version: str) -> tuple[Distribution, ...]:
    """The stranger's own wheel."""
    return (Distribution(f"obk-{version}-py3-none-any.whl", 9, "5" * 64),)


def _with_entry(drill: DrillEnv, version: str, state: Any, run: str, **more: Any) -> Ledger:  # noqa: ANN401 - fields of an entry
    """The real ledger with one more entry, for main's commit."""
    real = drill.ledger
    at = real.releases[-1].at
    entry = Entry(**{"version": version, "commit": drill.main, "state": state, "at": at, "run": run, **more})
    return msgspec.structs.replace(real, releases=(*real.releases, entry))


def _put(drill: DrillEnv, forged: Ledger) -> None:
    drill.testbed.origin.put_ledger(forged, "a forgery")


def _branch(drill: DrillEnv) -> str:
    """A commit of a branch that nobody merged."""
    commit = drill.commit(drill.main, {"src/obk/evil.py": "x = 1\n"}, "feat: mine")
    drill.bare.git("update-ref", "refs/heads/mine", commit)
    return commit


def _foreign_wheel(drill: DrillEnv) -> None:
    """A wheel of someone's own branch, whose run has an artifact `dist`."""
    run = _run(drill, STRANGER, _branch(drill), branch="mine")
    files = _files("0.1.2")
    _put(drill, _with_entry(drill, "0.1.2", "uploading", run, files=files, began=drill.ledger.releases[-1].at))


def _unmerged(drill: DrillEnv) -> None:
    """The commit itself is of that branch."""
    commit = _branch(drill)
    run = _run(drill, STRANGER, commit, branch="mine")
    began = drill.ledger.releases[-1].at
    _put(drill, _with_entry(drill, "0.1.2", "uploading", run, commit=commit, files=_files("0.1.2"), began=began))


def _skipping_run(drill: DrillEnv) -> None:
    """Main's own run on that commit, which skipped."""
    drill.merged(changes={PATH: pipeline()})
    jobs = {"Test": "success", "Decide": "success", "Build": "skipped", "Deploy": "skipped"}
    run = _run(drill, STRANGER, drill.main, jobs=jobs)
    began = drill.ledger.releases[-1].at
    _put(drill, _with_entry(drill, "0.1.2", "uploading", run, files=_files("0.1.2"), began=began))


def _leap(drill: DrillEnv) -> None:
    """A version out of 0.x."""
    _put(drill, _with_entry(drill, "5.0.0", "claimed", _run(drill, STRANGER, drill.main)))


def _borrowed(drill: DrillEnv) -> None:
    """The last release's own files under another version, so that this merge counts as released."""
    files = drill.ledger.releases[-1].files
    _put(drill, _with_entry(drill, "0.1.2", "released", _run(drill, STRANGER, drill.main), files=files))


def _skip(drill: DrillEnv) -> None:
    """A decision that no person took, in the name of a run that a push has started."""
    real = drill.ledger
    skip = Skip(drill.main, real.releases[-1].at, "by maintainer: no", _run(drill, STRANGER, drill.main))
    _put(drill, msgspec.structs.replace(real, skips=(*real.skips, skip)))


def _put_back(drill: DrillEnv) -> None:
    """The ledger as it was before the last release, and a runner that remembers nothing."""
    drill.bare.git("update-ref", REF, drill.bare.resolved(f"{REF}~4"))
    shutil.rmtree(drill.runner.state)


def _delete_run(drill: DrillEnv, number: str) -> None:
    """Delete a run, as someone with mere write access can."""
    repo = drill.testbed.repo
    repo.access["writer"] = "write"
    token = repo.new_token(Grant("writer", {"actions": "write", "metadata": "read"}))
    forge = Forge({**drill.testbed.by_person, "GH_TOKEN": token}, repo.name, 30.0)
    forge.ask(lambda ask: ask.write("DELETE", f"{ask.base}/actions/runs/{number}", None, "actions=write"))


def _gone(session: DrillSession) -> str:
    """Whoever may write deletes the run, too: then nothing is known, and nothing of it is sent."""
    with session.env() as drill:
        drill.merged()
        drill.shipped()
        drill.merged(NO_SHIP)
        began = drill.ledger.releases[-1].at
        run = _run(drill, STRANGER, _branch(drill), branch="mine")
        forged = _with_entry(drill, "0.1.2", "uploading", run, files=_files("0.1.2"), began=began)
        skips = (Skip(drill.main, began, "by maintainer: no", run),)
        _put(drill, msgspec.structs.replace(forged, skips=skips))
        _delete_run(drill, run)
        quiet = drill.decide()
        demand(quiet.document.get("decision") == "skip", f"decide: {quiet.message}")
        demand(not quiet.document["unfinished"], f"it hands on {quiet.document['unfinished']}")
        drill.merged()
        held = drill.decide()
        demand(held.status == 1 and "no run proves it" in held.message, f"decide: {held.message}")
        drill.claimed(event=dispatch("ship", "it is meant"))
        demand(drill.deploy().status == 0, "deploy failed")
        given_up = drill.entry("0.1.2")
        demand(given_up.state == "given-up", f"0.1.2 is {given_up.state}")
        demand(_files("0.1.2")[0].name not in drill.published, "the stranger's wheel was published")
        drill.complete("0.1.1", "0.1.3")
        return f"a person is asked, and 0.1.3 ships; 0.1.2 is given up: {given_up.given_up}"


def _drill(name: str, injected: str, tamper: Callable[[DrillEnv], None], code: str) -> Drill:
    return Drill(name, injected, f"hold {code}, nothing uploaded; put back, it ships", tampered(tamper, code))


DRILLS = (
    _drill("forged-upload", "an upload is forged, by a run of a branch", _foreign_wheel, "ledger-foreign-run"),
    _drill("forged-commit", "an upload of an unmerged commit is forged", _unmerged, "ledger-off-main"),
    _drill("forged-run", "an upload is forged, by a run that skipped", _skipping_run, "ledger-foreign-run"),
    _drill("forged-claim", "a claim out of 0.x is forged", _leap, "ledger-leap"),
    _drill("forged-release", "a release is forged, with another's files", _borrowed, "ledger-foreign-files"),
    _drill("forged-skip", "a person's decision is forged", _skip, "ledger-foreign-run"),
    _drill("fresh-runner", "the ledger is put back, on a new runner", _put_back, "ledger-behind"),
    Drill("forged-gone", "the forged run is deleted as well", "nothing of it is sent; a person is asked", _gone),
)
