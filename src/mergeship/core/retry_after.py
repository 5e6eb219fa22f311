"""When a server wants to be asked again (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def no_sooner(asked: float | None, own: float) -> float:
    """Seconds until the next attempt: what the server asks for, and never less than one's own pause."""
    return own if asked is None else max(own, asked)


def seconds_to_wait(value: str, now: datetime) -> float | None:
    """The seconds in a Retry-After header, a number or a date; None for one that is neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
