import pytest

from mergeship.core.settings import Settings, keys, load
from mergeship.errors import Misconfigured


def test_without_configuration_the_guide_s_shape_works() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.runs_on == ("self-hosted",)
    assert settings.test.command == "pytest -q"
    assert settings.index.upload == "pypi"


def test_the_table_is_read() -> None:
    table = {"runs-on": ["self-hosted", "linux"], "test": {"command": "make check", "extras": ["dev"]}}
    settings = load({"tool": {"mergeship": table}})
    assert settings.runs_on == ("self-hosted", "linux")
    assert settings.test.extras == ("dev",)
    assert settings.build.wheel


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("test.command=pytest -q -k 'not slow'", lambda s: s.test.command == "pytest -q -k 'not slow'"),
        ("test.requires=pytest freezegun", lambda s: s.test.requires == ("pytest", "freezegun")),
        (
            "version-files=a: b {version}\nc: {version}",
            lambda s: s.version_files == ("a: b {version}", "c: {version}"),
        ),  # V29
        ('test.requires=["pytest >= 8"]', lambda s: s.test.requires == ("pytest >= 8",)),
        ("test.extras=", lambda s: s.test.extras == ()),
        ("timeout-minutes=5", lambda s: s.timeout_minutes == 5),
        ("build.wheel=false", lambda s: s.build.wheel is False),
        ("index.deadline=1.5", lambda s: s.index.deadline == 1.5),
        ("index.upload=http://h/?a=b", lambda s: s.index.upload == "http://h/?a=b"),
        ("runs-on=self-hosted linux", lambda s: s.runs_on == ("self-hosted", "linux")),
    ],
)
def test_the_command_line_overrides(override: str, read: object) -> None:
    assert callable(read)
    assert read(load({"tool": {"mergeship": {"timeout-minutes": 9}}}, ["timeout-minutes=8", override]))


@pytest.mark.parametrize(
    ("table", "overrides", "code", "words", "hint"),
    [
        ({"test": {"comand": ""}}, [], "unknown-setting", "test.comand", "did you mean test.command?"),
        ({"zzz": 1}, [], "unknown-setting", "zzz", "the settings are"),
        ({"test": {"command": 1}}, [], "bad-setting", "test.command", "README"),
        ({"runs-on": ["a\nb: c"]}, [], "bad-setting", "runs-on", "README"),
        ({"timeout-minutes": 0}, [], "bad-setting", "timeout-minutes", "README"),
        ({}, ["runs-on="], "bad-setting", "runs-on", "README"),
        ({}, ["test.comand=x"], "unknown-setting", "test.comand", "did you mean test.command?"),
        ({}, ["test=x"], "unknown-setting", "test", "did you mean"),
        ({}, ["test.command"], "setting-without-value", "no '='", "key=value"),
        ({}, ["test.requires=[1"], "bad-setting", "not a TOML list", "one"),
        ({}, ["index.deadline=soon"], "bad-setting", "index.deadline", "README"),
        ({}, ["index.deadline=-1"], "bad-setting", "index.deadline", "README"),
    ],
)
def test_what_is_wrong_is_named(
    table: dict[str, object], overrides: list[str], code: str, words: str, hint: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        load({"tool": {"mergeship": table}}, overrides)
    assert refused.value.code == code
    assert words in refused.value.message
    assert hint in refused.value.hint


def test_a_table_that_is_no_table_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"\[tool\.mergeship\]: Expected"):
        load({"tool": {"mergeship": 1}})


def test_every_key_is_listed() -> None:
    assert {"runs-on", "timeout-minutes", "test.command", "build.wheel", "index.simple"} <= set(keys())


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-inf", "0", "1000001"])
@pytest.mark.parametrize("key", ["lease", "index.deadline", "forge.deadline"])
def test_a_wait_has_an_end(key: str, value: str) -> None:
    """T21, T22"""
    with pytest.raises(Misconfigured):
        load({}, [f"{key}={value}"])
