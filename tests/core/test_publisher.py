from mergeship.core.publisher import is_meant_for, to_enter, token_of


def test_everything_that_the_index_asks_for() -> None:
    told = to_enter("obk", "rehearsal/obk", "pypi")
    for words in (
        "PyPI project name obk",
        "owner rehearsal",
        "repository name obk",
        "ci-cd.yml",
        "environment name pypi",
    ):
        assert words in told
    assert "(any)" in to_enter("obk", "o/r", "")


def test_a_token_says_which_index_it_is_of() -> None:
    """T13"""
    assert token_of("pypi-AgEIcHlwaS5vcmcCJDNiY2") == "pypi.org"
    assert token_of("pypi-AgENdGVzdC5weXBpLm9yZwIk") == "test.pypi.org"
    others = (
        "",
        "pypi-",
        "pypi-AgE",
        "pypi-AgEI",
        "pypi-!!!!",
        "pypi-A!!!",
        "pypi-\u00e9",
        "ghp-AgEIcHlwaS5vcmcC",
        "pypi-abcdefgh",
    )
    for other in (*others, "ghp-AgEIcHlwaS5vcmcC"):
        assert token_of(other) in {"", "\ufffd"}


def test_an_identity_is_meant_for_the_index_that_asks() -> None:
    """T13: others would take it too: clouds, registries, Sigstore."""
    assert is_meant_for("pypi", "pypi.org")
    assert is_meant_for("testpypi", "test.pypi.org")
    assert is_meant_for("https://index.example", "index.example")
    for audience in ("pypi", "testpypi", "sigstore", "sts.amazonaws.com", "npm:registry.example.org", "", "example"):
        assert not is_meant_for(audience, "index.example")
    assert not is_meant_for("sigstore", "pypi.org")
    assert not is_meant_for("https://index.example", "dex.example")
