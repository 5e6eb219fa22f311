"""Each proof, and what makes it fail."""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mergeship.adapters.environment import Venv
from mergeship.core.archive import read_wheel
from mergeship.core.result import Job, Proof
from mergeship.rehearsal.proof import IMPORTS, PASSES, Prover
from mergeship.world.index.catalog import Catalog, StoredFile
from tests.archives import sdist, wheel

PASSED = (Job(1, "test", "passed", 1.0), Job(1, "deploy", "passed", 1.0))
NEW = "index lists one new version"
FRESH = "version is fresh"
BYTES = "published bytes are the built ones"
INSTALLS = "uv installs it"
NAME = "obk-{}-py3-none-any.whl"


@dataclass
class Proving:
    """A rehearsal's index and artifacts, set by hand."""

    catalog: Catalog
    prover: Prover
    folder: Path

    def publish(self, version: str, content: bytes | None = None, name: str = NAME) -> bytes:
        data = wheel("obk", version) if content is None else content
        path = self.folder / "sent"
        path.write_bytes(data)
        filename = name.format(version)
        stored = StoredFile(
            filename=filename,
            version=version,
            filetype="bdist_wheel",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            blake2_256=hashlib.blake2b(data, digest_size=32).hexdigest(),
            uploaded=datetime.now(UTC),
            requires_python="",
            metadata=read_wheel(io.BytesIO(data), filename).metadata,
        )
        self.catalog.add("obk", stored, path)
        return data

    def hand_on(self, filename: str, content: bytes, artifact: str = "dist") -> None:
        path = self.folder / "artifacts" / artifact / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def prove(self, merge: int = 1, jobs: tuple[Job, ...] = PASSED) -> dict[str, Proof]:
        environment = Venv(
            self.folder / f"env-{merge}",
            {**os.environ, "UV_DEFAULT_INDEX": self.prover.simple, "UV_PYTHON_DOWNLOADS": "never"},
        )
        artifacts = self.folder / "artifacts"
        artifacts.mkdir(exist_ok=True)
        self.prover.prove(merge, "c" * 40, jobs, artifacts, environment)
        return {proof.name: proof for proof in self.prover.proofs if proof.merge == merge}


@pytest.fixture
def proving(catalog: Catalog, base: str, tmp_path: Path) -> Proving:
    project = tmp_path / "project"
    project.mkdir()
    return Proving(catalog, Prover("obk", f"{base}/simple/", project, ours=True, report=lambda _: None), tmp_path)


def test_everything_holds(proving: Proving) -> None:
    proving.hand_on(NAME.format("0.1.1"), proving.publish("0.1.1"))
    proofs = proving.prove()
    assert list(proofs) == [PASSES, NEW, BYTES, INSTALLS, IMPORTS]
    assert [proof.detail for proof in proofs.values() if not proof.held] == []
    proving.hand_on(NAME.format("0.1.2"), proving.publish("0.1.2"))
    (proving.folder / "artifacts" / "dist" / NAME.format("0.1.1")).unlink()
    later = proving.prove(2)
    assert list(later) == [PASSES, NEW, FRESH, BYTES, INSTALLS, IMPORTS]
    assert later[FRESH].held
    assert [release.version for release in proving.prover.releases] == ["0.1.1", "0.1.2"]


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ((Job(1, "test", "failed", 1.0, "Run"),), "test failed at Run"),
        ((Job(1, "test", "failed", 1.0),), "test failed at its set-up"),
        ((Job(1, "test", "skipped", 0.0),), "no job ran"),
        ((), "no job ran"),
    ],
)
def test_a_pipeline_that_fails(proving: Proving, jobs: tuple[Job, ...], words: str) -> None:
    proving.publish("0.1.1")
    proof = proving.prove(jobs=jobs)[PASSES]
    assert (proof.held, proof.detail) == (False, words)


@pytest.mark.parametrize(("versions", "words"), [([], "0 new versions: none"), (["0.1.1", "0.1.2"], "2 new versions")])
def test_not_one_new_version(proving: Proving, versions: list[str], words: str) -> None:
    for version in versions:
        proving.publish(version)
    proof = proving.prove()[NEW]
    assert not proof.held
    assert words in proof.detail
    assert proving.prover.releases == []


def test_a_version_that_is_not_the_next_one(proving: Proving) -> None:
    proving.publish("0.1.1")
    proving.prove()
    proving.publish("0.1.3")
    assert not proving.prove(2)[FRESH].held
    proving.prover.ours = False  # a pipeline of one's own may skip numbers, but not go back
    proving.publish("0.1.5")
    assert proving.prove(3)[FRESH].held
    proving.publish("0.1.4")
    assert not proving.prove(4)[FRESH].held


def nothing(_: Proving, __: bytes) -> None:
    return


def other(proving: Proving, content: bytes) -> None:
    proving.hand_on(NAME.format("0.1.1"), content + b"x")


def both(proving: Proving, content: bytes) -> None:
    proving.hand_on(NAME.format("0.1.1"), content)
    proving.hand_on(NAME.format("0.1.1"), content + b"x", "again")


def more(proving: Proving, content: bytes) -> None:
    proving.hand_on(NAME.format("0.1.1"), content)
    proving.hand_on("obk-0.1.1.tar.gz", sdist("obk", "0.1.1"))


@pytest.mark.parametrize(
    ("hand_on", "words"),
    [
        (nothing, "no artifact of that name was handed on"),
        (other, "built "),
        (both, "was handed on with 2 different contents"),
        (more, "obk-0.1.1.tar.gz was built, and is not published"),
    ],
)
def test_bytes_that_are_not_the_built_ones(
    proving: Proving, hand_on: Callable[[Proving, bytes], None], words: str
) -> None:
    hand_on(proving, proving.publish("0.1.1"))
    proof = proving.prove()[BYTES]
    assert not proof.held
    assert words in proof.detail


def test_a_release_that_does_not_install(proving: Proving) -> None:
    proving.publish("0.1.1", wheel("obk", "0.1.1", extra="Requires-Dist: a-package-that-is-not-there\n"))
    proofs = proving.prove()
    assert not proofs[INSTALLS].held
    assert IMPORTS not in proofs


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"obk/__init__.py": "import a_module_that_is_not_there"}, "No module named 'a_module_that_is_not_there'"),
        ({"obk/__init__.py": "raise SystemExit(0)"}, "the import ended the interpreter"),
        ({"obk/__init__.py": "raise SystemExit(1)"}, "the import ended the interpreter"),
        ({"README.txt": ""}, "no importable module"),
    ],
)
def test_a_release_that_does_not_import(proving: Proving, modules: dict[str, str], words: str) -> None:
    proving.publish("0.1.1", wheel("obk", "0.1.1", modules))
    proof = proving.prove()[IMPORTS]
    assert not proof.held
    assert words in proof.detail


def test_a_module_with_another_version_is_reported(proving: Proving) -> None:
    proving.publish("0.1.1", wheel("obk", "0.1.1", {"obk/__init__.py": "__version__ = '9.9'\nprint('hello')"}))
    proof = proving.prove()[IMPORTS]
    assert proof.held
    assert proof.detail == "obk 0.1.1; obk.__version__ says 9.9"


def test_the_python_is_one_that_the_project_allows(proving: Proving) -> None:
    proving.publish("0.1.1")
    text = '[project]\nname = "p"\nversion = "1"\nrequires-python = "==3.4.*"\n'
    (proving.prover.folder / "pyproject.toml").write_text(text)
    assert not proving.prove()[INSTALLS].held
