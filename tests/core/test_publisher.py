from mergeship.core.publisher import to_enter


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
