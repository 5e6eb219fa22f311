import subprocess
from pathlib import Path

from mergeship import __version__
from mergeship.drills import launch


def test_a_fault_is_run_first(tmp_path: Path) -> None:
    preload = tmp_path / "preload.py"
    preload.write_text("print('a fault')\n")
    done = subprocess.run([*launch.command(preload), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["a fault", f"mergeship {__version__}"]
