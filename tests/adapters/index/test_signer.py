"""The process that signs: what it says of what went wrong."""

import pytest
import requests
import urllib3

from mergeship.adapters.index.signer import _passes, _words


def answered(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(f"{status} of it", response=response)


def because(error: Exception) -> Exception:
    """Another error that came from this one."""
    try:
        try:
            raise error
        except type(error) as inner:
            raise RuntimeError("outer") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (answered(503), True),
        (answered(429), True),
        (answered(400), False),
        (requests.HTTPError("no answer"), True),
        (requests.ConnectionError("refused"), True),
        (requests.Timeout("slow"), True),
        (urllib3.exceptions.MaxRetryError(urllib3.HTTPConnectionPool("x"), "/"), True),
        (ValueError("no such thing"), False),
    ],
)
def test_what_may_be_otherwise_in_a_moment_is_known(error: Exception, passes: bool) -> None:
    assert _passes(error) == passes
    assert _passes(because(error)) == passes


def test_the_first_and_the_last_word_are_said_in_one_line() -> None:
    assert _words(because(because(ValueError("two\n lines")))) == "RuntimeError: outer; ValueError: two lines"
    assert _words(KeyError()) == "KeyError"
