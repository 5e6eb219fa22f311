"""The bare repository that the forge hosts."""

import os
from collections.abc import Mapping

from mergeship.process import ProcessFailed, output

# Hooks belong to pushes from outside, and an index is never refreshed.
_QUIET = ("--no-optional-locks", "-c", "core.hooksPath=/dev/null")


class BareRepository:
    """A bare repository, asked and changed by git itself."""

    def __init__(self, path: str | os.PathLike[str], env: Mapping[str, str]) -> None:
        self.path = path
        self.env = {**env, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

    def git(self, *arguments: str, given: str | None = None) -> str:
        """What `git ARGUMENTS` writes; `given` is its input. Raises ProcessFailed."""
        return output(["git", *_QUIET, *arguments], cwd=self.path, env=self.env, given=given)

    def resolved(self, name: str) -> str:
        """The commit that a name means. Raises ProcessFailed if it means none."""
        return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()

    def has(self, name: str) -> bool:
        """Whether a name means a commit."""
        try:
            self.resolved(name)
        except ProcessFailed:
            return False
        return True
