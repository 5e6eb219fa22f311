"""What a pull request asks for: deploy, no deploy, or nothing that is clear."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING, Literal
from unicodedata import category, normalize

import msgspec

from mergeship.core.text import one_line
from mergeship.core.version import PARTS, Part

if TYPE_CHECKING:
    from markdown_it.token import Token

Wanted = Literal["deploy", "no-deploy", "unclear"]
Policy = Literal["checklist", "label", "marker", "always"]
DEPLOY, NO_DEPLOY, CHANGELOG = "Deployment PR", "Non-deployment PR", "Changelog updated"
MAX_BODY = 65_536
"""Characters: what GitHub takes."""

_TASK = re.compile(r"\[([ xX])\][ \t]+(.*)", re.DOTALL)
_LINE = re.compile(r"[ \t]*(?:[-+*]|\d+[.)])[ \t]+\[[ xX]\][ \t]")
"""How a line has to begin for GitHub to show a box; the marker and the box of an item on two lines are none."""
_UNCLEAR = re.compile(r"\[[ xX]\]|~|^[ \t:|-]+$", re.MULTILINE)
"""In an item: GitHub looks for a tick in its whole line, strikes out, and makes a table of what is above dashes."""
_WIDE = re.compile(r"[^\S \t\r\n]")  # white space for us, and not for GitHub
_MENTIONS = re.compile("deployment", re.IGNORECASE)
_MARKS = re.compile(r"[*_~`\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_KEYWORDS = {
    DEPLOY: re.compile(r"deployment\s+pr\b", re.IGNORECASE),
    NO_DEPLOY: re.compile(r"non[-\s]?deployment\s+pr\b", re.IGNORECASE),
    CHANGELOG: re.compile(r"changelog\s+updated\b", re.IGNORECASE),
}
_ITEM = re.compile(r"(?P<head>\s*(?:[-*+]|\d+[.)])\s+)\[[ xX]\]\s+(?P<words>.*)")
_QUOTATION = re.compile(r"^[ \t>]*>[ \t]?", re.MULTILINE)
_TAG_LINE = re.compile(r"\n[ \t]*</?source\b", re.IGNORECASE)
_TAG_AT_MARGIN = re.compile(r" {0,3}</?[A-Za-z][^<>]*>[ \t]*$")
_ANY_TAG_LINE = re.compile(r"(?:^|\n)[ \t]*</?[A-Za-z]")
"""Beside a table, which a block ends: the two do not agree on what a table is."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_HIDING = re.compile(
    r"<(/?)(del|s|strike|blockquote|pre|code|samp|tt|kbd|svg|math|template|select|option|textarea|title|style|xmp"
    r"|iframe|noembed|noframes|noscript|script|plaintext|object|audio|video|canvas|details|picture|ruby|rb|rt|rtc|rp"
    r"|bdo|dialog|datalist|meter|progress)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN = re.compile(r"<(?!(?:img|br|hr|wbr)\b)[a-z][^<>]*[\s\"'](?:hidden|style)(?=[\s=/>])", re.IGNORECASE)
_BOX = re.compile(r"\[[ xX]\]")
# Letters of Cyrillic and Greek that look like those of the words, and dashes.
# Source: https://www.unicode.org/Public/security/latest/confusables.txt
_LOOKS = str.maketrans({
    **dict(zip("\u0430\u0435\u043e\u0440\u0501\u0443\u0442\u043c", "aeopdytm", strict=True)),
    **dict(zip("\u043f\u0433\u0441\u04bb\u04cf\u0456", "nrchli", strict=True)),
    **dict(zip("\u03b1\u03b5\u03bf\u03c1\u03c4\u03bd", "aeoptv", strict=True)),
    **dict(zip("\u0410\u0415\u041c\u041d\u041e\u0420\u0421\u0422\u0423", "AEMHOPCTY", strict=True)),
    **dict(zip("\u0391\u0395\u039c\u039d\u039f\u03a1\u03a4\u03a5", "AEMNOPTY", strict=True)),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
})  # fmt: skip
_OF_MERGE = re.compile(r"Merge pull request #\d+ from ", re.ASCII)
_MARK = re.compile(r"\[(deploy|patch|minor|major)\]", re.IGNORECASE)


class Intent(msgspec.Struct, frozen=True):
    """What one pull request asks for, and where that was read."""

    wanted: Wanted
    says: str
    """In words, for people: `its checklist ticks "Deployment PR"`."""
    part: Part = "patch"
    """What it raises of the version."""
    changelog: bool | None = None
    """Whether "Changelog updated" is ticked; None if that was not asked. Recorded, never required."""


def of_checklist(text: str) -> Intent | None:
    """The intent of a checklist in Markdown; None if there is no checklist.

    An item counts by how it begins, so its words may be edited behind that. What GitHub does not show as an item is
    none: comments, code, quotations. An item that stands there twice, ticked and not, is unclear.
    """
    if len(text) > MAX_BODY:
        return Intent("unclear", f"its text is longer than {MAX_BODY} characters")
    ticks: dict[str, set[bool]] = {}
    for ticked, words in _tasks(text):
        if ticked is None:
            return Intent("unclear", f"it is not clear how GitHub shows the item {one_line(words)[:60]!r}")
        for name, keyword in _KEYWORDS.items():
            if keyword.match(words):
                ticks.setdefault(name, set()).add(ticked)
    if DEPLOY not in ticks and NO_DEPLOY not in ticks:
        return None
    changelog = True in ticks[CHANGELOG] if CHANGELOG in ticks else None
    twice = [name for name in (DEPLOY, NO_DEPLOY) if len(ticks.get(name, ())) > 1]
    ticked_names = [name for name in (DEPLOY, NO_DEPLOY) if True in ticks.get(name, ())]
    if twice:
        return Intent("unclear", f'"{twice[0]}" is there twice, ticked and not', changelog=changelog)
    if len(ticked_names) != 1:
        which = "both" if ticked_names else "neither"
        says = f'{which} of "{DEPLOY}" and "{NO_DEPLOY}" is ticked'
        return Intent("unclear", says + ("" if ticked_names else _unrecognized(text)), changelog=changelog)
    wanted: Wanted = "deploy" if ticked_names == [DEPLOY] else "no-deploy"
    return Intent(wanted, f'its checklist ticks "{ticked_names[0]}"', changelog=changelog)


def _unrecognized(text: str) -> str:
    """The words for a ticked item that is none of ours, and may be meant to be one; empty for none."""
    items = _tasks(_QUOTATION.sub("", text))
    near = next((words for ticked, words in items if ticked and _MENTIONS.search(_folded(words))), "")
    words = (
        f"; the ticked item {one_line(near)[:60]!r} does not count: an item begins with its words, and is no quotation"
    )
    return words if near else ""


def ticked(text: str, wanted: Literal["deploy", "no-deploy"]) -> str:
    """A checklist in which one of "Deployment PR" and "Non-deployment PR" is ticked, and nothing else."""
    keyword = _KEYWORDS[DEPLOY if wanted == "deploy" else NO_DEPLOY]
    lines = []
    for line in text.splitlines():
        item = _ITEM.match(line)
        mark = "x" if item and keyword.match(item["words"]) else " "
        lines.append(f"{item['head']}[{mark}] {item['words']}" if item else line)
    return "".join(f"{line}\n" for line in lines)


def checklist(template: str, fallback: str, wanted: Literal["deploy", "no-deploy"]) -> str:
    """A template with one item ticked; the `fallback`, if that cannot be ticked in it."""
    clear = ticked(template, wanted)
    intent = of_checklist(clear)
    return clear if intent and intent.wanted == wanted else ticked(fallback, wanted)


def of_labels(labels: Sequence[str]) -> Intent:
    """The intent of the labels `deploy` and `no-deploy`."""
    wanted = sorted({"deploy", "no-deploy"} & set(labels))
    if len(wanted) != 1:
        which = "both of" if wanted else "neither of"
        return Intent("unclear", f"it has {which} the labels deploy and no-deploy")
    return Intent("deploy" if wanted == ["deploy"] else "no-deploy", f"it has the label {wanted[0]}")


def of_marker(title: str, messages: Sequence[str] = ()) -> Intent:
    """The intent of markers in a title: `[deploy]`, or the part to raise; without one, no deploy.

    The subject of the merge has to be marked like the title, which its author can still change: `messages` are those
    of its commits on main, none before the merge. What stands below a subject quotes documentation, for one.
    """
    marks = _marks(title)
    if messages and marks != set().union(*map(_marks, map(_subject, messages))):
        return Intent("unclear", "its title and the subject of its commits are not marked the same")
    parts = [part for part in PARTS if part in marks]
    if len(parts) > 1:
        return Intent("unclear", f"it is marked {' and '.join(f'[{part}]' for part in parts)}")
    if not marks:
        return Intent("no-deploy", "its title has no marker")
    marker = f"[{parts[0]}]" if parts else "[deploy]"
    return Intent("deploy", f"its title is marked {marker}", part=parts[0] if parts else "patch")


def _marks(text: str) -> set[str]:
    return {mark.lower() for mark in _MARK.findall(text)}


def _subject(message: str) -> str:
    """The first line of a commit's message; of a merge commit, the title of the pull request that GitHub writes below.

    Source: https://docs.github.com/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
    """
    lines = message.split("\n")
    return next(filter(None, lines[1:]), "") if _OF_MERGE.match(lines[0]) else lines[0]


def read(
    policy: Policy,
    *,
    title: str,
    body: str,
    labels: Sequence[str],
    messages: Sequence[str] = (),
    corrected: bool = False,
) -> Intent:
    """The intent of a pull request. `messages` are those of its commits on main, none before the merge.

    The labels `bump:minor` and `bump:major` count under every policy. A text that was `corrected` after the merge
    counts if its commits are unclear.
    """
    intent = _by_policy(policy, title, body, labels, messages, corrected=corrected)
    parts = [part for part in PARTS if f"bump:{part}" in labels]
    if intent.wanted != "deploy" or not parts:
        return intent
    if len(parts) > 1:
        return Intent("unclear", f"it has the labels {' and '.join(f'bump:{part}' for part in parts)}")
    says = f"{intent.says}, and it has the label bump:{parts[0]}"
    part = max(intent.part, parts[0], key=PARTS.index)
    return msgspec.structs.replace(intent, says=says, part=part)


def _by_policy(
    policy: Policy, title: str, body: str, labels: Sequence[str], messages: Sequence[str], *, corrected: bool
) -> Intent:
    if policy == "always":
        return Intent("deploy", "every merge ships here")
    if policy == "label":
        return of_labels(labels)
    return of_marker(title, messages) if policy == "marker" else _of_texts(body, messages, corrected=corrected)


def _of_texts(body: str, messages: Sequence[str], *, corrected: bool) -> Intent:
    """The intent of a pull request's text, which the messages of its commits may confirm.

    A checklist in a commit is of whoever wrote that, in a fork or in the box beside the button: alone it asks for
    nothing, and it may not say something else than the text.
    """
    in_commit, in_body = of_checklist("\n\n".join(messages)), of_checklist(body)
    if in_commit is None:
        return in_body or Intent("unclear", f"it has no checklist{_unrecognized(body)}")
    if in_body is None:
        return Intent("unclear", f"its commits have a checklist, and its text has none{_unrecognized(body)}")
    if in_commit.wanted == in_body.wanted or (corrected and in_commit.wanted == "unclear"):
        return in_body
    return Intent("unclear", "its commits and its text do not tick the same")


def depends_on_body(policy: Policy, body: str, messages: Sequence[str]) -> bool:
    """Whether the pull request's body decides, which can be edited after the merge, and no commit says the same."""
    if policy != "checklist":
        return False
    in_commit, in_body = of_checklist("\n\n".join(messages)), of_checklist(body)
    return not (in_commit and in_body and in_commit.wanted == in_body.wanted != "unclear")


def _tasks(text: str) -> Iterator[tuple[bool | None, str]]:
    """The task list's items as GitHub shows them: whether each is ticked, and its words.

    None instead of a tick for an item of which cannot be said how it is shown: HTML may hide or strike what follows.
    """
    from markdown_it import MarkdownIt

    # `[x]: …` is no link for GitHub here: it looks for items before it looks for links.
    tokens = MarkdownIt("commonmark").enable("table").disable("reference").parse(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    html = _Html(lines, unclear=bool(_CONTROL.search(text)))
    quoted, formula = 0, False
    parents: list[Token] = []
    for token in tokens:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        html.read(token)
        if token.type == "inline" and not quoted and _begins_item(parents):
            shown = _TASK.match(_shown(token))
            if match := _TASK.match(token.content):
                begin = token.map[0] if token.map else 0
                hidden = html.hides or _HIDING.search(token.content) or formula
                clear = bool(_LINE.match(lines[begin]) and shown and not hidden)
                clear &= not _UNCLEAR.search(token.content, match.start(2)) and not _looks_like_one(match[2])
                if clear or _MENTIONS.search(_folded(_bare(token.content))):
                    yield match[1] != " " if clear else None, (shown or match)[2]
        if token.type == "inline":
            for line in token.content.split("\n"):
                formula = _is_in_formula(line, before=formula)
        parents = [*parents[-1:], token]
    if html.swallows:
        yield None, "in HTML"


def _is_in_formula(line: str, *, before: bool) -> bool:
    """Whether a formula goes on behind a line: one over several lines begins with the line, and ends anywhere."""
    marks = line.count("$$") if before or line.lstrip().startswith("$$") else 0
    return before != bool(marks % 2)


def _folded(text: str) -> str:
    """A text as it looks: without what is not shown, and with the letters and dashes that it looks to have."""
    seen = "".join(sign for sign in normalize("NFKC", text) if category(sign) != "Cf")
    return seen.translate(_LOOKS)


def _looks_like_one(words: str) -> bool:
    """Whether an item is none of ours, and looks like one."""
    folded = _folded(words)
    return any(keyword.match(folded) and not keyword.match(words) for keyword in _KEYWORDS.values())


class _Html:
    """The HTML up to a token: whether it may strike, hide or swallow what comes after it."""

    def __init__(self, lines: "Sequence[str]", *, unclear: bool) -> None:
        self._lines = lines
        self._unclear = unclear
        self._block = _ANY_TAG_LINE if any(map(_is_delimiter, lines)) else _TAG_LINE
        self.swallows = False
        """Whether an item stands in what is HTML for us, and may be an item for GitHub."""
        self._open: Counter[str] = Counter()

    @property
    def hides(self) -> bool:
        """Whether it may."""
        return self._unclear or self._open.total() > 0

    def read(self, token: "Token") -> None:
        """Read a token, and those in it."""
        if token.type == "inline":
            # A block for GitHub, and not for us: a line that goes on with an item or a quotation without its margin.
            begin, end = token.map or (0, 0)
            inside = token.level > 1 and any(map(_TAG_AT_MARGIN.match, self._lines[begin + 1 : end]))
            self._unclear |= inside or bool(self._block.search(token.content))
        if token.type in {"html_inline", "html_block"}:
            rest = _COMMENT.sub("", token.content)
            self._unclear |= "<" in _TAG.sub("", rest) or bool(_WIDE.search(rest))
            self._unclear |= bool(_HIDDEN.search(_QUOTED.sub('""', rest)))
            asks = _MENTIONS.search(_folded(_bare(rest))) and _BOX.search(rest)
            self.swallows |= token.type == "html_block" and bool(asks)
            for closing, name in _HIDING.findall(rest):
                self._open[name.lower()] = max(0, self._open[name.lower()] + (-1 if closing else 1))
        for child in token.children or ():
            self.read(child)


def _bare(text: str) -> str:
    """A text without anything that Markdown or HTML would take away: what it may show, at most."""
    return unescape(_MARKS.sub("", re.sub(r"<[^>]*>", "", text)))


def _is_delimiter(line: str) -> bool:
    """Whether a line may make the one above it the head of a table."""
    return "|" in line and "-" in line and not line.strip(" \t|:->")


def _begins_item(parents: "Sequence[Token]") -> bool:
    """Whether a text is the first thing in a list's item; an underlined heading is one for GitHub too."""
    if [token.type for token in parents] == ["list_item_open", "paragraph_open"]:
        return True
    heading = [token.type for token in parents] == ["list_item_open", "heading_open"]
    return heading and parents[-1].markup in {"=", "-"}


def _shown(token: "Token") -> str:
    """The text of a line as it is shown: what is struck out, or code, or a comment, is not in it."""
    shown = {"softbreak": " ", "hardbreak": " "}
    return "".join(
        child.content if child.type == "text" else shown.get(child.type, "") for child in token.children or ()
    )
