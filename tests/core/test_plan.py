import pytest

from mergeship.core.plan import FileChange


@pytest.mark.parametrize(
    ("found", "force", "action"),
    [(None, False, "create"), ("new\n", False, "none"), ("old\n", False, "keep"), ("old\n", True, "replace")],
)
def test_what_a_person_changed_is_kept_unless_forced(found: str | None, force: bool, action: str) -> None:
    assert FileChange("a.yml", "new\n", found, force).action == action


def test_the_diff_leads_to_what_is_wanted() -> None:
    assert FileChange("a.yml", "new\n", "old").diff.splitlines() == [
        "--- a/a.yml",
        "+++ b/a.yml",
        "@@ -1 +1 @@",
        "-old",
        "\\ No newline at end of file",
        "+new",
    ]
    assert not FileChange("a.yml", "same\n", "same\n").diff
