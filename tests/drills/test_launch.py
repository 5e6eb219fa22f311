import os
import subprocess
from pathlib import Path

from mergeship import __version__
from mergeship.drills import launch


def test_a_fault_is_run_first(tmp_path: Path) -> None:
    preload = tmp_path / "preload.py"
    preload.write_text("print('a fault')\n")
    done = subprocess.run([*launch.command(preload), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["a fault", f"mergeship {__version__}"]


def test_no_variable_reaches_into_the_command(tmp_path: Path) -> None:
    """What users install runs nothing that an environment names."""
    preload = tmp_path / "preload.py"
    preload.write_text("print('a fault')\n")
    command = [launch.command(preload)[0], "-I", "-m", "mergeship.rehearsal.step", "--version"]
    env = {**os.environ, "MERGESHIP_PRELUDE": str(preload)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert done.stdout == f"mergeship {__version__}\n"
