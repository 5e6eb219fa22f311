"""`mergeship test`: the project's own tests, in a fresh environment, with no secret in reach."""

import re
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mergeship.adapters import files, git, job
from mergeship.core import project
from mergeship.core.environ import held_back, passing
from mergeship.core.progress import Note, Reporter
from mergeship.core.release.evidence import EVENTS
from mergeship.errors import Failed, Misconfigured
from mergeship.pipeline.clean_room import in_clean_room, temporary_folder
from mergeship.pipeline.installing import install_for_tests
from mergeship.process import ProcessFailed

NO_TESTS = 5  # pytest's exit status when it collected none
NOTHING_RAN = re.compile(r"^Ran 0 tests in ", re.MULTILINE)  # unittest, which passes then before Python 3.12
SOME_RAN = re.compile(r"^Ran [1-9]\d* tests? in |\b[1-9]\d* passed\b", re.MULTILINE)


class Tested(msgspec.Struct, frozen=True):
    """The project's own tests passed."""

    command: str
    seconds: float


def test(path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str] = ()) -> Tested:
    """Install the project with its test requirements and run its test command.

    They run on what is checked out, and on main with a home and caches of their own: what pull requests install is
    nobody else's. Raises Failed when the tests fail, or when none were collected.
    """
    tested = in_clean_room(clone=False)(_tested) if environ.get("GITHUB_EVENT_NAME") in EVENTS else _tested
    return tested(path, environ, report, overrides)


def _tested(path: Path, environ: Mapping[str, str], report: Reporter, overrides: Sequence[str]) -> Tested:
    source = project.gather(files.reader(path, git.top(path)), path.resolve(), overrides)
    environ = passing(environ, source.settings.pass_env)
    command = source.settings.test.command
    words = _words(command)
    began = time.monotonic()
    with temporary_folder(environ, "test") as folder, job.unsteered(environ):
        environment = install_for_tests(path, source, folder, environ, report)
        report(Note(f"running {command}"))
        try:
            externals = source.settings.test.externals
            output = environment.run(words, path, lambda line: report(Note(line)), externals=externals)
        except ProcessFailed as error:
            stale = source.locked and environment.is_lock_stale(path)
            raise _explained(error, command, environ, stale=stale) from error
        except Failed as error:
            raise Failed(
                "no-test-command",
                f"{command}: {error.message}",
                hint="declare an extra or dependency group 'test' that has it, or set test.requires; "
                "a program of the machine has to be named in test.externals",
            ) from error
        if NOTHING_RAN.search(output) and not SOME_RAN.search(output):
            raise _no_tests(command, output)
    seconds = round(time.monotonic() - began, 3)
    job.summarize(environ, f"Tests of **{source.project.name}** passed in {seconds:.1f} s: `{command}`")
    return Tested(command, seconds)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Misconfigured(
            "bad-setting", f"test.command: {command}: {error}", hint="quote it like a shell line"
        ) from error
    if not words:
        raise Misconfigured("bad-setting", "test.command is empty", hint='the default is "pytest -q"')
    return words


def _explained(error: ProcessFailed, command: str, environ: Mapping[str, str], *, stale: bool) -> Failed:
    if error.status == NO_TESTS and "pytest" in command:
        return _no_tests(command, error.detail)
    return Failed(
        "tests-failed",
        f"{command}: the tests failed with status {error.status}",
        hint="uv.lock is stale, so what is new in pyproject.toml is not installed: uv lock"
        if stale
        else f"nothing is built or deployed until they pass{held_back(environ)}",
        detail=error.detail,
    )


def _no_tests(command: str, output: str) -> Failed:
    return Failed(
        "no-tests",
        f"{command}: no tests were collected, so nothing was tested",
        hint="name the tests in test.command",
        detail=output.strip(),
    )
