"""A checkout, through git itself."""

import os
from collections.abc import Callable, Mapping
from posixpath import dirname, join, normpath

from mergeship.errors import Misconfigured
from mergeship.process import ProcessFailed, exchange, output

LARGEST = 16 * 1024 * 1024  # bytes of a file that is read
_HEAD = 200  # bytes that git writes before a file: its name, its kind, its size
_LINKS = 10  # as far as a link may lead to another one
# Hooks and prompts belong to a person at a keyboard, not to a pipeline.
_QUIET = ("--no-optional-locks", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")


def top(path: str | os.PathLike[str]) -> str | None:
    """The top of the repository that a folder lies in; None if it lies in none."""
    folder = os.path.realpath(path)
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def lines(output: str) -> list[str]:
    """The lines of what git writes: names and addresses may hold what else ends a line for Python."""
    return [line for line in output.split("\n") if line]


class Repository:
    """A checkout. `env` is the whole environment that git gets."""

    def __init__(self, path: str | os.PathLike[str], env: Mapping[str, str]) -> None:
        self.path = path
        self.env = {**env, "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "LC_ALL": "C"}
        self.env["GIT_NO_REPLACE_OBJECTS"] = "1"  # `git replace` changes what is read, and nobody sees it

    def git(self, *arguments: str, given: str | None = None, seconds: float | None = None) -> str:
        """What `git ARGUMENTS` writes within so many seconds, its warnings left out. Raises ProcessFailed.

        `given` is its input.
        """
        return output(["git", *_QUIET, *arguments], cwd=self.path, env=self.env, given=given, seconds=seconds)

    def head(self) -> str:
        """The commit that is checked out. Raises Misconfigured if there is no repository, or no commit."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
        except ProcessFailed as error:
            raise self._unreadable(error) from error

    def resolved(self, name: str) -> str:
        """The commit that a name means. Raises Misconfigured if it means none."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except ProcessFailed as error:
            raise Misconfigured(
                "no-such-commit",
                f"{name} is not a commit of {self.path}",
                hint="git log --first-parent main lists them",
            ) from error

    def _unreadable(self, error: ProcessFailed) -> Misconfigured:
        if error.status == 127:  # noqa: PLR2004 - the shells' status for "not found"
            return Misconfigured("no-git", "git is not on PATH", hint="install git")
        reason = error.output.strip().removeprefix("fatal: ") or "it has no commit"
        return Misconfigured(
            "not-a-repository",
            f"{self.path} is not a git repository with a commit: {reason}",
            hint="git init, git add -A and git commit",
        )

    def prefix(self) -> str:
        """The path of this folder inside its repository; empty at the top."""
        return self.git("rev-parse", "--show-prefix").strip()

    def branch(self) -> str:
        """The branch that is checked out; empty when HEAD is detached."""
        return self.git("branch", "--show-current").strip()

    def origin(self) -> str:
        """The address of the remote called origin. Raises Misconfigured if there is none."""
        try:
            return self.git("remote", "get-url", "origin").strip()
        except ProcessFailed as error:
            raise Misconfigured(
                "no-origin", f"{self.path} has no remote called origin", hint="git remote add origin URL"
            ) from error

    def remotes(self) -> dict[str, str]:
        """The addresses of all remotes, by their names."""
        return {name: self.git("remote", "get-url", name).strip() for name in self.git("remote").split()}

    def changed(self, *, untracked: bool = False) -> list[str]:
        """Files that differ from the commit, and with `untracked` also those that git does not know."""
        mode = "normal" if untracked else "no"
        entries = self.git("status", "--porcelain", "-z", "--no-renames", f"--untracked-files={mode}")
        return [entry[3:] for entry in entries.split("\0") if entry]

    def tags(self) -> list[str]:
        """All tags. Raises Misconfigured if the repository cannot be opened."""
        try:
            # Not `git tag`: that one obeys what its user has set for people, columns for one.
            return lines(self.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags"))
        except ProcessFailed as error:
            raise self._unreadable(error) from error

    def commit_time(self, commit: str) -> int:
        """When the commit was made, in seconds since 1970."""
        return int(self.git("log", "-1", "--format=%ct", commit))

    def first_parents(self, commit: str, most: int) -> list[tuple[str, str]]:
        """A commit and its first parents, the newest first, at most so many: each with its message."""
        shown = self.git(
            "log", "-z", "--first-parent", "--no-show-signature", "--no-notes", "--no-color", "--encoding=UTF-8",
            f"--max-count={most}", "--format=%H%n%B", commit,
        )  # fmt: skip
        commits = (record.partition("\n") for record in shown.split("\0") if record)
        return [(sha, message.rstrip("\n")) for sha, _, message in commits]

    def older(self, commit: str) -> list[str]:
        """The first parents before a commit, the newest first."""
        return self.git("rev-list", "--first-parent", "--skip=1", commit).split()

    def introduced(self, commit: str, words: str, folder: str) -> str:
        """The first commit on a commit's first-parent line that wrote `words` into a folder; empty if none did."""
        shown = self.git(
            "log", "--first-parent", "--diff-merges=first-parent", "--no-show-signature", "--no-color", "--no-patch",
            "--format=%H", f"-G{words}", commit, "--", f":(top){folder}",
        )  # fmt: skip
        return shown.split()[-1] if shown.split() else ""

    def changed_in(self, commit: str) -> list[str]:
        """The files that a commit changes against its first parent, by their paths from the repository's top."""
        names = self.git("diff-tree", "-r", "-z", "--no-renames", "--name-only", f"{commit}^1", commit)
        return [name for name in names.split("\0") if name]

    def not_plain_in(self, commit: str) -> list[str]:
        """The files that a commit removes, or makes something else than they were: a link, a program, a module."""
        fields = self.git("diff-tree", "-r", "-z", "--no-renames", "--raw", f"{commit}^1", commit).split("\0")
        changed = (
            (name, *what.removeprefix(":").split()[:2]) for what, name in zip(fields[0::2], fields[1::2], strict=False)
        )
        return [name for name, old, new in changed if new not in {old, "100644"} or new not in {"100644", "100755"}]

    def at(self, commit: str) -> Callable[[str], str | None]:
        """Reads the files of a commit by their paths from this folder; None for what is no text file there."""

        def read(name: str) -> str | None:
            content = self.blob(commit, f"./{name}")
            try:
                return None if content is None else content.decode()
            except UnicodeDecodeError:
                return None

        return read

    def has(self, commit: str) -> bool:
        """Whether a name means a commit that is here."""
        try:
            self.resolved(commit)
        except Misconfigured:
            return False
        return True

    def object_name(self, commit: str, path: str) -> str:
        """The name of what a commit has at a path from the repository's top; empty if it has nothing there."""
        listed = self.git("ls-tree", "--full-tree", commit, "--", path).split()
        return listed[2] if listed else ""

    def names(self, commit: str, folder: str) -> list[str]:
        """The paths of the files that lie in a folder of a commit."""
        listed = self.git("ls-tree", "-z", "--name-only", "--full-tree", commit, f"{folder}/")
        return [name for name in listed.split("\0") if name]

    def blob(self, commit: str, name: str) -> bytes | None:
        """A file of a commit as it is, line ends and all; None if there is none, or one that is too large to be read.

        `name` is a path from the repository's top, or from this folder if it begins with `./`.
        """
        follow, wanted = ["git", "cat-file", "--batch", "--follow-symlinks"], f"{commit}:{name}\n".encode()
        answer = exchange(follow, wanted, cwd=self.path, env=self.env, most=LARGEST + _HEAD)
        head, _, content = answer.partition(b"\n")
        words = head.split(b" ")
        if len(words) != 3 or words[1] != b"blob" or int(words[2]) > LARGEST:  # noqa: PLR2004
            return None
        return content[: int(words[2])]

    def real(self, commit: str, name: str) -> str:
        """The path behind a link of a commit, from the repository's top; any other path as it is."""
        for _ in range(_LINKS):
            listed = self.git("ls-tree", "--full-tree", commit, "--", name)
            if not listed.startswith("120000 "):
                break
            target = self.git("cat-file", "blob", listed.split()[2])
            name = normpath(join(dirname(name), target))
        return name

    def mode(self, commit: str, name: str) -> str:
        """The mode of a file of a commit, as git writes it; that of a plain file if there is none."""
        listed = self.git("ls-tree", "--full-tree", commit, "--", name)
        return listed.split(" ")[0] if listed else "100644"

    def tag(self, name: str) -> None:
        """Put a tag on the commit that is checked out, only in this repository."""
        self.git("tag", "--no-sign", name)

    def copy(self, commit: str, target: str | os.PathLike[str]) -> None:
        """A clone of the whole repository at `commit` in a new folder, sharing the objects of this one."""
        top = self.git("rev-parse", "--show-toplevel").rstrip("\n")
        self.git("clone", "--quiet", "--shared", "--no-checkout", "--template=", top, str(target))
        Repository(target, self.env).git("checkout", "--quiet", "--detach", commit)
