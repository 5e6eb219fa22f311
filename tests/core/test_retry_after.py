from datetime import UTC, datetime

import pytest

from mergeship.core.retry_after import no_sooner, seconds_to_wait

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0), ("120", 120), (" 7 ", 7), ("Sun, 22 Nov 2026 12:01:30 GMT", 90), ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90), ("", None), ("soon", None), ("-5", None), ("1.5", None),
        ("\u0661", None),
    ],
)  # fmt: skip
def test_a_server_says_when_to_come_back(value: str, expected: float | None) -> None:
    assert seconds_to_wait(value, NOW) == expected


def test_nobody_is_asked_sooner_than_our_own_pause() -> None:
    """T22: a server that asks for no pause is not flooded."""
    assert no_sooner(None, 0.5) == no_sooner(0.0, 0.5) == no_sooner(0.1, 0.5) == 0.5
    assert no_sooner(3.0, 0.5) == 3.0
