"""Copies artifacts out of the shared folder, as actions/download-artifact lays them out."""

import fnmatch
import io
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path


def main() -> int:
    store = Path(os.environ["MERGESHIP_ARTIFACTS"])
    target = Path(os.environ["TARGET"] or ".").expanduser().absolute()
    name = os.environ["NAME"]
    if os.environ.get("RUN_ID") and os.environ.get("TOKEN"):
        return of_another_run(os.environ["RUN_ID"], name, target)
    names = sorted(path.name for path in store.iterdir())
    if name and name not in names:
        print(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
        return 1
    wanted = [name] if name else fnmatch.filter(names, os.environ["PATTERN"])
    for artifact in wanted:
        flat = name or os.environ["MERGE"] == "true"
        shutil.copytree(store / artifact, target if flat else target / artifact, dirs_exist_ok=True)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"download-path={target}\n")
    print(f"Downloaded {len(wanted)} artifact(s) to {target}")
    return 0


def of_another_run(run: str, name: str, target: Path) -> int:
    """As the action does it: listed and downloaded over the forge's API."""
    try:
        listed = json.loads(ask(f"{repository()}/actions/runs/{run}/artifacts"))["artifacts"]
        artifact = next((each for each in listed if each["name"] == name), None)
        if artifact is None:
            print(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
            return 1
        with zipfile.ZipFile(io.BytesIO(ask(artifact["archive_download_url"]))) as archive:
            archive.extractall(target)
    except urllib.error.HTTPError as error:
        print(f"::error::Unable to download artifact(s): {error.code} {error.reason}")
        return 1
    print(f"Downloaded {name} of run {run} to {target}")
    return 0


def repository() -> str:
    return f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"


def ask(url: str) -> bytes:
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - of the embedded forge
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return bytes(answer.read())


sys.exit(main())
