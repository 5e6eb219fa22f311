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


def without_secret(text: str, secret: str) -> str:
    """Text without a secret, as it is, in an address, or in base64 behind whatever (a Basic header, for one)."""
    import base64

    quoted = "".join(sign if sign.isalnum() or sign in "-._~" else f"%{ord(sign):02X}" for sign in secret)
    text = text.replace(secret, "***").replace(quoted, "***")
    for skip in range(3):
        # Base64 looks different at each of three beginnings; what the neighbours change is cut off.
        core = base64.b64encode(b"x" * skip + secret.encode()).decode()[4:-4]
        for spelled in (core, core.replace("+", "-").replace("/", "_")):
            if spelled and spelled in text:
                text = re.sub(rf"[A-Za-z0-9+/=_-]*{re.escape(spelled)}[A-Za-z0-9+/=_-]*", "***", text)
    return text


def without_password(address: str) -> str:
    """An address without user and password."""
    return re.sub(r"//[^/?#]*@", "//", address)
