import os
import re
from html.parser import HTMLParser
from random import Random

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeship.core import intent
from mergeship.core.intent import of_checklist, of_marker
from mergeship.core.version import PARTS, Part

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
        (f"    {YES}\n    - [ ] Non-deployment PR", "none"),
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
        ("- [x] <del>Deployment PR</del>", "unclear"),
        (f"{YES}\n\n[x]: http://evil/", "deploy"),
        (f"\ufeff{YES}", "none"),
        (f"<details>\n\n{YES}\n\n</details>", "unclear"),  # it is shown to whoever opens it
        (f"<ruby><rp>\n\n{YES}\n\n</rp></ruby>", "unclear"),
        (f"<div hidden>\n\n{YES}\n\n</div>", "unclear"),
        (f"$$\n\n{YES}\n\n$$", "unclear"),
        (f"$$x$$\n\n{YES}", "deploy"),
        (f"$$\nx\ny $$\n\n{YES}", "deploy"),
        (f"```\necho $$\n```\n\n{YES}", "deploy"),
        (f"Run `$$` or `echo $$`; the price is $$\n\n{YES}", "deploy"),
        (f'<img alt="new style of hidden menu" style=\'x\' src="a">\n\n{YES}', "deploy"),
        (f'<a title="dark style ">x</a>\n\n{YES}', "deploy"),
        (f"<div title='\"' hidden title='\"'>\n\n{YES}\n\n</div>", "unclear"),
        (f'<div style="display:none">\n\n{YES}\n\n</div>', "unclear"),
        (f"- [x] Non\u2011deployment PR\n\n{YES}", "unclear"),
        (f"- [ ] Depl\u043eyment PR\n\n{YES}", "unclear"),
        (f"- [x] Non-\u200bdeployment PR\n\n{YES}", "unclear"),
        (f"<h3>Deployment</h3>\n\n{YES}", "deploy"),
        (f"<h3>[x] Deployment</h3>\n\n{YES}", "unclear"),
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
        (f"- [x] Non-deployment PR\n  ===\ntext\n\n    {YES}", "no-deploy"),
        (f"{YES}\n<del>", "unclear"),
        (f"<del>\n\n{YES}\n\n</del>", "unclear"),
        (f"<del>old</del> and <code>new</code>\n\n{YES}\n", "deploy"),
        (f'<div title="\n\n{YES}\n\n">', "unclear"),
        (f"- - {YES[2:]}\n- [ ] Non-deployment PR", "unclear"),
        (f"- [x] Deployment PR\n  | - |\n{NO}", "unclear"),
        ("- [ ] Deployment PR, no [x]\n- [x] Non-deployment PR", "unclear"),
        ("- [x] Deployment PR ~~no~~", "unclear"),
        (f"# {YES}", "none"),
        (f"{YES}\n- [x] I ran the tests (~5 min)\n- [ ] Run <code>make docs</code>\n- [x] Type: `[ ]`", "deploy"),
        (f"<br/>bar\n{YES}\n- [ ] Non-deployment PR", "deploy"),
        (
            f'Before:\n<img width="600" alt="image" src="https://github.com/user-attachments/assets/x" />\n\n{YES}',
            "deploy",
        ),
        (f"See\n<https://example.org>\n\n{YES}\n\nx\n<sub>by a bot</sub>", "deploy"),
        (f"a\n<source>\n{YES}", "unclear"),
        (f"{NO}\n\n<search>x</search>\n{YES}", "unclear"),
        (f"{YES}\n\n</b>\u00a0\n{NO}", "unclear"),
        (f"| a |\n|---|\n<b>\n{YES}\n", "unclear"),
        (f"- [ ] Non-deployment PR\n\n| a |\n|---|\n<b>\n{YES}", "unclear"),
        (f"- [ ] Non-deploy<b></b>ment PR ~x~\n{YES}", "unclear"),
        (f"- [x] Non-&#100;eployment PR ~x~\n{YES}", "unclear"),
        (f"\x0b{YES}", "none"),
        (f"a\x0b\n{YES}", "unclear"),
        (f"</del>\u2003\n{YES}", "unclear"),
        ("- # [x] Deployment PR", "none"),
    ],
)
def test_what_github_shows_as_an_item_counts(text: str, expected: str) -> None:
    assert wanted(text) == expected


class Page(HTMLParser):
    """The boxes of a page, each with whether it is ticked and the words behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[tuple[bool, str]] = []
        self._in_item = False
        self._struck = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.items.append(("checked" in dict(attrs), ""))
        self._in_item = tag == "input" or (self._in_item and tag not in BLOCKS)
        self._struck |= tag == "del"

    def handle_endtag(self, tag: str) -> None:
        self._in_item &= tag not in {"li", "p", "h1", "h2"}
        self._struck &= tag != "del"

    def handle_data(self, data: str) -> None:
        if self._in_item and not self._struck:
            ticked, words = self.items[-1]
            self.items[-1] = (ticked, words + data)


BLOCKS = {"ul", "ol", "pre", "blockquote", "table", "hr", "li"}
PIECES = (
    "- [x] Deployment PR", "- [ ] Deployment PR", "- [x] Non-deployment PR", "- [ ] Non-deployment PR",
    "* [X] Deployment PR", "1. [x] Deployment PR", "+ [x] Non-deployment PR", "[x] Deployment PR", "- ", "> ", "    ",
    "  ", "\t", "\n", "\n", "\n\n", "===", "---", "***", "```", "~~~", "~~", "`", "<!--", "-->", "text", "# ",
    "| a | b |", "|---|---|", "| - |", "[x]: /u", '[x]: /u "t', '"', "\\", "&#91;x]", "<details>", "</details>",
    "<div>", "<!-- c -->", "<?", "?>", "[", "]", "(x)", "!", "**", "_", "2) ", "a\n", "  - ", "   - [x] Deployment PR",
    "      - [ ] Non-deployment PR", "\u00a0", "\u2003", "\r", "\f", "\v", "\u2028", "\x00", "\ufeff", "[^1]: ", "<a>",
    "<![CDATA[", "]]>", "<pre>", "</pre>", "<script>", "<p>",
)  # fmt: skip


def shown_by_github(text: str) -> str:
    """What GitHub's own renderer shows: its boxes, and what they ask for."""
    page = Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(text, 0))
    ticks = {(name, box) for box, words in page.items for name in KEYWORDS if name_of(name).match(words.strip())}
    boxes = {name: {box for other, box in ticks if other == name} for name in KEYWORDS}
    if not any(boxes.values()):
        return "none"
    asked = [name for name in KEYWORDS if boxes[name] == {True}]
    return asked[0] if len(asked) == 1 and all(len(boxes[name]) < 2 for name in KEYWORDS) else "unclear"


KEYWORDS = ("deploy", "no-deploy")


def name_of(wanted: str) -> re.Pattern[str]:
    return re.compile(r"deployment\s+pr\b" if wanted == "deploy" else r"non[-\s]?deployment\s+pr\b", re.IGNORECASE)


def test_what_github_shows_is_what_counts() -> None:
    """T15: cmark-gfm, GitHub's renderer, is the judge: a clear answer is its answer. 40,000 bodies in `make fuzz`."""
    random = Random(15)  # noqa: S311 - bodies, and no secrets
    clear = 0
    for _ in range((int(os.environ.get("MERGESHIP_FUZZ", "0")) and 40_000) or 2_000):
        pieces = (random.choice(PIECES) + "\n" * random.randint(0, 1) for _ in range(random.randint(2, 14)))
        text = "".join(pieces)
        ours = wanted(text)
        if ours in KEYWORDS:
            clear += 1
            assert ours == shown_by_github(text), text
    assert clear > 50


@given(st.text(max_size=300))
def test_any_text_around_it_changes_nothing_or_makes_it_unclear(text: str) -> None:
    """Nobody's words can turn the answer around."""
    assert wanted(f"{GUIDE.format(' ', 'x', ' ')}\n\n{text}") != "deploy"
    assert wanted(f"{text}\n\n{GUIDE.format(' ', 'x', ' ')}") != "deploy"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"- [x] \u2705 Deployment PR\n{BLANK}",
            'neither of "Deployment PR" and "Non-deployment PR" is ticked; the ticked item \'\u2705 Dep',
        ),
        ("- [x] \u2705 Deployment PR", "it has no checklist; the ticked item '\u2705 Deployment PR' does not count: "),
        (
            f"- [x] Non\u2011deployment PR\n{BLANK}",
            "it is not clear how GitHub shows the item 'Non\u2011deployment PR'",
        ),
        (f"> {YES}", "it has no checklist; the ticked item 'Deployment PR (will trigger PyPI release)' does not count"),
        (f"> {NO}\n\n{BLANK}", "is ticked; the ticked item 'Non-deployment PR (documentation"),
        (f"> {NO}\n\n{YES}", 'its checklist ticks "Deployment PR"'),
    ],
)
def test_an_item_that_is_not_recognized_is_named(text: str, words: str) -> None:
    """G10"""
    assert words in intent.read("checklist", title="x", body=text, labels=()).says


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
        (["no-deploy", "bump:minor", "bump:major"], "no-deploy", "patch"), (["Deploy"], "unclear", "patch"),
    ],
)  # fmt: skip
def test_labels(labels: list[str], expected: str, part: str) -> None:
    found = intent.read("label", title="x", body="", labels=labels)
    assert (found.wanted, found.part) == (expected, part)


@pytest.mark.parametrize("policy", ["checklist", "label", "marker", "always"])
def test_labels_raise_the_part_whatever_decides(policy: intent.Policy) -> None:
    """G11"""

    def read(*labels: str) -> intent.Intent:
        return intent.read(policy, title="feat: x [minor]", body=YES, labels=("deploy", *labels))

    own: Part = "minor" if policy == "marker" else "patch"
    for part in PARTS:
        assert (read(f"bump:{part}").wanted, read(f"bump:{part}").part) == ("deploy", max(part, own, key=PARTS.index))
    assert (read().wanted, read().part) == ("deploy", own)
    assert read("bump:minor", "bump:patch").wanted == "unclear"


@pytest.mark.parametrize(
    ("title", "expected", "part"),
    [
        ("feat: x [deploy]", "deploy", "patch"), ("feat: x", "no-deploy", "patch"), ("[minor] x", "deploy", "minor"),
        ("[patch] x [deploy]", "deploy", "patch"), ("[patch] [minor]", "unclear", "patch"),
        ("[MAJOR]", "deploy", "major"),
        ("[skip ci] [deployed]", "no-deploy", "patch"),
    ],
)  # fmt: skip
def test_markers(title: str, expected: str, part: str) -> None:
    for messages in (
        (),
        (f"{title} (#1)\n\nWe add [major] markers to the docs.",),
        (f"Merge pull request #1 from o/b\n\n{title}",),
    ):
        found = of_marker(title, messages)
        assert (found.wanted, found.part) == (expected, part)


def test_a_text_that_quotes_a_marker_asks_for_nothing() -> None:
    """G3: and neither does a commit whose subject is marked otherwise than the title, which anyone may have written."""
    body = "We add [deploy] markers to the docs."
    assert intent.read("marker", title="docs: x", body=body, labels=()).wanted == "no-deploy"
    for subject, wanted in (
        ("docs: x (#1)", "no-deploy"),
        ("docs: x [deploy] (#1)", "unclear"),
        ("Merge pull request #1 from o/b", "no-deploy"),
    ):
        read = intent.read("marker", title="docs: x", body=body, labels=(), messages=(f"{subject}\n\n{body}",))
        assert read.wanted == ("unclear" if subject.startswith("Merge") else wanted)
    late = intent.read("marker", title="docs: x [deploy]", body="", labels=(), messages=("docs: x (#1)",))
    assert late.wanted == "unclear"  # its author may have changed the title since


def test_a_commit_s_checklist_only_confirms_the_text_s() -> None:
    """T14: its message is its author's, who may be anybody: a rebase takes it as it is, with any number behind it."""
    yes, no = GUIDE.format("x", " ", " "), GUIDE.format(" ", "x", " ")
    for message in (yes, f"docs: typo (#2)\n\n{yes}"):
        for corrected in (False, True):
            read = intent.read("checklist", title="x", body=no, labels=(), messages=(message,), corrected=corrected)
            assert (read.wanted, read.says) == ("unclear", "its commits and its text do not tick the same")
        assert intent.read("checklist", title="x", body="", labels=(), messages=(message,)).wanted == "unclear"
        assert intent.read("checklist", title="x", body=yes, labels=(), messages=(message,)).wanted == "deploy"
    assert intent.read("checklist", title="x", body=no, labels=(), messages=("feat: x (#1)",)).wanted == "no-deploy"
    assert intent.read("checklist", title="x", body="", labels=()).says == "it has no checklist"


def test_a_text_decides_unless_a_commit_says_the_same() -> None:
    yes, blank = GUIDE.format("x", " ", " "), GUIDE.format(" ", " ", " ")
    assert not intent.depends_on_body("checklist", yes, [yes])
    assert intent.depends_on_body("checklist", yes, [NO])
    assert intent.depends_on_body("checklist", yes, ["feat: x"])
    assert intent.depends_on_body("checklist", blank, [blank])
    assert not intent.depends_on_body("label", yes, ["feat: x"])


def test_an_unclear_commit_is_corrected_in_the_pull_request() -> None:
    yes, blank = GUIDE.format("x", " ", " "), GUIDE.format(" ", " ", " ")
    assert (
        intent.read("checklist", title="x", body=yes, labels=(), messages=(blank,), corrected=True).wanted == "deploy"
    )
    assert intent.read("checklist", title="x", body=yes, labels=(), messages=(blank,)).wanted == "unclear"


def test_each_policy_reads_its_own() -> None:
    given_all = {"title": "feat: x", "body": NO, "labels": ("deploy",), "messages": ("feat: x",)}
    assert intent.read("always", **given_all).wanted == "deploy"  # type: ignore[arg-type]
    assert intent.read("label", **given_all).wanted == "deploy"  # type: ignore[arg-type]
    assert intent.read("marker", **given_all).wanted == "no-deploy"  # type: ignore[arg-type]
    assert intent.read("checklist", **given_all).wanted == "no-deploy"  # type: ignore[arg-type]
