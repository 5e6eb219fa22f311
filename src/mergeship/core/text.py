"""Text of others, made harmless to show."""

import re
import unicodedata

_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def plain(text: str) -> str:
    """Text without escape sequences and control characters; lines stay lines."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").rstrip())


def one_line(text: str) -> str:
    """The same in one line: nothing in it can pass for a line of ours, for markup, or for a command of the runner."""
    shown = "".join(character for character in plain(text) if unicodedata.category(character) != "Cf")
    return " ".join(shown.replace("`", "'").replace("##[", "## [").split()).removeprefix("::")


def is_token(text: str) -> bool:
    """Whether a text can be a token: in one piece, and nothing that a header would not take."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def without_password(address: str) -> str:
    """An address without user and password."""
    return re.sub(r"//[^/?#]*@", "//", address)
