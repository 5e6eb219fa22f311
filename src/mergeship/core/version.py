"""The next version: above everything that was ever published, tagged or declared."""

import re
from collections.abc import Iterable

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mergeship.errors import Held

PATCH = 3  # numbers in major.minor.patch


class Next(msgspec.Struct, frozen=True):
    """The version to release, and why that one."""

    version: str
    reasons: tuple[str, ...]


def next_version(name: str, declared: str, published: Iterable[str], tags: Iterable[str]) -> Next:
    """The version to release.

    `name` is the project's normalized name, `declared` a PEP 440 version; `published` and `tags` may hold
    anything: what is no version, or a tag of something else, is ignored.
    Before the first release the declared version is raised. Afterwards a declared version above everything
    used ships as written (a development or local version as the release that it leads to), and otherwise the
    highest one used is raised.
    Raises Held where 0.x is declared and something of 1.0 or more was used: 0.x is never left by accident.
    """
    own = Version(declared)
    used = [(version, f"the index has {version}") for version in _versions(published)]
    used += [(version, f"there is a tag {tag}") for tag in tags for version in _tagged(name, tag)]
    _stay_below_one(own, used)
    if not used:
        following = bump_patch(own)
        return Next(str(following), (f"{declared} is declared, and nothing was released yet",))
    highest, reason = max(used, key=lambda item: item[0])
    if own > highest and own.is_devrelease:
        return Next(str(bump_patch(own)), (f"{declared} is declared, and leads there",))
    if Version(own.public) > highest:
        return Next(own.public, (f"{declared} is declared, above all that was used: {reason}",))
    return Next(str(bump_patch(highest)), (reason, f"{declared} is declared"))


def bump_patch(version: Version) -> Version:
    """The next patch version; a pre-release becomes the release that it leads to. The epoch is kept."""
    numbers = (*version.release, 0, 0)[:PATCH]
    epoch = f"{version.epoch}!" if version.epoch else ""
    leads_to = Version(epoch + ".".join(map(str, version.release)))
    if leads_to > version:
        return leads_to
    major, minor, patch = numbers
    return Version(f"{epoch}{major}.{minor}.{patch + 1}")


def _stay_below_one(own: Version, used: list[tuple[Version, str]]) -> None:
    if own.epoch or own.major:
        return
    for version, reason in used:
        if version.epoch or version.major:
            raise Held(
                "would-leave-0x",
                f"{own} is declared, but {reason}: the next version would leave 0.x",
                hint="remove that tag or release, or declare a version of 1.0 or more",
            )


def _versions(texts: Iterable[str]) -> list[Version]:
    found = []
    for text in texts:
        try:
            found.append(Version(text))
        except InvalidVersion:
            continue
    return found


def _tagged(name: str, tag: str) -> list[Version]:
    """The version in a tag of this project: `v1.2.3`, `1.2.3`, `name-1.2.3`, `name/v1.2.3`, `release-1.2.3`."""
    prefix, _, version = tag.rpartition("/") if "/" in tag else _split(tag)
    if prefix and prefix.lower() != "release" and canonicalize_name(prefix) != name:
        return []
    return _versions([version.removeprefix("v")]) if version[:2].strip("v")[:1].isdigit() else []


def _split(tag: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(?:(.+?)([-@_]))?(v?\d[^-@_]*)", tag)
    return (match[1] or "", match[2] or "", match[3]) if match else ("", "", "")
