import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import intent
from mergeship.core.intent import of_checklist, of_labels, of_marker

YES = "- [x] Deployment PR (will trigger PyPI release)"
NO = "- [x] Non-deployment PR (documentation, chores, automation)"
BLANK = "- [ ] Deployment PR\n- [ ] Non-deployment PR\n"
GUIDE = """\
### PR Deployment Checklist

- [{}] Deployment PR (will trigger PyPI release)
- [{}] Non-deployment PR (documentation, chores, automation)
- [{}] Changelog updated (Codex automation task run after GitHub Release)
"""


def wanted(text: str) -> str:
    found = of_checklist(text)
    return found.wanted if found else "none"


@pytest.mark.parametrize(
    ("ticks", "expected", "changelog"),
    [
        ("x  ", "deploy", False), (" x ", "no-deploy", False), ("   ", "unclear", False), ("xx ", "unclear", False),
        ("x x", "deploy", True), (" xx", "no-deploy", True), ("XXX", "unclear", True),
    ],
)  # fmt: skip
def test_exactly_one_of_the_two(ticks: str, expected: str, changelog: bool) -> None:
    found = of_checklist(GUIDE.format(*ticks))
    assert found is not None
    assert (found.wanted, found.changelog) == (expected, changelog)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GUIDE.format("x", " ", " ").replace("\n", "\r\n"), "deploy"),
        (YES.replace("-", "*"), "deploy"),
        (YES.replace("-", "+"), "deploy"),
        (YES.replace("[x]", "[X]"), "deploy"),
        (f"  {YES}", "deploy"),
        (f"    {YES}\n    - [ ] Non-deployment PR", "deploy"),
        (f"- a list\n    {YES}", "deploy"),
        (f"Some words before\n{YES}\nand behind.", "deploy"),
        ("- [x] Deployment PR: yes, please, and soon", "deploy"),
        ("- [x] **Deployment PR**", "deploy"),
        ("- [x] deployment pr", "deploy"),
        ("- [x] Non deployment PR", "no-deploy"),
        ("- [x] Deployment PR (will trigger PyPI\nrelease)\n- [ ] Non-deployment PR", "deploy"),
        (f"<!-- {YES} -->\n{NO}", "no-deploy"),
        (f"<!--\n{YES}\n-->\n\n{BLANK}", "unclear"),
        (f"```\n{YES}\n```\n{BLANK}", "unclear"),
        (f"~~~~\n{YES}\n~~~\n{NO}\n~~~~\n{NO}", "no-deploy"),
        (f"{BLANK}\n```\n{YES}", "unclear"),
        (f"{BLANK}\n<!--\n{YES}", "unclear"),
        ("- \\[x] Deployment PR", "none"),
        ("- &#91;x] Deployment PR", "none"),
        ("- `c`[x] Deployment PR", "none"),
        ("- [x] <del>Deployment PR</del>", "none"),
        (f"{YES}\n\n[x]: http://evil/", "deploy"),
        (f"\ufeff{YES}", "deploy"),
        (f"<details>\n\n{YES}\n\n</details>", "deploy"),
        (f"> {YES}\n\n{NO}", "no-deploy"),
        ("- [x] ~~Deployment PR~~\n- [ ] Non-deployment PR", "unclear"),
        (f"{YES}\n- [ ] Deployment PR", "unclear"),
        (f"{YES}\n\n{YES}", "deploy"),
        ("- [x] Deployment PRs are fine", "none"),
        ("- [x]Deployment PR", "none"),
        ("- [x] `Deployment PR`", "none"),
        ("- [x] Not a Deployment PR", "none"),
        ("[x] Deployment PR", "none"),
        ("- [y] Deployment PR", "none"),
        ("- words first\n\n  [x] Deployment PR", "none"),
        ("- [x] Changelog updated", "none"),
        ("", "none"),
    ],
)
def test_what_github_shows_as_an_item_counts(text: str, expected: str) -> None:
    assert wanted(text) == expected


@given(st.text(max_size=300))
def test_any_text_around_it_changes_nothing_or_makes_it_unclear(text: str) -> None:
    """Nobody's words can turn the answer around."""
    assert wanted(f"{GUIDE.format(' ', 'x', ' ')}\n\n{text}") != "deploy"
    assert wanted(f"{text}\n\n{GUIDE.format(' ', 'x', ' ')}") != "deploy"


@pytest.mark.parametrize("text", ["[" * 20_000, "> " * 30_000, "<!--" * 16_000, "- " * 30_000, "```" * 20_000])
def test_a_text_that_is_made_to_be_slow_ends(text: str) -> None:
    assert wanted(text) == "none"


def test_a_text_that_is_longer_than_github_takes_is_unclear() -> None:
    assert wanted(f"{YES}\n{'x' * intent.MAX_BODY}") == "unclear"


@pytest.mark.parametrize(
    ("labels", "expected", "part"),
    [
        (["deploy"], "deploy", "patch"), (["no-deploy"], "no-deploy", "patch"), ([], "unclear", "patch"),
        (["deploy", "no-deploy"], "unclear", "patch"), (["deploy", "bump:minor"], "deploy", "minor"),
        (["deploy", "bump:minor", "bump:major"], "unclear", "patch"), (["bump:minor"], "unclear", "patch"),
        (["Deploy"], "unclear", "patch"),
    ],
)  # fmt: skip
def test_labels(labels: list[str], expected: str, part: str) -> None:
    found = of_labels(labels)
    assert (found.wanted, found.part) == (expected, part)


@pytest.mark.parametrize(
    ("message", "expected", "part"),
    [
        ("feat: x [deploy]", "deploy", "patch"), ("feat: x", "no-deploy", "patch"), ("x\n\n[minor]", "deploy", "minor"),
        ("[patch] x [deploy]", "deploy", "patch"), ("[patch] [minor]", "unclear", "patch"),
        ("[MAJOR]", "deploy", "major"),
        ("[skip ci] [deployed]", "no-deploy", "patch"),
    ],
)  # fmt: skip
def test_markers(message: str, expected: str, part: str) -> None:
    found = of_marker(message)
    assert (found.wanted, found.part) == (expected, part)


def test_the_commit_s_own_checklist_goes_first() -> None:
    yes, no = GUIDE.format("x", " ", " "), GUIDE.format(" ", "x", " ")
    read = intent.read("checklist", body=no, labels=(), message=f"feat: x (#1)\n\n{yes}", corrected=True)
    assert read.wanted == "deploy"
    assert intent.read("checklist", body="", labels=(), message=yes).wanted == "deploy"
    assert intent.read("checklist", body=yes, labels=(), message=yes).wanted == "deploy"
    assert intent.read("checklist", body=no, labels=(), message="feat: x (#1)").wanted == "no-deploy"
    assert intent.read("checklist", body="", labels=(), message="").says == "it has no checklist"
    assert not intent.depends_on_body("checklist", yes)
    assert intent.depends_on_body("checklist", "feat: x")
    assert not intent.depends_on_body("label", "feat: x")
    assert intent.depends_on_body("checklist", GUIDE.format(" ", " ", " "))


def test_a_commit_that_says_something_else_than_its_pull_request_is_unclear() -> None:
    """Its message is its author's, and its author may be anybody: a rebase takes it as it is."""
    yes, no = GUIDE.format("x", " ", " "), GUIDE.format(" ", "x", " ")
    read = intent.read("checklist", body=no, labels=(), message=yes, squashed=False)
    assert (read.wanted, read.says) == ("unclear", "its commits and its text do not tick the same")
    assert intent.read("checklist", body=no, labels=(), message=yes).wanted == "deploy"  # the squash commit's own wins
    assert intent.read("checklist", body=yes, labels=(), message=yes, squashed=False).wanted == "deploy"


def test_an_unclear_commit_is_corrected_in_the_pull_request() -> None:
    yes, blank = GUIDE.format("x", " ", " "), GUIDE.format(" ", " ", " ")
    assert intent.read("checklist", body=yes, labels=(), message=blank, corrected=True).wanted == "deploy"
    assert intent.read("checklist", body=yes, labels=(), message=blank).wanted == "unclear"


def test_each_policy_reads_its_own() -> None:
    given_all = {"body": NO, "labels": ("deploy",), "message": "feat: x"}
    assert intent.read("always", **given_all).wanted == "deploy"  # type: ignore[arg-type]
    assert intent.read("label", **given_all).wanted == "deploy"  # type: ignore[arg-type]
    assert intent.read("marker", **given_all).wanted == "no-deploy"  # type: ignore[arg-type]
    assert intent.read("checklist", **given_all).wanted == "no-deploy"  # type: ignore[arg-type]
