from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship.commands.init import init
from mergeship.core import workflow
from mergeship.errors import Misconfigured

GUIDE_S_LINES = """\
- [ ] Deployment PR (will trigger PyPI release)
- [ ] Non-deployment PR (documentation, chores, automation)
- [ ] Changelog updated (Codex automation task run after GitHub Release)
"""
Cli = Callable[..., tuple[int, str, str]]


def test_the_pipeline_is_written_once(obk: Path) -> None:
    plan = init(obk)
    assert [(change.path, change.action) for change in plan.changes] == [
        (".github/workflows/ci-cd.yml", "create"),
        (".github/workflows/ci.yml", "create"),
        (".github/pull_request_template.md", "create"),
    ]
    assert (obk / workflow.PATH).read_text().startswith("# Written by `mergeship init`")
    template = (obk / ".github/pull_request_template.md").read_text()
    assert template.endswith(GUIDE_S_LINES)
    assert template.count("- [ ]") == 3
    assert [change.action for change in init(obk).changes] == ["none"] * 3


def test_a_file_that_a_person_changed_is_kept_and_shown(obk: Path, cli: Cli) -> None:
    init(obk)
    path = obk / workflow.PATH
    path.write_text(path.read_text().replace("timeout-minutes: 30", "timeout-minutes: 5"))
    changed = path.read_text()
    status, out, _ = cli("init", obk)
    assert status == 0
    assert path.read_text() == changed
    assert "kept .github/workflows/ci-cd.yml" in out
    assert "  -    timeout-minutes: 5" in out
    assert "  +    timeout-minutes: 30" in out
    assert "--force replaces them" in out
    status, out, _ = cli("init", obk, "--force")
    assert "replaced .github/workflows/ci-cd.yml" in out
    assert "timeout-minutes: 30" in path.read_text()


def test_a_dry_run_writes_nothing(obk: Path, cli: Cli) -> None:
    status, out, _ = cli("init", obk, "--dry-run")
    assert status == 0
    assert out.startswith("would write .github/workflows/ci-cd.yml\n")
    assert not (obk / ".github").exists()


def test_the_settings_are_written(obk: Path) -> None:
    init(obk, ["runs-on=self-hosted linux", "timeout-minutes=7"])
    for path, jobs in ((workflow.PATH, 5), (workflow.CHECKS, 2)):
        text = (obk / path).read_text()
        assert text.count("runs-on: [self-hosted, linux]") == jobs
        assert text.count("timeout-minutes: 7") == jobs


@pytest.mark.parametrize("path", ["empty", "missing"])
def test_elsewhere_nothing_is_written(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Misconfigured, match=r"no pyproject\.toml"):
        init(tmp_path / path)
    assert list((tmp_path / "empty").iterdir()) == []


def test_an_address_cannot_become_code(obk: Path) -> None:
    for address in ('https://h/";import os;os.abort()#', "https://h/\n", "https://h/\\", "https://h/'"):
        with pytest.raises(Misconfigured, match="which is not an address"):
            init(obk, [f"index.simple={address}"], bump_script=True)
    init(obk, ["index.simple=https://me:s@cret@h/"], bump_script=True)
    assert 'INDEX = "https://h/"' in (obk / workflow.BUMP_SCRIPT).read_text()


def test_a_script_that_is_there_is_looked_after(obk: Path) -> None:
    init(obk, bump_script=True)
    (obk / workflow.BUMP_SCRIPT).write_text("mine")
    changes = {change.path: change.action for change in init(obk).changes}
    assert changes[workflow.BUMP_SCRIPT] == "keep"
