"""Every kind of declaration: found, read, rewritten in one place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from mergeship.core import project
from mergeship.core.declaration import rewritten
from mergeship.core.toml import parse
from tests.core.declaration.kinds import KINDS, OLD, TAGGED, Kind, Tagged, by_name, read_all


def reader(kind: Kind) -> dict[str, str]:
    """A copy of its files."""
    return dict(kind.files)


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_it_is_found_read_and_rewritten(kind: Kind) -> None:
    files = reader(kind)
    found = read_all(files)
    (place,) = found.places
    assert (place.path, place.label) == (kind.path, kind.label)
    assert found.version is not None
    assert Version(found.version) == Version(OLD)
    assert found.vcs is None
    changed, edits = rewritten(found.places, files.get, "0.1.1")
    ((path, before, after),) = changed
    assert (path, before) == (kind.path, files[kind.path])
    assert after.count("0.1.1") == 1
    assert after.count(OLD) == before.count(OLD) - 1
    assert after.replace("0.1.1", OLD) == before
    (edit,) = edits
    assert before.split("\n")[edit.line - 1].rstrip("\r") == edit.before
    assert edit.before.replace(OLD, "0.1.1", 1) == edit.after or edit.after.count("0.1.1") == 1
    assert read_all({**files, path: after}).version in {"0.1.1", "v0.1.1"}


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
@pytest.mark.parametrize("change", ["crlf", "bom", "tabs", "no end"])
def test_bytes_around_it_stay(kind: Kind, change: str) -> None:
    files = reader(kind)
    text = files[kind.path]
    if change == "crlf":
        text = text.replace("\n", "\r\n")
    elif change == "bom":
        text = f"\ufeff{text}"
    elif change == "tabs":
        text = re.sub(r" *= *(?=['\"])", "\t=\t", text) if kind.path.endswith(".toml") else text
    else:
        text = text.rstrip("\n")
    files[kind.path] = text
    found = read_all(files)
    ((_, before, after),), _ = rewritten(found.places, files.get, "7.8.9")
    start = after.index("7.8.9")
    assert after[start + len("7.8.9") :] == before[start + len(OLD) :]
    assert after[:start] + OLD == before[: start + len(OLD)]


@pytest.mark.parametrize("kind", TAGGED, ids=by_name)
def test_what_comes_from_tags_is_recognized(kind: Tagged) -> None:
    found = read_all(kind.files)
    assert found.version is None
    assert found.places == ()
    assert found.vcs is not None
    assert found.vcs.tool == kind.tool
    handed = found.vcs.handed("my-pkg", "0.1.1")
    assert all(value == "0.1.1" for value in handed.values())
    assert bool(handed) != bool(found.vcs.tag("0.1.1"))


@pytest.mark.parametrize("kind", [*KINDS, *TAGGED], ids=by_name)
def test_its_name_is_found(kind: Kind | Tagged) -> None:
    text = kind.files.get("pyproject.toml", "")
    assert project.identify(parse(text), kind.files.get) == "pkg"


versions = st.builds(
    lambda numbers, suffix: f"{'.'.join(map(str, numbers))}{suffix}",
    st.lists(st.integers(0, 999), min_size=1, max_size=4),
    st.sampled_from(["", "a1", "b2", "rc3", ".post4", ".dev5", "a1.dev2", ".post1.dev3"]),
)


@settings(max_examples=300)
@given(st.sampled_from([kind for kind in KINDS if "Cargo" not in kind.path]), versions)
def test_what_is_written_is_read(kind: Kind, version: str) -> None:
    files = reader(kind)
    found = read_all(files)
    if version == OLD:
        return
    ((path, _, after),), _ = rewritten(found.places, files.get, version)
    again = read_all({**files, path: after})
    assert again.version is not None
    assert again.version.removeprefix("v") == version
    back, _ = rewritten(again.places, {**files, path: after}.get, str(found.version))
    assert back[0].after == files[path]
