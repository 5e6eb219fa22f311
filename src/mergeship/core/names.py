"""Names of projects (PEP 503); packaging is loaded only for those that are not normalized."""

from mergeship.errors import Misconfigured


def normalized(name: str) -> str:
    """The name as an index spells it. Raises Misconfigured for one that no index takes."""
    if _is_normalized(name):
        return name
    from packaging.utils import InvalidName, canonicalize_name

    try:
        return canonicalize_name(name, validate=True)
    except InvalidName as error:
        raise Misconfigured(
            "bad-name",
            f"{name!r} is not a name that an index takes",
            hint="letters, digits, '.', '_' and '-' (the core metadata specification, Name)",
        ) from error


def loosely(name: str) -> str:
    """The same for any text, to compare by: an extra's name, or what stands before a version in a tag."""
    if _is_normalized(name):
        return name
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _is_normalized(name: str) -> bool:
    return name.isascii() and name == name.lower() and all(part.isalnum() for part in name.split("-"))
