"""The origin of a checkout: read in one question, and pushed to by compare-and-swap, never by force."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from mergeship.adapters.git.repository import Repository, lines
from mergeship.core.environ import FORGE_TOKEN
from mergeship.core.release.ledger import FILE, REF, REPAIR
from mergeship.core.text import one_line, without_password
from mergeship.errors import Held, Misconfigured, Overtaken
from mergeship.process import ProcessFailed
from mergeship.web import refuse_clear

MAIN = "refs/heads/main"
GITHUB = "https://github.com"
AUTHOR = "mergeship@users.noreply.github.com"
_BY_BUTTON = "noreply@github.com"
"""The committer of what GitHub makes for someone who presses a button: "Update branch", for one."""
RENAMED = "git remote set-url origin URL; in a workflow, start a new run"
SILENCE = "30"  # seconds in which a server has to send something
DEADLINE = 30.0  # seconds of trying again
LONGEST = 120.0  # seconds of one question: git itself waits for a server for ever
_FETCH = 900.0  # a large history takes minutes
_LEDGER = 8 * 1024 * 1024  # bytes of the ledger: a hundred times what a hundred releases take
# The words of git and curl for a transient failure.
_PASSES = re.compile(
    r"error: 5\d\d|error: 429|RPC failed|early EOF|hung up|reset|timed out|too slow|Could not resolve|Couldn't connect"
    r"|Failed to connect|Empty reply|unexpected disconnect|returned error: 5",
    re.IGNORECASE,
)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DENIED = re.compile(r"40[134]|denied|not found|could not read Username|Authentication failed", re.IGNORECASE)
_MOVED_AWAY = re.compile(r"returned error: 30[12378]")
_NO_LOGIN = re.compile(r"could not read Username|Authentication failed|401", re.IGNORECASE)
_REJECTED = re.compile(
    r"^!\t[^\t]*:(?P<ref>\S+)\t\[(?P<who>rejected|remote rejected)\] \((?P<words>.*)\)$", re.MULTILINE
)
# Words that mean that someone else was faster; all others are a refusal.
_MOVED = re.compile(
    r"fetch first|non-fast-forward|stale info|incorrect old value|cannot lock ref|failed to update ref|already exists"
)


class Refs(msgspec.Struct, frozen=True):
    """Where the origin's refs are; commits, empty for what is not there."""

    main: str
    ledger: str
    tags: dict[str, str]
    """Name to commit; an annotated tag's commit is the one that it points to."""


class PushResult(msgspec.Struct, frozen=True):
    """What became of a push of several refs, which is done whole or not at all."""

    done: bool
    refused: dict[str, str] = {}
    """Refs that the origin does not take, with its words."""
    moved: tuple[str, ...] = ()
    """Refs that someone else moved first."""


class Origin:
    """The remote `origin` of a checkout, with the token of `environ` if the remote is of that forge."""

    def __init__(self, repository: Repository, environ: Mapping[str, str]) -> None:
        self.repository = repository
        self.url = repository.origin()
        env = repository.env | {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": SILENCE}
        env |= _login(self.url, environ)
        self._remote = Repository(repository.path, env)

    def refs(self) -> Refs:
        """Where main, the ledger and the tags are. Raises Held if that cannot be read."""
        output = self._asked("ls-remote", "--quiet", "origin", MAIN, REF, "refs/tags/*")
        advertised = {name: sha for sha, _, name in (line.partition("\t") for line in lines(output))}
        tags = {
            name.removeprefix("refs/tags/"): advertised.get(f"{name}^{{}}", sha)
            for name, sha in advertised.items()
            if name.startswith("refs/tags/") and not name.endswith("^{}")
        }
        return Refs(advertised.get(MAIN, ""), advertised.get(REF, ""), tags)

    def fetch(self, refs: Refs) -> None:
        """Have the commits of main and of the ledger here, the whole history of them. Raises Held."""
        wanted = {name: sha for name, sha in ((MAIN, refs.main), (REF, refs.ledger)) if sha}
        types = self._types(wanted.values())
        shallow = self.repository.git("rev-parse", "--is-shallow-repository").strip() == "true"
        if shallow or " missing" in types:
            deepen = ["--unshallow"] if shallow else []
            self._asked("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *deepen, "origin", *wanted)
            types = self._types(wanted.values())
        if " tree " in types or " blob " in types:
            raise Held("ledger-unreadable", f"{REF} is on something that is no commit", hint=REPAIR)

    def _types(self, objects: Iterable[str]) -> str:
        return self.repository.git("cat-file", "--batch-check", given="".join(f"{name}\n" for name in objects))

    def fetch_commit(self, commit: str) -> None:
        """Have one commit here, with its history. Raises Held if the origin does not give it."""
        self._asked("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", commit)

    def contains(self, commit: str, earlier: str) -> bool:
        """Whether `commit` is `earlier` or comes after it; no, if one of them is not here."""
        try:
            self.repository.git("merge-base", "--is-ancestor", earlier, commit)
        except ProcessFailed:
            return False
        return True

    def outside(self, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of some commits that `commit` does not contain: made later or elsewhere, or not here at all."""
        asked = list(dict.fromkeys([commit, *others]))
        given = "\n".join(sha if _SHA.fullmatch(sha) else "0" * 40 for sha in asked)
        answers = self.repository.git("cat-file", "--batch-check", given=f"{given}\n").split("\n") if others else []
        here = {sha for sha, answer in zip(asked, answers, strict=False) if " commit " in answer}
        if commit not in here:
            return frozenset(others)
        listed = self.repository.git("rev-list", "--stdin", given="\n".join([*here, f"^{commit}", ""])).split()
        beyond = set(listed)
        return frozenset(sha for sha in others if sha not in here or sha in beyond)

    def ledger(self, commit: str) -> str:
        """The ledger's document at a commit. Raises Held if there is none."""
        try:
            text = self.repository.git("cat-file", "blob", f"{commit}:{FILE}")
        except ProcessFailed as error:
            raise Held(
                "ledger-unreadable", f"{REF} at {commit[:12]} holds no {FILE} that can be read", hint=REPAIR
            ) from error
        if (size := len(text.encode())) > _LEDGER:
            words = f"{FILE} at {commit[:12]} has {size} bytes, and a ledger has at most {_LEDGER}"
            raise Held("ledger-unreadable", words, hint=REPAIR)
        return text

    def write(self, text: str, message: str, parent: str, seconds: float) -> str:
        """A commit of the ledger, only in this repository; `parent` is empty for the first one."""
        return self.commit({FILE: ("100644", text)}, message, parent, seconds)

    def commit(self, files: Mapping[str, tuple[str, str]], message: str, parent: str, seconds: float) -> str:
        """A commit on top of another, only in this repository: each file by its path, with its mode and its text."""
        lines = [
            "commit refs/mergeship/written",
            "mark :1",
            f"committer mergeship <{AUTHOR}> {int(seconds)} +0000",
            _data(message),
            *([f"from {parent}"] if parent else []),
        ]
        for path, (mode, text) in files.items():
            lines += [f"M {mode} inline {_quoted(path)}", _data(text)]
        return self.repository.git(
            "fast-import", "--quiet", "--force", given="\n".join([*lines, "get-mark :1", ""])
        ).strip()

    def branches(self, prefix: str) -> dict[str, str]:
        """The branches whose names begin so, with their commits. Raises Held if that cannot be read."""
        output = self._asked("ls-remote", "--quiet", "origin", f"refs/heads/{prefix}*")
        pairs = (line.partition("\t") for line in lines(output))
        return {name.removeprefix("refs/heads/"): sha for sha, _, name in pairs}

    def strangers(self, commit: str, main: str) -> set[str]:
        """Whose commits a branch has besides ours, and main has not: addresses, or the commit if there is none.

        A merge is nobody's if git would have made it alike; a commit of ours that GitHub has put on top of main is
        ours.
        """
        self.fetch_commit(commit)
        log = self.repository.git("log", "--format=%H%x00%P%x00%ae%x00%ce", commit, f"^{main}")
        who = set()
        for line in lines(log):
            sha, parents, author, committer = line.split("\0")
            if author == AUTHOR and committer in {AUTHOR, _BY_BUTTON}:
                continue
            if not self._plain_merge(sha, parents.split()):
                who.add(committer or author or sha[:12])
        return who

    def _plain_merge(self, commit: str, parents: list[str]) -> bool:
        if len(parents) != 2:  # noqa: PLR2004 - of a merge
            return False
        try:
            made = self.repository.git("merge-tree", "--write-tree", *parents).split()[0]
        except ProcessFailed:
            return False
        return made == self.repository.git("rev-parse", f"{commit}^{{tree}}").strip()

    def move(self, branch: str, commit: str, before: str) -> None:
        """Put a branch that is ours on a commit; `before` is where it is now, empty for a new one. Raises Held.

        Nobody else's commit is lost: the origin refuses if the branch is not at `before`, which raises Overtaken.
        """
        self._put(branch, commit, before)

    def delete(self, branch: str, before: str) -> None:
        """Delete a branch that is ours, and at `before`. Raises Held, Overtaken among it."""
        self._put(branch, "", before)

    def _put(self, branch: str, commit: str, before: str) -> None:
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{before}"
        try:
            self._retried("push", "--porcelain", "--no-verify", lease, "origin", f"{commit}:{ref}")
        except ProcessFailed as error:
            rejected = _REJECTED.search(error.output)
            if rejected is None:
                raise self._unreachable(error, "contents: write") from error
            words = one_line(_words(error.output, rejected["words"]))
            if _MOVED.search(rejected["words"]):
                raise Overtaken("branch-moved", f"someone else moved {branch} in the meantime") from error
            hint = f"a ruleset or the token's permissions forbid it; both have to allow pushing {branch}"
            raise Held("branch-refused", f"the origin refused {branch}: {words}", hint=hint) from error

    def push(self, wanted: Mapping[str, str]) -> PushResult:
        """Put commits on refs, all of them or none. Raises Held if the origin cannot be reached or takes nothing.

        A push whose answer is lost is resolved by the next look at the refs.
        """
        changes = [f"{commit}:{ref}" for ref, commit in wanted.items()]
        try:
            self._retried("push", "--porcelain", "--atomic", "--no-verify", "origin", *changes)
        except ProcessFailed as error:
            return self._not_pushed(error, wanted)
        return PushResult(done=True)

    def _not_pushed(self, error: ProcessFailed, wanted: Mapping[str, str]) -> PushResult:
        rejected = {match["ref"]: match["words"] for match in _REJECTED.finditer(error.output)}
        if not rejected:
            now = self.refs()  # the answer may have been lost, and the push not
            if now.ledger == wanted.get(REF):
                return PushResult(done=True)
            raise self._unreachable(error, "contents: write") from error
        # A ref may also be rejected because of another one, or of a race that git calls by the same words.
        own = {ref: words for ref, words in rejected.items() if "atomic" not in words} or rejected
        moved = tuple(ref for ref, words in own.items() if "atomic" in words or _MOVED.search(words))
        refused = {ref: one_line(_words(error.output, message)) for ref, message in own.items() if ref not in moved}
        return PushResult(done=False, refused=refused, moved=moved)

    def _asked(self, *arguments: str) -> str:
        try:
            return self._retried(*arguments)
        except ProcessFailed as error:
            raise self._unreachable(error, "contents: read") from error

    def _retried(self, *arguments: str) -> str:
        from tenacity import Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

        attempts = Retrying(
            retry=retry_if_exception(_passes),
            wait=wait_random_exponential(0.2, max=10),
            stop=stop_before_delay(DEADLINE),
            reraise=True,
        )
        return attempts(self._remote.git, *arguments, seconds=_FETCH if arguments[0] == "fetch" else LONGEST)

    def _unreachable(self, error: ProcessFailed, permission: str) -> Held:
        message = one_line(
            " ".join(line for line in error.output.splitlines() if line.startswith(("fatal", "remote", "error")))
        )
        if _MOVED_AWAY.search(message):
            words = f"{without_password(self.url)} is elsewhere now: {message[:300]}"
            raise Held("repository-renamed", words, hint=RENAMED) from error
        denied = bool(_DENIED.search(message))
        hint = f"the token in {FORGE_TOKEN} needs the permission {permission}" if denied else "run the job again later"
        if _NO_LOGIN.search(message):
            hint = (
                f"the token in {FORGE_TOKEN} is missing, wrong or has expired; or it lacks the permission {permission}"
            )
        return Held(
            "no-permission" if denied else "origin-unreachable",
            f"{without_password(self.url)}: {message[:300] or error.message}",
            hint=hint,
        )


def _passes(error: BaseException) -> bool:
    return isinstance(error, ProcessFailed) and bool(_PASSES.search(error.output)) and "rejected]" not in error.output


def _quoted(path: str) -> str:
    """A path as `git fast-import` takes it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _data(text: str) -> str:
    """A text as `git fast-import` takes it.

    Source: https://git-scm.com/docs/git-fast-import
    """
    return f"data {len(text.encode())}\n{text}"


def _words(output: str, reason: str) -> str:
    """What the server itself says beside git's own word for the refusal."""
    remote = [line.removeprefix("remote:").strip() for line in output.splitlines() if line.startswith("remote:")]
    return f"{reason}: {' '.join(remote)}" if any(remote) else reason


def _login(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The token as git's own configuration, by the environment: nowhere in argv, and for one host only."""
    token = environ.get(FORGE_TOKEN, "").strip()
    try:
        server, here = urlsplit(environ.get("GITHUB_SERVER_URL") or GITHUB), urlsplit(url)
    except ValueError as error:
        words = f"the origin {without_password(url)!r}, or GITHUB_SERVER_URL, is no address: {error}"
        raise Misconfigured("bad-address", words, hint="git remote set-url origin URL") from error
    if not token or (here.scheme, here.netloc) != (server.scheme, server.netloc):
        return {}
    refuse_clear(url, "the remote origin")
    encoded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    pairs: Sequence[tuple[str, str]] = [
        (f"http.{server.scheme}://{server.netloc}/.extraheader", ""),  # drops what a checkout has left
        (f"http.{server.scheme}://{server.netloc}/.extraheader", f"AUTHORIZATION: basic {encoded}"),
        ("credential.helper", ""),
        ("http.followRedirects", "false"),  # git would send the header on to another host
    ]
    settings = {
        f"GIT_CONFIG_{kind}_{number}": pair[kind == "VALUE"]
        for number, pair in enumerate(pairs)
        for kind in ("KEY", "VALUE")
    }
    return {"GIT_CONFIG_COUNT": str(len(pairs)), **settings}


def owner_and_name(url: str) -> str:
    """`owner/name` at the end of an origin's address; for a folder, its own name."""
    path = urlsplit(url).path if "://" in url else url.rpartition(":")[2]
    parts = [part for part in path.removesuffix("/").removesuffix(".git").split("/") if part.strip(".")]
    return "/".join(parts[-2:] if len(parts) > 1 else ["local", *parts])
