"""Copies artifacts out of the shared folder, as actions/download-artifact lays them out."""

import fnmatch
import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    store = Path(os.environ["MERGESHIP_ARTIFACTS"])
    target = Path(os.environ["TARGET"] or ".").expanduser().absolute()
    name = os.environ["NAME"]
    there = sorted(path.name for path in store.iterdir())
    if name and name not in there:
        print(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
        return 1
    wanted = [name] if name else fnmatch.filter(there, os.environ["PATTERN"])
    for artifact in wanted:
        flat = name or os.environ["MERGE"] == "true"
        shutil.copytree(store / artifact, target if flat else target / artifact, dirs_exist_ok=True)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"download-path={target}\n")
    print(f"Downloaded {len(wanted)} artifact(s) to {target}")
    return 0


sys.exit(main())
