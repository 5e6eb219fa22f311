"""The guide's own pipeline, literally: it publishes once, and then fails."""

import os
import shutil
from pathlib import Path

import pytest

from mergeship.commands.rehearse import rehearse
from mergeship.core.progress import Event, StepEnded, StepSaid
from tests.conftest import LONG, SHARED, commit_all

DATA = Path(__file__).parent.parent / "data" / "guide"
GUIDE = SHARED / "seed" / "main-branch-pypi-cd-scaffold.md"


@pytest.mark.skipif(not GUIDE.is_file(), reason="the guide lies on the developers' machines only")
def test_the_data_is_the_guide_s_own() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for name in ("bump_patch.py", "ci-cd.yml"):
        assert "".join((DATA / name).read_text().split()) in "".join(guide.split())


@LONG  # it installs everything again in each of its jobs
@pytest.mark.network
def test_the_guide_s_pipeline_fails_at_its_second_merge(obk: Path) -> None:
    for name, folder in (("ci-cd.yml", "workflows"), ("bump_patch.py", "scripts")):
        target = obk / ".github" / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / name, target)
    commit_all(obk, "ci: add the guide's pipeline")
    events: list[Event] = []
    result = rehearse(obk, os.environ, events.append)
    assert [release.version for release in result.releases] == ["0.1.1"]
    status = {(job.merge, job.name): job.status for job in result.jobs}
    assert status[1, "deploy"] == "passed"
    assert status[2, "test"] == status[2, "build"] == "passed"
    assert status[2, "deploy"] == "failed"
    assert result.error is not None
    assert "merge 2 of 2: not proven: pipeline passes: deploy failed" in result.error.message
    # The guide hands nothing from build to deploy: what was published is not shown to be what was built.
    unproven = [proof for proof in result.proofs if proof.merge == 1 and not proof.held]
    assert [proof.name for proof in unproven] == ["published bytes are the built ones"]
    failed = next(job for job in result.jobs if job.status == "failed")
    assert "File already exists" in " ".join(" ".join(failed.tail).split())
    assert any(isinstance(event, StepSaid) and "Bumped version to 0.1.1" in event.line for event in events)
    assert any(isinstance(event, StepEnded) and not event.passed for event in events)
