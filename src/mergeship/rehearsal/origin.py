"""The bare origin whose main takes nothing but merges, and the clone that the runner checks out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from mergeship.adapters.git import Repository
from mergeship.core.release import ledger as ledgers
from mergeship.core.release.ledger import FILE, REF, Ledger
from mergeship.errors import Misconfigured
from mergeship.rehearsal.sandbox import Sandbox
from mergeship.world.forge.merging import PERSON
from mergeship.world.forge.rules import HOOK
from mergeship.world.git import BareRepository

CACHES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", ".hypothesis", "*.egg-info", "node_modules")
AT_THE_TOP = {".git", ".venv", "venv", ".tox", ".nox", "dist"}


class Merge(msgspec.Struct, frozen=True):
    """A pull request that was merged into main: `before..after`, its tree, the files that changed, and when."""

    before: str
    after: str
    title: str
    message: str
    tree: str
    added: tuple[str, ...]
    modified: tuple[str, ...]
    when: int
    """Seconds since 1970."""


class RehearsalOrigin:
    """The origin of a rehearsal, made from a project that is not touched."""

    def __init__(self, sandbox: Sandbox, project: Path) -> None:
        self.sandbox = sandbox
        self.bare = BareRepository(sandbox.origin, sandbox.env)
        self.work = Repository(sandbox.work, sandbox.env)
        outside = Repository(project, sandbox.outside)
        if (project / ".git").exists():
            _refuse_unclear(outside)
            outside.git(
                "clone",
                "--quiet",
                "--bare",
                "--no-hardlinks",
                "--template=",
                str(project),
                str(sandbox.origin),
            )
            self.bare.git("update-ref", "refs/heads/main", outside.head())
            self._drop_other_branches()
        else:
            self._import(project)
        self.bare.git("symbolic-ref", "HEAD", "refs/heads/main")
        self._guard()
        self.bare.git("clone", "--quiet", "--template=", str(sandbox.origin), str(sandbox.work))

    def _import(self, project: Path) -> None:
        """A folder without history becomes the first commit."""
        seed = self.sandbox.root / "seed"
        shutil.copytree(project, seed, symlinks=True, ignore=_left_out(project))
        first = Repository(seed, self.sandbox.env)
        first.git("init", "--quiet", "--template=", "--initial-branch=main")
        first.git("add", "--all")
        first.git(*PERSON, "commit", "--quiet", "--no-verify", "--allow-empty", "-m", "chore: import the project")
        first.git("clone", "--quiet", "--bare", "--template=", str(seed), str(self.sandbox.origin))
        shutil.rmtree(seed)

    def _drop_other_branches(self) -> None:
        """Only main is rehearsed; a branch called `feature` would leave no room for `feature/…`."""
        for branch in self.bare.git("for-each-ref", "--format=%(refname)", "refs/heads").split():
            if branch != "refs/heads/main":
                self.bare.git("update-ref", "-d", branch)

    def _guard(self) -> None:
        """Have every push meet the forge's rules, and nothing that git itself would refuse."""
        self.bare.git("config", "receive.denyDeleteCurrent", "ignore")
        hook = self.sandbox.origin / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK, encoding="utf-8")
        hook.chmod(0o755)

    def _files(self, before: str, after: str, kind: str) -> tuple[str, ...]:
        names = self.work.git("diff", "--name-only", "-z", "--no-renames", f"--diff-filter={kind}", before, after)
        return tuple(filter(None, names.split("\0")))

    def put_ledger(self, ledger: Ledger, words: str) -> None:
        """Write a ledger on top of what is there, past the product, as anyone can who may write."""
        blob = self.bare.git("hash-object", "-w", "--stdin", given=ledgers.encode(ledger)).strip()
        tree = self.bare.git("mktree", given=f"100644 blob {blob}\t{FILE}\n").strip()
        before = self.bare.git("for-each-ref", "--format=%(objectname)", REF).split()
        parents = [word for commit in before for word in ("-p", commit)]
        commit = self.bare.git(*PERSON, "commit-tree", tree, *parents, "-m", words).strip()
        self.bare.git("update-ref", REF, commit)

    def begin(self, branch: str) -> None:
        """Switch the clone to a new feature branch."""
        self.work.git("switch", "--quiet", "--create", branch)

    def submit(self, branch: str, title: str, push: Callable[[str], object] | None = None) -> str:
        """Commit what stands in the clone, push the branch, and give its commit back.

        `push` pushes a branch of the clone; without it, that goes past the forge.
        """
        self.work.git("add", "--all")
        self.work.git(*PERSON, "commit", "--quiet", "--no-verify", "-m", title)
        if push:
            push(branch)
        else:
            self.work.git("push", "--quiet", str(self.sandbox.origin), branch)
        return self.work.head()

    def proposed(self, base: str, head: str) -> str:
        """Check out, in the clone, what a merge of a pull request would give, as GitHub does for its workflows."""
        tree = self.bare.git("merge-tree", "--write-tree", base, head).split()[0]
        words = f"Merge {head} into {base}"
        commit = self.bare.git(*PERSON, "commit-tree", tree, "-p", base, "-p", head, "-m", words).strip()
        self.bare.git("update-ref", "refs/pull/merge", commit)
        self.work.git("fetch", "--quiet", str(self.sandbox.origin), "refs/pull/merge")
        self.work.git("checkout", "--quiet", "--force", "--detach", commit)
        return commit

    def pulled(self, before: str, after: str, title: str) -> Merge:
        """Switch the clone to main as it is after a merge, and say what that brought."""
        self.work.git("fetch", "--quiet", str(self.sandbox.origin), "+refs/heads/main:refs/remotes/origin/main")
        self.work.git("switch", "--quiet", "main")
        self.work.git("reset", "--quiet", "--hard", "origin/main")
        return Merge(
            before=before,
            after=after,
            title=title,
            message=self.bare.git("log", "-1", "--format=%B", after).strip(),
            tree=self.bare.git("rev-parse", f"{after}^{{tree}}").strip(),
            added=self._files(before, after, "A"),
            modified=self._files(before, after, "M"),
            when=self.work.commit_time(after),
        )

    def main(self) -> str:
        """The commit that main is at."""
        return self.bare.resolved("refs/heads/main")


def change(work: Path, project: str, number: int) -> None:
    """A small change that reaches the distributions: a comment in the package, else a note in `.github`."""
    module = canonicalize_name(project).replace("-", "_")
    places = [f"src/{module}/__init__.py", f"{module}/__init__.py", f"src/{module}.py", f"{module}.py"]
    place = next((work / name for name in places if (work / name).is_file()), None)
    if place is None:
        place = work / ".github" / "rehearsal.md"
        place.parent.mkdir(exist_ok=True)
    with place.open("a", encoding="utf-8") as file:
        file.write(f"\n# Changed by the dress rehearsal, merge {number}.\n")


def _refuse_unclear(repository: Repository) -> None:
    repository.head()
    paths = repository.changed(untracked=True)
    if paths:
        raise Misconfigured(
            "dirty-checkout",
            f"{repository.path} has changes that are not committed: {', '.join(paths[:5])}",
            hint="commit or stash them; a rehearsal merges what is committed",
        )
    if not repository.branch():
        raise Misconfigured(
            "detached-head",
            f"{repository.path} has no branch checked out, HEAD is detached",
            hint="git switch to the branch that stands for main",
        )


def _left_out(project: Path) -> Callable[[str, list[str]], set[str]]:
    """What of a folder without history is not the project's: caches anywhere, environments and dist at its top."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        top = AT_THE_TOP & set(names) if Path(folder) == project else set()
        return top | CACHES(folder, names)

    return ignore
