from hypothesis import given
from hypothesis import strategies as st

from mergeship.core.bump import as_claimed, plan
from mergeship.core.declaration import declared
from mergeship.core.toml import parse
from mergeship.core.version import BumpRequest, Used
from tests.core.declaration.kinds import KINDS, TAGGED, Kind


@given(st.sampled_from(KINDS), st.sampled_from(["0.1.0", "0.3.7", "0.0.1"]))
def test_the_same_plan_twice_and_nothing_left_to_do_after_it(kind: Kind, taken: str) -> None:
    files = dict(kind.files)
    text = files.get("pyproject.toml", "")
    used = [Used(taken, "it is taken")]
    found = declared(parse(text), text, files.get, (), "/here")
    first = plan("pkg", found, used, BumpRequest(), files.get)
    assert plan("pkg", found, used, BumpRequest(), files.get) == first
    assert not first.applied
    files |= {file.path: file.after for file in first.files}
    text = files.get("pyproject.toml", "")
    again = declared(parse(text), text, files.get, (), "/here")
    second = plan("pkg", again, used, BumpRequest(), files.get)
    assert (second.next, second.edits, second.files) == (first.next, (), ())


def test_what_comes_from_tags_has_no_edits() -> None:
    kind = TAGGED[0]
    text = kind.files["pyproject.toml"]
    found = declared(parse(text), text, kind.files.get, (), "/here")
    done = plan("pkg", found, [Used("0.3.0", "there is a tag v0.3.0")], BumpRequest("minor"), kind.files.get)
    assert (done.declared, done.next, done.edits, done.dynamic) == (None, "0.4.0", (), "setuptools-scm")


def test_a_version_that_was_claimed_is_written_as_it_is() -> None:
    kind = KINDS[0]
    text = kind.files["pyproject.toml"]
    done = as_claimed("pkg", declared(parse(text), text, kind.files.get, (), "/here"), "7.8.9", kind.files.get)
    assert (done.next, done.reasons) == ("7.8.9", ("it is claimed for this commit",))
    assert all("7.8.9" in edit.after for edit in done.edits)


def test_a_tag_s_prefix_is_its_tool_s() -> None:
    text = KINDS[0].files["pyproject.toml"]
    assert declared(parse(text), text, KINDS[0].files.get, (), "/here").tag_prefix == ""
