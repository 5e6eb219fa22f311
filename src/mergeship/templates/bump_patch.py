"""Raise the version in [project] of pyproject.toml above everything that the index has, and touch nothing else.

Written by `mergeship init --bump-script`. It needs Python 3.11 or newer, and nothing else: run it in the project's
folder, before each upload. A second run gives a fresh version even if the first one was never committed, because
the index is asked. It prints `Bumped version to X.Y.Z`, or `error: …` and then exits with 1, having written nothing.
"""

import json
import os
import re
import sys
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

INDEX = "@SIMPLE@"  # the simple API
DEADLINE = 60.0  # seconds for the index to answer
MAX_PAGE = 64 * 1024 * 1024  # bytes
MAX_VERSION = 200  # characters
NOT_FOUND = 404
JSON = "application/vnd.pypi.simple.v1+json"

# https://packaging.python.org/en/latest/specifications/version-specifiers/#appendix-parsing-version-strings-with-regular-expressions
VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?P<pre>[-_.]?(?P<stage>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-(?P<post_bare>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE | re.ASCII,
)
STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Refused(Exception):
    """Why there is no next version."""


class Version:
    """A version (PEP 440) that can be compared; its local part is left out."""

    def __init__(self, text: str) -> None:
        match = VERSION.fullmatch(text.strip())
        if not match or len(text) > MAX_VERSION:
            raise ValueError(text)
        self.epoch = int(match["epoch"] or 0)
        self.release = tuple(map(int, match["release"].split(".")))
        stage = (match["stage"] or "").lower()
        self.pre = (STAGES.get(stage, stage), int(match["pre_n"] or 0)) if match["pre"] else None
        self.post = int(match["post_bare"] or match["post_n"] or 0) if match["post"] else None
        self.dev = int(match["dev_n"] or 0) if match["dev"] else None

    @property
    def key(self) -> tuple[object, ...]:
        """What PEP 440 sorts by."""
        numbers = list(self.release)
        while numbers and not numbers[-1]:
            numbers.pop()
        first, last = ("",), ("z",)
        alone = self.dev is not None and self.pre is None and self.post is None  # 1.0.dev1 comes before 1.0a1
        pre = self.pre or (first if alone else last)
        return self.epoch, numbers, pre, -1 if self.post is None else self.post, self.dev is None, self.dev or 0

    @property
    def below_one(self) -> bool:
        """Whether it is 0.x."""
        return not self.epoch and not self.release[0]

    @property
    def text(self) -> str:
        """The normal form."""
        suffix = f"{self.pre[0]}{self.pre[1]}" if self.pre else ""
        suffix += f".post{self.post}" if self.post is not None else ""
        suffix += f".dev{self.dev}" if self.dev is not None else ""
        return self._with(self.release) + suffix

    def raised(self) -> str:
        """The next patch version; a pre-release becomes the release that it leads to."""
        leads_to = self._with(self.release)
        if Version(leads_to).key > self.key:
            return leads_to
        major, minor, patch = (*self.release, 0, 0)[:3]
        return self._with((major, minor, patch + 1))

    def _with(self, release: tuple[int, ...]) -> str:
        return (f"{self.epoch}!" if self.epoch else "") + ".".join(map(str, release))


def next_version(declared: str, published: list[str]) -> str:
    """The declared version raised; once something is published, above all of that.

    A declared version above everything published is kept as it is written.
    """
    try:
        own = Version(declared)
    except ValueError as error:
        raise Refused(f"[project] version is {declared!r}, and not one like 0.1.0 (PEP 440)") from error
    used = []
    for text in published:
        try:
            used.append(Version(text))
        except ValueError:
            continue  # no version, so in nobody's way
    if not used:
        return own.raised()
    if own.below_one:
        for version in used:
            if not version.below_one:
                raise Refused(
                    f"{declared} is declared, but the index has {version.text}: the next version would leave 0.x. "
                    "Declare a version of 1.0 or more if that is meant"
                )
    highest = max(used, key=lambda version: version.key)
    leads_to = own.raised() if own.dev is not None else own.text
    return leads_to if Version(leads_to).key > highest.key else highest.raised()


def rewrite(text: str, version: str) -> str:
    """The text with that version in [project], and every other character as it was."""
    before = parse(text)
    old = before["project"]["version"]
    before["project"]["version"] = version
    for spot in re.finditer(rf"(?<=['\"]){re.escape(old)}(?=['\"])", text):
        after = text[: spot.start()] + version + text[spot.end() :]
        try:
            if repr(tomllib.loads(after)) == repr(before):
                return after
        except (ValueError, RecursionError):
            continue
    raise Refused(f'[project] version is {old}, but not written out in one piece: write it as version = "{old}"')


def parse(text: str) -> dict[str, Any]:
    """The parsed pyproject.toml of a project with a name and a version."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"pyproject.toml is not valid TOML: {error}") from error
    project = document.get("project")
    for key in ("name", "version"):
        if not isinstance(project, dict) or not isinstance(project.get(key), str):
            raise Refused(f"pyproject.toml has no text as [project] {key}, and this script changes nothing else")
    return document


class SameIndex(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within the index only: what another one lists says nothing of this one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request that follows, in urllib's words."""
        here, target = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (here.scheme, here.netloc) != (target.scheme, target.netloc):
            fp.close()
            raise Refused(f"{req.full_url} sends us to another index: {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def published(index: str, name: str) -> list[str]:
    """The versions that the index has; none for a project that it does not know."""
    project = re.sub(r"[-_.]+", "-", name).lower()
    url = f"{index.rstrip('/')}/{project}/"
    if not url.startswith(("https://", "http://")):
        raise Refused(f"{index} is no address of an index")
    request = urllib.request.Request(url, headers={"Accept": JSON, "Cache-Control": "no-cache"})
    try:
        with urllib.request.build_opener(SameIndex).open(request, timeout=DEADLINE) as answer:
            body = read_all(answer, time.monotonic() + DEADLINE)
        page = json.loads(body)
        versions, files = page["versions"], page["files"]
        if not str(page["meta"]["api-version"]).startswith("1.") or not isinstance(versions, list):
            raise TypeError(page)
        if page.get("project-status", {}).get("status") == "quarantined":
            raise Refused(f"{url} keeps the project in quarantine, and does not show what was published")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == NOT_FOUND:
            return []
        raise Refused(f"{url} answered {error.code} {error.reason}: what is published is not known") from error
    except (OSError, HTTPException) as error:
        raise Refused(f"{url} cannot be reached: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"{url} did not answer with the JSON of the simple API (PEP 700)") from error
    if files and not versions:
        raise Refused(f"{url} lists files and no version")
    return sorted(map(str, versions))


def read_all(answer: HTTPResponse, until: float) -> bytes:
    """The body of an answer, as long as it keeps coming in time."""
    body = bytearray()
    while chunk := answer.read(65536):
        body += chunk
        if len(body) > MAX_PAGE or time.monotonic() > until:
            raise TimeoutError("the answer is too long, or takes too long")
    return bytes(body)


def write(path: Path, text: str) -> None:
    """Write the file whole: a crash leaves the old one or the new one."""
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with partial.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def index_address() -> str:
    """The index to ask; a rehearsal names its own in MERGESHIP_SET."""
    for line in os.environ.get("MERGESHIP_SET", "").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "index.simple" and value:
            return value
    return INDEX


def main() -> str:
    """Bump the project in this folder, and say to which version."""
    path = Path("pyproject.toml")
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError as error:
        raise Refused(f"there is no pyproject.toml in {Path.cwd()}: run this in the project's folder") from error
    except UnicodeDecodeError as error:
        raise Refused(f"pyproject.toml is not UTF-8: {error}") from error
    project = parse(text.removeprefix("\ufeff"))["project"]
    version = next_version(project["version"], published(index_address(), project["name"]))
    if Version(version).key != Version(project["version"]).key or "+" in project["version"]:
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        write(path, mark + rewrite(text.removeprefix("\ufeff"), version))
    return version


if __name__ == "__main__":
    try:
        print(f"Bumped version to {main()}")
    except (Refused, OSError) as error:
        sys.exit(f"error: {' '.join(str(error).split())}")
