import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeship import __version__, verbs
from mergeship.cli import main
from mergeship.errors import Interrupted

Cli = Callable[..., tuple[int, str, str]]


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli("--version") == (0, f"mergeship {__version__}\n", "")
    for flag in ("--version", "-V"):
        done = subprocess.run([sys.executable, "-m", "mergeship", flag], capture_output=True, text=True, check=True)
        assert done.stdout == f"mergeship {__version__}\n"


def test_help_shows_every_verb_and_examples(cli: Cli) -> None:
    for argv in ([], ["--help"]):
        status, out, _ = cli(*argv)
        assert status == 0
        assert all(f"    {verb.partition(' ')[0]}" in out for verb in verbs.names())
        assert "examples:" in out
        assert "exit status:" in out


@pytest.mark.parametrize("verb", verbs.names())
def test_each_verb_has_help_with_examples(cli: Cli, verb: str) -> None:
    status, out, _ = cli(*verb.split(), "--help")
    assert status == 0
    assert "examples:" in out
    assert "--json" in out
    assert "--set KEY=VALUE" in out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["init", "\udcff"], "an argument is not UTF-8"),
        (["biuld"], "invalid choice: 'biuld'"),
        (["build", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["forge"], "the following arguments are required: VERB"),
        (["forge", "plann"], "invalid choice: 'plann'"),
        (["forge", "apply", "one.json", "two.json"], "one plan and one folder"),
        (["forge", "apply", "one.json", "--allow-remove"], "says itself what it may do"),
        (["rehearse", "--merges", "0"], "expected a number of at least 1, got '0'"),
        (["rehearse", "--port", "99999"], "expected a port (0 to 65535), got '99999'"),
        (["rehearse", "a", "--example", "obk"], "either PATH or --example"),
        (["rehearse", "--example", "../x"], "no example called '../x'"),
        (["rehearse", "--example", "nothing"], "no example called 'nothing'"),
        (["rehearse", "/nonexistent"], "/nonexistent is not a folder"),
        (["init", "/nonexistent"], "there is no pyproject.toml"),
        (["test", "--set", "nonsense=1"], "nonsense"),
    ],
)
def test_bad_usage_is_reported_in_both_forms(
    cli: Cli, argv: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent / "examples" / "obk")
    status, out, err = cli(*argv)
    assert (status, out) == (2, "")
    assert words in err
    assert "  next: " in err
    assert "Traceback" not in err
    status, out, _ = cli(*argv, "--json")
    assert status == 2
    document = json.loads(out)
    assert (document["schema"], document["ok"]) == (1, False)
    assert words in document["error"]["message"]


def test_settings_come_from_the_environment_too(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\n')
    status, _, err = cli("init", tmp_path, environ={"MERGESHIP_SET": "runs-on=a b\nnonsense=1"})
    assert status == 2
    assert "nonsense" in err


def test_a_bug_is_reported_as_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(verbs.load("init"), "call", broken)
    status, _, err = cli("init")
    assert status == 3
    assert "a bug of mergeship: ZeroDivisionError('oh')" in err
    assert "please report it: https://" in err
    assert "Traceback" in err


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OSError(28, "No space left on device", "/x"), 1, "/x: No space left on device [disk-full]"),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), 1, "[disk-full]"),
        (PermissionError(13, "Permission denied", "/x"), 1, "/x: Permission denied [os-error]"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Interrupted(), 130, "interrupted"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_what_the_machine_does_is_expected(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, words: str
) -> None:
    def fail(_: object) -> object:
        raise error

    monkeypatch.setattr(verbs.load("init"), "call", fail)
    if isinstance(error, BrokenPipeError):
        monkeypatch.setattr("sys.stderr", open(os.devnull, "w"))  # noqa: PTH123, SIM115 - closed by what is tested
    seen, _, err = cli("init")
    assert seen == status
    assert words in err
    assert "Traceback" not in err


def test_an_interruption_has_its_document(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs.load("init"), "call", fail)
    assert json.loads(cli("init", "--json")[1])["error"]["code"] == "interrupted"


def test_github_gets_annotations(cli: Cli, tmp_path: Path) -> None:
    _, _, err = cli("init", tmp_path, environ={"GITHUB_ACTIONS": "true"})
    assert "::error title=mergeship not-a-project::there is no pyproject.toml" in err


def test_a_completion_script_is_printed(cli: Cli) -> None:
    status, out, _ = cli("--print-completion", "bash")
    assert status == 0
    assert out.rstrip().endswith("_shtab_mergeship mergeship")
    assert "--merges" in out
    status, _, err = cli("--print-completion", "nush")
    assert status == 2
    assert "no completion for nush" in err


def test_nothing_heavy_is_imported_for_version_and_help() -> None:
    code = (
        "import sys; sys.argv = ['mergeship', '--help']\nfrom mergeship.__main__ import run\n"
        "try: run()\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = 'typing pathlib msgspec rich httpx2 twine packaging importlib.metadata asyncio'.split()\n"
        "print(sorted(set(heavy) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_installed_command_ends_on_a_signal_s_terms() -> None:
    code = (
        "import os, signal, sys\nfrom mergeship import __main__, verbs\n"
        "verbs.load('init').call = lambda call: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.argv = ['mergeship', 'init']\n__main__.run()"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


SWALLOWED = """
import os, signal, sys, time
from mergeship import __main__, verbs

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)

def call(_):
    Last()
    time.sleep(30)

verbs.load('init').call = call
sys.argv = ['mergeship', 'init']
__main__.run()
"""


def test_a_signal_that_comes_while_something_is_deleted_counts() -> None:
    """T23: what is raised there goes no further, and a cancel would be swallowed."""
    done = _python(SWALLOWED)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_early_signal_ends_quietly(number: int) -> None:
    """T23: while modules load, there is nothing to be ended."""
    code = (
        f"import os, signal, sys\nsignal.signal({number}, signal.SIG_DFL)\nfrom mergeship import __main__\n"
        "class Finder:\n    def find_spec(self, name, *_):\n"
        f"        if name == 'mergeship.cli': os.kill(os.getpid(), {number})\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv = ['mergeship', 'init']\n__main__.run()"
    )
    done = _python(code)
    assert (done.returncode, done.stderr) == (130, "")


LOADING = """
import os, signal, sys, tempfile
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_DFL)
folder = tempfile.mkdtemp()
Path(folder, "slow.py").write_text("import os, signal, time\\nos.kill(os.getpid(), signal.SIGINT)\\ntime.sleep(0.2)")
sys.path.insert(0, folder)
from mergeship import __main__, cli
def main(*_):
    try:
        import slow
        print("loaded", flush=True)
        import time
        time.sleep(10)
    except BaseException as error:
        print(type(error).__name__)
        return 130
cli.main = main
__main__.run()
"""


def test_a_signal_while_something_is_loaded_waits_until_it_is() -> None:
    """T23: a module or a type that is half read fails later, or ends the interpreter."""
    done = _python(LOADING)
    assert (done.returncode, done.stdout) == (130, "loaded\nInterrupted\n")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)


def test_a_file_that_is_not_utf8_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    status, _, err = cli("init", tmp_path)
    assert status == 2
    assert "pyproject.toml is not UTF-8" in err


def test_main_gives_its_status_back() -> None:
    assert main(["--version"], {}) == 0
