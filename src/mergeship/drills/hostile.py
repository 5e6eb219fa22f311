"""Drills of text that others wrote, and of secrets that others would like to read."""

import base64
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil

from mergeship.drills.drill import Drill
from mergeship.drills.engine import Played, played, statuses
from mergeship.drills.env import SHIP, DrillSession, demand
from mergeship.drills.merges import dispatch

MARKER = "mergeship-was-here"
_SHELL = (
    "$(touch {})", "`touch {}`", "; touch {} ;", "| touch {}", "&& touch {}", "|| touch {}", "\n touch {}\n", "' ; touch {} ; '",
    '" ; touch {} ; "', "$( touch {} )", "${{IFS}}touch${{IFS}}{}", "<(touch {})", ">{}", ">> {}", "\\$(touch {})", "a\0touch {}",
    "'$(touch {})'", '"$(touch {})"', "%0atouch {}", "\r\ntouch {}", "EOF\ntouch {}\nEOF", "--upload-pack=touch {}",
    "--receive-pack=touch {}", "--exec=touch {}", "-c core.sshCommand='touch {}'", "ext::sh -c 'touch {}'", "!touch {}",
    "${{ touch {} }}", "{{{{ 7*7 }}}} touch {}", "%(touch {})s",
)  # fmt: skip
_EXPRESSIONS = (
    "${{ github.token }}", "${{ secrets.PYPI_API_TOKEN }}", "${{ toJSON(secrets) }}", "${{ env.GITHUB_TOKEN }}",
    "::set-output name=ship::true", "::add-path::/tmp/evil", "::set-env name=PATH::/tmp", "::stop-commands::x",
    "::save-state name=x::y", "::error::fake", "ship=true", "version=9.9.9", "decision=ship\nversion=9.9.9",
    "ship<<EOF\ntrue\nEOF", "unfinished=[{}]",
)  # fmt: skip
_LAYOUT = (
    "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\u202egnp.exe", "\u200b\u200b", "a" * 60_000, "[" * 2_000, "> " * 3_000, "<!--" * 500,
    "```" * 300, "|" * 3_000, "- [x] " * 2_000, "\ud7ff\ufffd", "[bold red]markup[/]", "<script>alert(1)</script>", "../../etc/passwd",
)  # fmt: skip
_CHECKLISTS = (
    "<!--\n- [x] Deployment PR\n-->", "```\n- [x] Deployment PR\n```", "~~~\n- [x] Deployment PR\n~~~", "> - [x] Deployment PR",
    "`- [x] Deployment PR`", "- [x] ~~Deployment PR~~", "- [x]Deployment PR", "[x] Deployment PR", "<p>- [x] Deployment PR</p>",
    "- [x] Not a Deployment PR", "- [x] Deployment  plan", "- [ ] Deployment PR\n- [ ] Non-deployment PR",
)  # fmt: skip
NO = "\n\n- [ ] Deployment PR\n- [x] Non-deployment PR\n"


def payloads(marker: str) -> Iterator[tuple[str, str]]:
    """Titles and bodies. None of them may run, and none may make the pipeline ship."""
    for text in (*(shell.format(marker) for shell in _SHELL), *_EXPRESSIONS, *_LAYOUT):
        yield text, f"{text}{NO}"
        yield "feat: fine", f"{NO}\n{text}"
    for text in _CHECKLISTS:
        yield "feat: fine", f"{text}{NO}"


def _hostile(session: DrillSession) -> str:
    with played(session) as play:
        drill = play.drill
        marker = drill.testbed.box.root / MARKER
        play.run(play.merged(1), 1)
        given = list(payloads(str(marker)))
        first = len(drill.testbed.repo.pull_requests) + 1
        for number, (title, body) in enumerate(given):
            shown = title.replace("\0", "")[:5_000]
            branch = f"feature/x$(touch${{IFS}}{MARKER})-{number}" if number % 3 == 0 else f"-evil-{number}"
            labels = ("deploy", "bump:major", f"$(touch {marker})") if number % 5 == 0 else ()
            author = f"evil$(touch {marker})" if number % 2 else f"ci-bot; touch {marker}"
            drill.merged(body.replace("\0", ""), shown, branch=branch, author=author, labels=labels, fork="evil/obk")
        held = drill.decide()
        demand(held.document.get("decision") in {"skip", "hold"}, f"decide: {held.message[:300]}")
        shipping = [reason for reason in held.document["reasons"] if 'ticks "Deployment PR"' in reason]
        demand(len(held.document["reasons"]) >= len(given) and not shipping, f"{shipping[:3]}")
        shown = drill.runner.shown("decide", "--dry-run", event=drill.push, preload=session.preload)
        demand(f"#{first}: " in shown, f"nothing was shown: {shown[:200]}")
        demand(not any(bad in shown for bad in ("\x1b", "\u202e", "##[")), "an escape sequence came through")
        commands = [line for line in shown.splitlines() if line.lstrip().startswith("::")]
        own = [line for line in commands if line.startswith(f"::error title=mergeship hold::hold: #{first}: ")]
        demand(commands == own and len(own) == 1, f"a command of the runner came through: {str(commands)[:300]}")
        _gate_each(play, first, len(given))
        settled = drill.decide(event=dispatch("skip", "nobody means any of this"))
        demand(settled.status == 0, f"decide: {settled.message[:300]}")
        evil = f"feature/x$(touch${{IFS}}{MARKER})-last"
        everything = "\n".join(title.replace("\0", "")[:2_000] for title, _ in given[::2])
        drill.merged(SHIP, given[0][0], branch=evil, author=f"evil$(touch {marker})", message=everything)
        merge = drill.testbed.origin.pulled(drill.before, drill.main, given[0][0])
        jobs = play.run(merge, 2)
        demand(jobs == statuses(*["passed"] * 4), f"{jobs}")
        markers = [str(path) for path in drill.testbed.box.root.rglob(f"*{MARKER}*") if path.name == MARKER]
        demand(not markers and not marker.exists(), f"a marker was made: {markers}")
        demand(drill.ledger.entry("9.9.9") is None, "9.9.9 was claimed")
        return f"{len(given)} payloads in titles, bodies, branches, authors and labels: no marker, no release of theirs"


def _gate_each(play: Played, first: int, number: int) -> None:
    """`gate` on some of them, one by one."""
    for pull in range(first, first + number, 40):
        ran = play.drill.runner.call("gate", "--pr", str(pull))
        demand(ran.document.get("decision") in {"skip", "hold"}, f"gate --pr {pull}: {ran.message[:300]}")


def _canary(session: DrillSession) -> str:
    with played(session) as play:
        drill = play.drill
        seen: set[str] = set()
        watched = _Watch(drill.testbed.box.root, seen)
        with watched:
            jobs = play.run(play.merged(1), 1)
            demand(jobs == statuses(*["passed"] * 4), f"{jobs}")
            drill.merged()
            drill.claimed(run="2")
            refused = drill.deploy(run="2", more={"PYPI_API_TOKEN": f"{drill.testbed.catalog.token}x"})
            finished = drill.deploy(run="2")
            demand(finished.status == 0, f"deploy: {finished.message}")
        places = {"the log": "\n".join(play.log), "a report": refused.output + finished.output, "argv": "\n".join(seen)}
        hits = []
        for name, secret in (("PYPI_API_TOKEN", drill.testbed.catalog.token), ("GITHUB_TOKEN", drill.testbed.token)):
            spellings = _spellings(name, secret)
            hits += [
                f"{name} in {place}"
                for place, text in places.items()
                if any(spelling in text for spelling in spellings)
            ]
            hits += [
                f"{name} in {path}" for path in _files(drill.testbed.box.root, spellings, drill.testbed.box.secrets)
            ]
        log = drill.bare.git("log", "--all", "-p", "refs/mergeship/ledger")
        hits += [
            name
            for name, secret in (("ledger", drill.testbed.token), ("ledger", drill.testbed.catalog.token))
            if secret in log
        ]
        demand(not hits, f"found: {', '.join(hits[:5])}")
        demand(len(seen) > 10, f"only {len(seen)} processes were seen")  # noqa: PLR2004
        return f"0 hits in logs, reports, ledger, files and the arguments of {len(seen)} processes"


def _spellings(name: str, secret: str) -> list[str]:
    """A secret as it is, and as it is hidden."""
    # Base64 looks different at each of three beginnings; what the neighbours change is cut off.
    encoded = [base64.b64encode(b"x" * skip + secret.encode()).decode()[4:-4] for skip in range(3)]
    plain = [secret, secret[::-1], quote(secret, safe=""), *encoded]
    user = {"PYPI_API_TOKEN": "__token__", "GITHUB_TOKEN": "x-access-token"}[name]
    return [*plain, base64.b64encode(f"{user}:{secret}".encode()).decode().rstrip("=")]


def _files(root: Path, spellings: list[str], allowed: Path) -> Iterator[Path]:
    """The files below a folder that hold one of the spellings."""
    wanted = [spelling.encode() for spelling in spellings]
    for path in root.rglob("*"):
        plain = path != allowed and path.is_file() and not path.is_symlink()
        if plain and any(spelling in content for content in _contents(path) for spelling in wanted):
            yield path


def _contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and of everything that is packed in it."""
    yield path.read_bytes()
    if path.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif path.name.endswith(".tar.gz"):
        with tarfile.open(path) as packed:
            yield from (member.read() for info in packed if (member := packed.extractfile(info)))
    elif path.parent.parent.name == "objects":
        yield zlib.decompress(path.read_bytes())


class _Watch:
    """Notes the arguments of every process below this one, as anyone on the machine can."""

    def __init__(self, root: Path, seen: set[str]) -> None:
        from threading import Event, Thread

        self._seen = seen
        self._root = str(root)
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process(os.getpid())
        while not self._ended.wait(0.02):
            for process in me.children(recursive=True):
                try:
                    self._seen.add(" ".join(process.cmdline()))
                except psutil.Error:
                    continue  # it has ended


DRILLS = (
    Drill(
        "hostile-pull-request", "100 payloads and more in everything that a stranger writes", "they stay text", _hostile
    ),
    Drill("secret-canary", "the tokens are searched for everywhere", "0 hits", _canary),
)
