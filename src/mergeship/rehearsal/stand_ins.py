"""Actions that cannot be fetched offline, and what stands in for them."""

from collections.abc import Iterable
from pathlib import Path

from mergeship.core.workflow import Use

FOLDER = Path(__file__).parent / "actions"
BUILT_IN = {"actions/checkout"}
"""What the engine does by itself."""
STAND_INS = {
    "actions/setup-python": FOLDER / "setup-python",
    "actions/upload-artifact": FOLDER / "upload-artifact",
    "actions/download-artifact": FOLDER / "download-artifact",
    "astral-sh/setup-uv": FOLDER / "setup-uv",
}


def stand_ins(uses: Iterable[Use]) -> dict[str, Path]:
    """For each `owner/name@ref` that has one, the folder that stands in for it."""
    return {f"{use.repository}@{use.ref}": STAND_INS[use.action] for use in uses if use.action in STAND_INS}


def remote(uses: Iterable[Use]) -> tuple[str, ...]:
    """What the engine has to fetch: `owner/name@ref`."""
    known = BUILT_IN | set(STAND_INS)
    return tuple(dict.fromkeys(f"{use.action}@{use.ref}" for use in uses if use.action not in known))
