import pytest

from mergeship.core.foreign import UnreadableError, decoded
from mergeship.core.listing import _Page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"meta":' + b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "Expected `object`"), (b"", "truncated"),
        (b"null", "Expected `object`"), (b'{"meta": 1, "files": []}', "meta"), ('{"meta": "\ud800"}', "surrogates"),
        (b'{"meta": {}, "files": {}}', "files"), (b"\xff", "malformed|Invalid"),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_why(text: bytes | str, words: str) -> None:
    """T21"""
    with pytest.raises(UnreadableError, match=words):
        decoded(text, _Page)
