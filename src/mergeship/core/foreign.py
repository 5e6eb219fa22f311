"""JSON that others wrote, read into values: an index, a forge, a runner, and whoever may write to the ledger."""

from typing import TypeVar

import msgspec

_T = TypeVar("_T")


class UnreadableError(ValueError):
    """It is not JSON, or not of the kind that it should be; the message says why."""


def decoded(content: bytes | str, kind: type[_T]) -> _T:
    """A value of that kind. Raises UnreadableError for anything else, be it as deep as it likes."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:
        raise UnreadableError("it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadableError(str(error)) from error
