import runpy

import pytest

from mergeship.rehearsal import step


@pytest.mark.parametrize(("code", "waits"), [(0, []), (1, [step.SECONDS]), ("error", [step.SECONDS]), (None, [])])
def test_a_step_that_fails_stays_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, code: object, waits: list[float]
) -> None:
    slept: list[float] = []

    def run_module(name: str, run_name: str) -> None:
        assert (name, run_name) == ("mergeship", "__main__")
        raise SystemExit(code)

    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr(runpy, "run_module", run_module)
    monkeypatch.setattr("time.sleep", slept.append)
    with pytest.raises(SystemExit) as ended:
        step.step()
    assert ended.value.code == code
    assert slept == waits


def test_outside_of_the_engine_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    slept: list[float] = []

    def run_module(name: str, run_name: str) -> None:
        raise SystemExit(f"{name} {run_name}")

    monkeypatch.setattr(runpy, "run_module", run_module)
    monkeypatch.setattr("time.sleep", slept.append)
    with pytest.raises(SystemExit, match="mergeship __main__"):
        step.step()
    assert slept == []
