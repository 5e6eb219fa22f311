"""Places besides the first: lines that a person names, and the lock file."""

import pytest

from mergeship.core.declaration import declared, rewritten
from mergeship.core.toml import parse
from mergeship.errors import Misconfigured

TEXT = '[project]\nname = "Obk_x"\nversion = "0.1.0"\n'
LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "other"
version = "0.1.0"
source = { registry = "r" }

[[package]]
name = "obk-x"
version = "0.1.0"
source = { editable = "@" }
dependencies = [{ name = "other", version = "0.1.0" }]
"""
ROOT = '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/not"]\n'


def bump(files: dict[str, str], *version_files: str, where: str = "/repo/packages/x") -> dict[str, str]:
    lock_of_workspace = files.get("../../uv.lock")
    files = {path: text.replace('"@"', '"."') for path, text in files.items()}
    if lock_of_workspace:
        files["../../uv.lock"] = lock_of_workspace.replace('"@"', f'"{where.removeprefix("/repo/")}"')
    text = files["pyproject.toml"]
    found = declared(parse(text), text, files.get, version_files, where)
    places = [*found.places, *found.locks]
    return {file.path: file.after for file in rewritten(places, files.get, "0.1.1")[0]}


def test_every_place_is_written() -> None:
    files = {
        "pyproject.toml": TEXT + '[tool.other]\nversion = "0.1.0"\n',
        "docs/conf.py": "release = '0.1.0'\r\nother = '0.1.0'\r\n",
        "x.json": '{\n  "version": "0.1.0",\n}',
    }
    after = bump(files, "docs/conf.py: release = '{version}'", 'x.json:"version": "{version}",')
    assert after == {
        "pyproject.toml": files["pyproject.toml"].replace("0.1.0", "0.1.1", 1),
        "docs/conf.py": files["docs/conf.py"].replace("0.1.0", "0.1.1", 1),
        "x.json": files["x.json"].replace("0.1.0", "0.1.1"),
    }


def test_two_places_in_one_file_are_one_change() -> None:
    files = {"pyproject.toml": TEXT + '[tool.other]\ncurrent = "0.1.0"\n'}
    after = bump(files, 'pyproject.toml: current = "{version}"')
    assert after == {"pyproject.toml": files["pyproject.toml"].replace("0.1.0", "0.1.1")}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("docs/conf.py", "is not a path, a colon and a line"),
        ("docs/conf.py: release", "is not a path, a colon and a line"),
        ("docs/conf.py: {version} {version}", "is not a path, a colon and a line"),
        (": {version}", "is not a path, a colon and a line"),
        ("../x: {version}", "is not a path, a colon and a line"),
        ("/etc/x: {version}", "is not a path, a colon and a line"),
        ("missing.py: v = {version}", "missing.py does not exist"),
        ("conf.py: w = {version}", "conf.py: no line reads 'w = {version}'"),
        ("conf.py: v = {version}", "conf.py:3: more than one line reads"),
        ("conf.py: u = {version}", "[project] version in pyproject.toml is 0.1.0, but the line 'u = {version}'"),
    ],
)
def test_a_line_that_is_not_there_is_named(setting: str, words: str) -> None:
    files = {"pyproject.toml": TEXT, "conf.py": "v = 0.1.0\nu = 0.2.0\n  v = 0.3.0\n"}
    with pytest.raises(Misconfigured) as refused:
        bump(files, setting)
    assert words in refused.value.message
    assert refused.value.hint


def test_a_line_is_a_whole_line() -> None:
    files = {"pyproject.toml": TEXT, "a": "x y = 0.1.0\ny = 0.1.0 z\n\ty = 0.1.0 \n"}
    assert bump(files, "a: y = {version}")["a"] == "x y = 0.1.0\ny = 0.1.0 z\n\ty = 0.1.1 \n"


def test_the_own_entry_of_the_lock_is_written() -> None:
    after = bump({"pyproject.toml": TEXT, "uv.lock": LOCK})["uv.lock"]
    expected = LOCK.replace('"obk-x"\nversion = "0.1.0"', '"obk-x"\nversion = "0.1.1"')
    assert after == expected.replace('"@"', '"."')


def test_the_same_name_from_another_folder_is_someone_else() -> None:
    lock = LOCK.replace('"@"', '"../other"')
    assert list(bump({"pyproject.toml": TEXT, "uv.lock": lock})) == ["pyproject.toml"]


def test_a_project_without_a_name_of_its_own_has_no_entry() -> None:
    text = '[tool.poetry]\nname = "x"\nversion = "0.1.0"\n'
    lock = '[[package]]\nname = "none"\nversion = "0.7.0"\nsource = { editable = "." }\n'
    assert list(bump({"pyproject.toml": text, "uv.lock": lock})) == ["pyproject.toml"]


CARGO_LOCK = """\
version = 3

[[package]]
name = "dep"
version = "0.1.0"
source = "registry+https://example.org"

[[package]]
name = "x"
version = "0.1.0"
dependencies = ["dep"]
"""


@pytest.mark.parametrize("folder", ["", "rust/"])
def test_the_crate_s_own_entry_is_written_too(folder: str) -> None:
    text = f'[build-system]\nbuild-backend = "maturin"\n[tool.maturin]\nmanifest-path = "./{folder}Cargo.toml"\n'
    crate = '[package]\nname = "x"\nversion = "0.1.0"\n'
    after = bump({"pyproject.toml": text, f"{folder}Cargo.toml": crate, f"{folder}Cargo.lock": CARGO_LOCK})
    assert after == {
        f"{folder}Cargo.toml": crate.replace("0.1.0", "0.1.1"),
        f"{folder}Cargo.lock": CARGO_LOCK.replace('"x"\nversion = "0.1.0"', '"x"\nversion = "0.1.1"'),
    }
    other = {"pyproject.toml": text, f"{folder}Cargo.toml": crate, f"{folder}Cargo.lock": "version = 3\n"}
    assert list(bump(other)) == [f"{folder}Cargo.toml"]


def test_a_lock_that_lags_behind_is_brought_up() -> None:
    lock = LOCK.replace('"obk-x"\nversion = "0.1.0"', '"obk-x"\nversion = "0.0.9"')
    assert '"obk-x"\nversion = "0.1.1"' in bump({"pyproject.toml": TEXT, "uv.lock": lock})["uv.lock"]


@pytest.mark.parametrize(
    "lock",
    [
        LOCK.replace('"obk-x"\nversion = "0.1.0"\n', '"obk-x"\n'),
        LOCK.replace("editable", "registry"),
        LOCK.replace("obk-x", "obk"),
        "package = 1\n",
        "package = [1]\n",
        '[[package]]\nname = "obk-x"\nsource = 3\n',
        "",
    ],
)
def test_a_lock_without_a_version_of_ours_is_left_alone(lock: str) -> None:
    assert list(bump({"pyproject.toml": TEXT, "uv.lock": lock})) == ["pyproject.toml"]


def test_a_broken_lock_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"uv\.lock is not valid TOML"):
        bump({"pyproject.toml": TEXT, "uv.lock": "[["})


def test_a_lock_that_uv_did_not_write_is_refused() -> None:
    lock = LOCK.replace('name = "obk-x"\nversion = "0.1.0"\n', 'version = "0.1.0"\nname = "obk-x"\n')
    with pytest.raises(Misconfigured, match=r"its own entry in uv\.lock is 0\.1\.0, but not written out"):
        bump({"pyproject.toml": TEXT, "uv.lock": lock})


@pytest.mark.parametrize(
    ("root", "where", "found"),
    [
        (ROOT, "/repo/packages/x", True),
        (ROOT, "/repo/packages/not", False),
        (ROOT, "/repo/other/x", False),
        (ROOT.replace("packages/*", "packages/x"), "/repo/packages/x", True),
        (ROOT.replace("packages/*", "*"), "/repo/packages/x", False),
        (ROOT.replace('["packages/*"]', "3"), "/repo/packages/x", False),
        ("workspace [", "/repo/packages/x", False),
        ("[project]\n", "/repo/packages/x", False),
    ],
)
def test_a_member_s_entry_is_in_the_workspace_s_lock(root: str, where: str, found: bool) -> None:
    files = {"pyproject.toml": TEXT, "../../pyproject.toml": root, "../../uv.lock": LOCK}
    assert ("../../uv.lock" in bump(files, where=where)) is found


def test_a_workspace_without_a_lock_is_none() -> None:
    assert list(bump({"pyproject.toml": TEXT, "../../pyproject.toml": ROOT})) == ["pyproject.toml"]
    assert list(bump({"pyproject.toml": TEXT}, where="/")) == ["pyproject.toml"]
