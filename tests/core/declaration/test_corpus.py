"""215 real projects: the true version, or a refusal whose reason is true."""

import re

import pytest
from packaging.version import Version

from mergeship.core import pep440
from mergeship.core.declaration import Declared, declared, rewritten
from mergeship.core.project import pyproject_of
from mergeship.errors import Misconfigured
from tests.core.declaration.corpus import REASON, Sample, samples

SAMPLES = samples()
pytestmark = pytest.mark.skipif(not SAMPLES, reason=REASON)

# The text of the version stands in these files, but not as a declaration: the files that declare it were not kept.
COINCIDENCE = {
    "boto/boto3@1.43.78",  # botocore>=1.43.78
    "jupyter/notebook@v6.4.2",  # tbump's own note
    "jupyter/notebook@v6.5.6",
    "pypa/cibuildwheel@v1.1.0",  # bumpversion's own note
    "pypa/flit@3.1.0",  # flit_core >=3.1.0
    "pypa/flit@4.0.0",
}


def read(sample: Sample) -> Declared:
    text, pyproject = pyproject_of(sample.files.get, "here")
    return declared(pyproject, text, sample.files.get, (), "/here")


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_true_version_or_a_true_reason(sample: Sample) -> None:
    try:
        found = read(sample)
    except Misconfigured as refused:
        check_reason(sample, refused.message)
        return
    if found.version is None:
        assert found.vcs is not None
        assert sample.category.startswith(("vcs", "versioneer"))
        return
    assert pep440.same(found.version, sample.version)
    files, edits = rewritten(found.places, sample.files.get, "7.8.9rc1")
    assert len(files) == len(edits) == 1
    before, after = files[0].before, files[0].after
    assert before == sample.files[files[0].path]
    start = next(place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    old = found.version
    assert any(before[at : at + len(old)] == old for at in range(max(0, start - len(old)), start + 1))
    again = declared_after(sample, files[0].path, after)
    assert again.version is not None
    assert Version(again.version) == Version("7.8.9rc1")
    assert sum(one != other for one, other in zip(before.split("\n"), after.split("\n"), strict=True)) == 1


def declared_after(sample: Sample, path: str, text: str) -> Declared:
    return read(Sample(sample.id, sample.category, sample.version, {**sample.files, path: text}, []))


def check_reason(sample: Sample, message: str) -> None:
    """A refusal names a file that is there, or one that is missing indeed; and what it says of it holds."""
    path, line, why = re.match(r"([^:]+)(?::(\d+))?: (.*)", message, re.DOTALL).groups()  # type: ignore[union-attr]
    if path in sample.files:
        assert line is None or int(line) <= sample.files[path].count("\n") + 1
    else:
        assert "is no file of the project" in why
    if "there is no setup.py" in why:
        assert "setup.py" not in sample.files
        assert not re.search(r"(?m)^version *[=:]", sample.files[path])
    for missing in re.findall(r"[\w/]+\.py\b", why):
        assert missing not in sample.files
    kept = [name for name in sample.version_stands_in if name in sample.files]
    assert not kept or sample.id in COINCIDENCE


def test_nearly_all_that_can_be_read_is_read() -> None:
    holding = [sample for sample in SAMPLES if any(sample.version in text for text in sample.files.values())]
    able = [sample for sample in holding if sample.id not in COINCIDENCE]
    done = 0
    for sample in able:
        try:
            done += read(sample).version is not None
        except Misconfigured:
            continue
    assert len(holding) - len(able) == len(COINCIDENCE)
    assert done / len(able) >= 0.95
