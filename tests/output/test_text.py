import io
from pathlib import Path

import pytest

from mergeship.core import result
from mergeship.core.declaration import Edit
from mergeship.core.distribution import Distribution
from mergeship.core.event import (
    DrillEnded,
    DrillStarted,
    Event,
    JobEnded,
    JobStarted,
    MergeStarted,
    Note,
    ProofTold,
    StepEnded,
    StepSaid,
    StepStarted,
)  # fmt: skip
from mergeship.core.plan import FileChange, FilePlan
from mergeship.core.result import Built, Delivered, Deployed
from mergeship.errors import Failed
from mergeship.output import text
from mergeship.output.lines import JsonLines, Lines
from mergeship.output.style import Style, style_for

PLAIN = Style()
FILES = (Distribution("obk.whl", 10, "a" * 64),)
BUILT = Built("obk", "0.1.1", "0.1.0", ("because",), "c" * 40, (Edit("p.toml", 3, "  old ", "  new "),))


def test_each_result_is_told() -> None:
    assert text.render(result.Tested("pytest -q", 1.26), PLAIN) == "passed pytest -q in 1.3 s"
    assert text.render(BUILT, PLAIN) == "built obk 0.1.1 from cccccccccccc: because"
    released = Delivered("0.1.1", "c" * 40, "released", FILES)
    deployed = text.render(Deployed("obk", "0.1.1", "http://i/", (released,)), PLAIN)
    assert deployed.splitlines() == ["released obk 0.1.1: http://i/", f"  obk.whl  10 bytes  sha256 {'a' * 64}"]
    assert text.render(Deployed("obk", "", "http://i/", ()), PLAIN) == "nothing to deploy: every release is complete"
    late = Deployed("obk", "0.1.1", "http://i/", (), superseded="0.1.2")
    assert text.render(late, PLAIN) == "superseded by 0.1.2, which contains this commit: nothing is to be sent"


def test_what_was_not_checked_is_said() -> None:
    built = Built("obk", "1", "1", (), "c", (), FILES, not_checked=("import: nothing to import",))
    assert "  not checked: import: nothing to import" in text.render(built, PLAIN)
    assert "installed and imported: obk" in text.render(Built("p", "1", "1", (), "c", (), imported=("obk",)), PLAIN)


def test_a_plan_is_told_as_done_or_as_planned() -> None:
    changes = tuple(FileChange(f"{n}.yml", "new\n", found, f) for n, found, f in (
        ("a", None, False), ("b", "new\n", False), ("c", "old\n", False), ("d", "old\n", True),
    ))  # fmt: skip
    done = text.render(FilePlan(changes, applied=True), PLAIN)
    assert [line for line in done.splitlines() if line.endswith(".yml") and line[0] != " "] == [
        "wrote a.yml", "unchanged b.yml", "kept c.yml", "replaced d.yml",
    ]  # fmt: skip
    assert "would keep c.yml" in text.render(FilePlan(changes), PLAIN)


def test_an_unknown_result_is_a_bug() -> None:
    with pytest.raises(TypeError, match="nothing is known of int"):
        text.render(1, PLAIN)


def test_a_failure_says_what_and_what_next() -> None:
    error = Failed("code", "it broke", hint="mend it", detail="one\ntwo")
    assert text.failure(error, PLAIN) == "  one\n  two\nerror: it broke [code]\n  next: mend it"
    assert "\x1b[31merror:\x1b[0m" in text.failure(error, Style(colours=True))


def test_an_annotation_is_one_line_whatever_the_message() -> None:
    error = Failed("code", "a%\r\n::set-output name=x::y", hint="h")
    assert text.annotation(error) == "::error title=mergeship code::a%25%0D%0A::set-output name=x::y h"


@pytest.mark.parametrize(
    ("terminal", "environ", "colours"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(terminal: bool, environ: dict[str, str], colours: bool) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    assert style_for(Stream(), environ) == Style(colours=colours)


EVENTS: list[Event] = [
    Note("begin"),
    MergeStarted(1, "c" * 40, "feat: x", ("test",)),
    JobStarted("test"),
    StepStarted("test", "Run"),
    StepSaid("test", "Run", "[red]wrong[/red]"),
    StepEnded("test", "Run", False, 1.0),
    StepStarted("test", "Next"),
    StepEnded("test", "Next", True, 0.2),
    JobEnded("test", False, 1.5),
    ProofTold(1, "it passes", False, "it did not"),
    ProofTold(1, "it is there", True, "0.1.1"),
    DrillStarted("race"),
    DrillEnded("race", False, "[b]two[/b]", 2.0),
]


def test_events_are_lines() -> None:
    stream = io.StringIO()
    for event in EVENTS:
        Lines(stream).tell(event) if not isinstance(event, StepSaid | StepEnded) else None
    assert "merge 1: feat: x (cccccccccccc)" in stream.getvalue()
    lines = Lines(stream := io.StringIO())
    for event in EVENTS:
        lines.tell(event)
    assert stream.getvalue().splitlines() == [
        "begin",
        "merge 1: feat: x (cccccccccccc)",
        "  test",
        "    FAIL Run (1.0 s)",
        "         [red]wrong[/red]",
        "    ok   Next (0.2 s)",
        "  test: FAILED in 1.5 s",
        "  NOT PROVEN: it passes: it did not",
        "  proven: it is there: 0.1.1",
        "FAIL race (2.0 s): [b]two[/b]",
    ]


def test_events_are_json_lines() -> None:
    stream = io.StringIO()
    teller = JsonLines(stream)
    for event in EVENTS:
        teller.tell(event)
    first = stream.getvalue().splitlines()[0]
    assert first == '{"type":"note","text":"begin"}'
    assert len(stream.getvalue().splitlines()) == len(EVENTS)


def test_the_live_view_shows_what_the_lines_do() -> None:
    from rich.console import Console

    from mergeship.output.live import LiveView

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None, highlight=False)
    with LiveView(console) as view:
        for event in EVENTS[:5]:
            view.tell(event)
        console.print(view._now())
        for event in EVENTS[5:-1]:
            view.tell(event)
        console.print(view._now())
        assert "race" in stream.getvalue()
        view.tell(EVENTS[-1])
        assert "✗ race 2.0 s [b]two[/b]" in stream.getvalue()
        console.print(view._now())
    shown = stream.getvalue()
    assert "✗ Run 1.0 s" in shown
    assert "      [red]wrong[/red]" in shown
    assert "NOT PROVEN it passes it did not" in shown
    assert "✓ Next" in shown


def test_only_cli_and_output_print() -> None:
    source = Path(text.__file__).parents[1]
    printing = [
        p for p in source.rglob("*.py") if "    print(" in p.read_text() and not {"actions", "templates"} & {*p.parts}
    ]
    assert {p.name for p in printing} == {"__main__.py", "cli.py", "lines.py", "asking.py"}
