from pathlib import Path

from mergeship.core import workflow
from mergeship.core.workflow import PATH
from mergeship.drills.env import SHIP, UNCLEAR, pipeline
from mergeship.rehearsal.beginning import skip_what_was_before
from tests.testbeds import drill_env


def test_what_a_project_merged_before_counts_as_decided(wheel_cache: Path) -> None:
    with drill_env(wheel_cache) as play:
        ours = workflow.read(pipeline(), PATH)
        assert not skip_what_was_before(play.testbed, ours)
        play.merged(UNCLEAR, changes={PATH: pipeline()})
        play.pushed()
        assert skip_what_was_before(play.testbed, ours)
        play.merged(SHIP)
        decided = play.decide()
        assert decided.document["decision"] == "ship"
        assert [reason.partition(":")[0] for reason in decided.document["reasons"]] == ["#2"]
