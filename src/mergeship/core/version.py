"""The next version: above everything that was ever published, tagged, claimed or declared."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from mergeship.core import names, pep440
from mergeship.errors import Held, Misconfigured

if TYPE_CHECKING:
    from packaging.version import Version

Part = Literal["patch", "minor", "major"]
PARTS: tuple[Part, ...] = ("patch", "minor", "major")
FIRST = "0.1.0"
"""The first version of a project that declares none."""
TAG_LENGTH = 64
"""Characters of a version in a tag: anyone may push one, and what follows has to be a version, too."""
LEAVE = "mergeship bump --to 1.0.0 --leave-0x"


class Used(NamedTuple):
    """A version that is taken."""

    version: str
    """As a version (PEP 440)."""
    reason: str
    """Where it is, in words: `the index has 0.1.6, uploaded 2026-11-20`."""
    published: bool = False
    """Whether an index has it."""


class BumpRequest(NamedTuple):
    """What is asked of the next version."""

    part: Part = "patch"
    to: str = ""
    """This version and no other; empty for none in particular."""
    leave_0x: bool = False
    """Whether 1.0 or more may be reached; only together with `to`."""


class Next(NamedTuple):
    """The version to release, and why that one."""

    version: str
    """In normal form (PEP 440)."""
    reasons: tuple[str, ...]


def next_version(declared: str | None, used: Sequence[Used], request: BumpRequest = BumpRequest()) -> Next:  # noqa: B008 - it is frozen
    """The version to release.

    `declared` is None for a version that comes from tags. Before the first release the declared version is
    raised. Afterwards a declared version above everything used ships as written (a development or local version
    as the release that it leads to), and otherwise the highest one used is raised, by the part that is wished.
    Raises Held if 0.x would be left without `leave_0x`, or if the version that is wished is taken;
    Misconfigured if that one is not a version for an index.
    """
    _check(request)
    texts = [
        FIRST if declared is None else declared,
        *(use.version for use in used),
        *filter(None, [request.to]),
    ]
    versions = pep440.comparable(texts)
    own = None if declared is None else versions[0]
    taken = list(zip(versions[1 : len(used) + 1], (use.reason for use in used), strict=True))
    if not request.leave_0x:
        released = [pair for pair, use in zip(taken, used, strict=True) if use.published]
        _stay_below_one(own, taken, released or taken)
    highest, reason = max(taken, key=lambda item: item[0]) if taken else (None, "no release is known")
    if request.to:
        return _as_requested(versions[-1], request, own, highest, reason)
    because = f"{declared} is declared"
    if highest is None:
        if own is None:
            return Next(FIRST, (reason,))
        return Next(_raised(own, request.part), (f"{because}, and {reason}",))
    following = _raised(highest, request.part)
    if own is None:
        return Next(following, (reason,))
    leads_to = _raised(own, "patch") if own.is_devrelease else own.public
    if own > highest and _reaches(leads_to, highest, following, request.part):
        why = f"{because}, and leads there" if own.is_devrelease else f"{because}, above all that was used: {reason}"
        return Next(leads_to, (why,))
    return Next(following, (reason, because))


def raised(version: str, part: Part = "patch") -> str:
    """The next version by that part, as a final release. A pre-release becomes the release that it leads to.

    Raises Held for a major version after 0.x.
    """
    return _raised(pep440.comparable([version])[0], part)


def tagged(name: str, tags: Iterable[str], prefix: str = "") -> list[Used]:
    """The versions in a repository's tags: `v1.2.3`, `1.2.3`, `name-1.2.3`, `name/v1.2.3`, `release-1.2.3`.

    `name` is the project's normalized name; tags of something else are left out. `prefix` is one that the project
    has set for its tags.
    """
    versions = []
    for tag in tags:
        version = (
            _version_at_start(tag)
            or (_version_at_start(tag.removeprefix(prefix)) if prefix else "")
            or _version_after_name(name, tag)
        )
        if version:
            versions.append(Used(version, f"there is a tag {tag}"))
    return versions


def _check(request: BumpRequest) -> None:
    if request.leave_0x and not request.to:
        raise Misconfigured("usage", "--leave-0x goes with --to", hint=LEAVE)
    if not request.to:
        return
    if not pep440.is_version(request.to):
        raise Misconfigured(
            "bad-version", f"--to {request.to!r} is not a version (PEP 440)", hint="write one like 0.2.0 or 0.2.0rc1"
        )
    if "+" in request.to:
        raise Misconfigured(
            "bad-version", f"--to {request.to}: an index takes no local version", hint="leave out the '+…'"
        )


def _as_requested(
    version: "Version", request: BumpRequest, own: "Version | None", highest: "Version | None", reason: str
) -> Next:
    if highest is not None and version <= highest:
        raise Held("version-taken", f"{version} is not above what was used: {reason}", hint="choose a higher one")
    if own is not None and version < own:
        raise Held("version-taken", f"{version} is below {own}, which is declared", hint="choose a higher one")
    base = own if own is not None else highest
    below = base is None or _is_0x(base)
    if below and not _is_0x(version) and not request.leave_0x:
        raise Held("would-leave-0x", f"{version} would leave 0.x", hint=f"say so: {LEAVE}")
    if _is_0x(version) and request.leave_0x:
        raise Misconfigured("usage", f"--leave-0x, but {version} does not leave 0.x", hint=LEAVE)
    return Next(str(version), ("it was asked for", reason))


def _stay_below_one(
    own: "Version | None", taken: "Sequence[tuple[Version, str]]", released: "Sequence[tuple[Version, str]]"
) -> None:
    """Raise Held if something of 1.0 or more was used by a project of 0.x.

    Without a declaration, the highest release decides what it is; before the first one, the highest tag does.
    """
    if own is None and not released:
        return
    base, who = (own, f"{own} is declared") if own is not None else max(released, key=lambda pair: pair[0])
    if not _is_0x(base):
        return
    for version, reason in taken:
        if not _is_0x(version):
            raise Held(
                "would-leave-0x",
                f"{who}, but {reason}: the next version would leave 0.x",
                hint=f"delete it if it is a stray (a rule that keeps tags has to be lifted); or leave 0.x above "
                f"{version}: mergeship bump --to V --leave-0x",
            )


def _is_0x(version: "Version") -> bool:
    return not version.epoch and not version.major


def _text(version: "Version", numbers: Sequence[int]) -> str:
    return (f"{version.epoch}!" if version.epoch else "") + ".".join(map(str, numbers))


def _raised(version: "Version", part: Part) -> str:
    """The lowest final release above a version whose lower parts are zero, as `part` asks for.

    So a pre-release becomes the release that it leads to. The epoch is kept; post-release and local parts, and a
    fourth number, are not.
    """
    major, minor, patch = _padded(version)
    if part == "major" and _is_0x(version):
        raise Held("would-leave-0x", f"a major version after {version} would leave 0.x", hint=f"say so: {LEAVE}")
    floor, above = {
        "patch": (version.release, (major, minor, patch + 1)),
        "minor": ((major, minor, 0), (major, minor + 1, 0)),
        "major": ((major, 0, 0), (major + 1, 0, 0)),
    }[part]
    low = _text(version, floor)
    first, own = pep440.comparable([low, str(version)])
    return low if first > own else _text(version, above)


def _reaches(text: str, highest: "Version", following: str, part: Part) -> bool:
    """Whether a version is above everything used, and as far above as wished."""
    version, top, wished = pep440.comparable([text, str(highest), following])
    enough = (version.epoch, *_padded(version)) >= (wished.epoch, *_padded(wished))
    return version > top and (part == "patch" or enough)


def _padded(version: "Version") -> tuple[int, int, int]:
    major, minor, patch = (*version.release, 0, 0)[:3]
    return major, minor, patch


def _version_after_name(name: str, tag: str) -> str:
    """The version behind the project's name, or behind a usual word, the path before them left out."""
    for separator in re.finditer(r"[-_@/]", tag):
        word = tag[: separator.start()].rstrip("/@").rpartition("/")[2]
        version = _version_at_start(tag[separator.end() :])
        if version and names.loosely(word) in {name, *_WORDS}:
            return version
    return ""


_WORDS = {"release", "releases", "rel", "version", "versions"}


def _version_at_start(text: str) -> str:
    """What follows a `v` or `v.`, if that is a version; empty if it is none."""
    version = text[1:].removeprefix(".") if text[:1] in {"v", "V"} else text
    usual = version[:1].isdecimal() and len(version) <= TAG_LENGTH
    return version if usual and pep440.is_version(version) else ""
