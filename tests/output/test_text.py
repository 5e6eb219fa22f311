import io
from pathlib import Path

import pytest

from mergeship.core.progress import (
    DrillEnded,
    DrillStarted,
    Event,
    JobEnded,
    JobStarted,
    MergeStarted,
    Note,
    ProofReported,
    StepEnded,
    StepSaid,
    StepStarted,
)  # fmt: skip
from mergeship.errors import Failed
from mergeship.output import text
from mergeship.output.lines import JsonLines, Lines
from mergeship.output.style import Style, style_for

PLAIN = Style()


def test_a_failure_says_what_and_what_next() -> None:
    error = Failed("tests-failed", "it broke", hint="fix it", detail="one\ntwo")
    assert text.failure(error, PLAIN) == "  one\n  two\nerror: it broke [tests-failed]\n  next: fix it"
    assert "\x1b[31merror:\x1b[0m" in text.failure(error, Style(colours=True))


def test_an_annotation_is_one_line_whatever_the_message() -> None:
    error = Failed("tests-failed", "a%\r\n::set-output name=x::y", hint="h")
    assert text.annotation(error) == "::error title=mergeship tests-failed::a%25%0D%0A::set-output name=x::y h"


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
    ProofReported(1, "it passes", False, "it did not"),
    ProofReported(1, "it is there", True, "0.1.1"),
    DrillStarted("race"),
    DrillEnded("race", False, "[b]two[/b]", 2.0),
]


def test_events_are_lines() -> None:
    stream = io.StringIO()
    for event in EVENTS:
        Lines(stream).report(event) if not isinstance(event, StepSaid | StepEnded) else None
    assert "merge 1: feat: x (cccccccccccc)" in stream.getvalue()
    lines = Lines(stream := io.StringIO())
    for event in EVENTS:
        lines.report(event)
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
    reporter = JsonLines(stream)
    for event in EVENTS:
        reporter.report(event)
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
            view.report(event)
        console.print(view._now())
        for event in EVENTS[5:-1]:
            view.report(event)
        console.print(view._now())
        assert "race" in stream.getvalue()
        view.report(EVENTS[-1])
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
    assert {p.name for p in printing} == {"__main__.py", "cli.py", "lines.py", "prompt.py"}
