"""A seeded environment with the wanted Python, put on PATH: as writable as the real action's Python."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    wanted = os.environ["WANTED"].strip().splitlines() or [""]
    file = os.environ["WANTED_FILE"]
    if not wanted[0] and file and Path(file).name == ".python-version":
        wanted = Path(file).read_text(encoding="utf-8").split()[:1]
    # The action's 3.x, 3.11.x and ~3.11 are uv's 3, 3.11 and 3.11.
    version = re.sub(r"\.[x*]$|-dev$|^~", "", wanted[0].strip())
    folder = tempfile.mkdtemp(prefix="setup-python-", dir=os.environ.get("RUNNER_TEMP"))
    command = ["uv", "venv", "--quiet", "--seed", "--no-project", "--clear", folder]
    if version:
        command += ["--python", version]
    if subprocess.run(command, check=False).returncode:
        print(
            f"::error::Python {version} is not on this machine; a rehearsal uses what is: uv python install {version}"
        )
        return 1
    python = Path(folder) / "bin" / "python"
    exact = subprocess.run(
        [python, "-I", "-c", "import platform; print(platform.python_version())"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as path:
        path.write(f"{python.parent}\n")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"python-version={exact}\npython-path={python}\n")
    print(f"Python {exact}")
    return 0


sys.exit(main())
