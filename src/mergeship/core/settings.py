"""`[tool.mergeship]` in pyproject.toml, with `--set key=value` on top."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from mergeship.core import toml
from mergeship.core.intent import Policy
from mergeship.errors import Misconfigured

Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]+$")]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
Reviews = Annotated[int, msgspec.Meta(ge=0, le=6)]
Environment = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_.-]+)?$", max_length=255)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=360)]


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the project is tested."""

    command: str = "pytest -q"
    """Split like a shell line, run without a shell, in the fresh environment."""
    requires: tuple[str, ...] = ()
    """Requirements installed besides the project's own."""
    externals: tuple[str, ...] = ()
    """Programs of the machine that the command may be: any other one is of the fresh environment, or of the project."""
    extras: tuple[str, ...] | None = None
    """Extras to install; by default `test` or `tests`, if the project has one."""
    groups: tuple[str, ...] | None = None
    """Dependency groups to install; by default `test`, `tests` or `dev`, if no test extra exists."""


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is built."""

    wheel: bool = True
    """False ships only the sdist, for wheels that PyPI refuses."""


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where releases go, and where they are looked up."""

    upload: str = "pypi"
    """`pypi`, `testpypi`, or the address of an upload API."""
    simple: str = ""
    """Address of the simple API; by default found from `upload`."""
    deadline: Seconds = 300.0
    """Seconds for one upload, and for the wait until the index lists a release."""


class Forge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where pull requests are looked up, and how the repository is protected there."""

    deadline: Seconds = 90.0
    """Seconds for each question, with all that it takes to retry: GitHub may ask to wait for a minute."""
    leave: tuple[str, ...] = ()
    """Settings that are not planned, by their kind: someone else decides on them."""
    reviews: Reviews | None = None
    """Approving reviews of a pull request; by default one, and none if only one person can write."""


Role = Literal["write", "maintain", "admin"]


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who decides by hand."""

    by: Role | None = None
    """The role on the forge that it takes at least: by default `maintain` in an organization, else `write`."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Everything that can be set, with its default."""

    runs_on: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1)] = ("self-hosted",)
    """Labels of the runner."""
    timeout_minutes: Minutes = 30
    """Limit of each job."""
    intent: Policy = "checklist"
    """What says whether a pull request deploys: its checklist, its labels, a marker in its commit, or nothing."""
    auth: Literal["token", "trusted"] = "token"
    """What deploy uploads with: a stored token, or one that the index gives only to this workflow."""
    attestations: bool = True
    """Whether trusted uploads carry attestations, which name the repository in Sigstore's public log."""
    environment: Environment = "pypi"
    """The environment of the deploy job, to which the token belongs; empty for none."""
    pass_env: tuple[str, ...] = ()
    """Names of more environment variables that reach tests and builds: none that may hold a secret."""
    lease: Seconds = 7200.0
    """Seconds that a claim holds before its upload has begun."""
    name: str = ""
    """The project's name, if its files compute it."""
    version_files: tuple[str, ...] = ()
    """More places of the version, each as `path: line`, with `{version}` in the line."""
    decide: Decide = Decide()
    test: Test = Test()
    build: Build = Build()
    index: Index = Index()
    forge: Forge = Forge()

    @property
    def attests(self) -> bool:
        """Whether uploads carry attestations: indexes take them only from trusted publishers."""
        return self.auth == "trusted" and self.attestations


def load(pyproject: Mapping[str, Any], overrides: Sequence[str] = ()) -> Settings:
    """Settings from a parsed pyproject.toml and `key=value` texts, the last one winning.

    Raises Misconfigured for an unknown key (naming the nearest one) and for a value of the wrong type.
    """
    table = toml.table(pyproject, "tool").get("mergeship", {})
    settings = _convert(table, strict=True)
    if not overrides:
        return settings
    values: dict[str, Any] = msgspec.to_builtins(settings)
    for override in overrides:
        _override(values, override)
    return _convert(values, strict=False)


def keys() -> tuple[str, ...]:
    """Every key that `--set` takes."""
    defaults: dict[str, Any] = msgspec.to_builtins(Settings())
    names: list[str] = []
    for name, value in defaults.items():
        if isinstance(value, dict):
            names += [f"{name}.{key}" for key in value]
        else:
            names.append(name)
    return tuple(names)


def _override(table: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals:
        raise Misconfigured("setting-without-value", f"--set {text}: there is no '='", hint="write --set key=value")
    if key not in keys():
        raise Misconfigured("unknown-setting", f"--set {key}: no such setting", hint=_nearest(key))
    *sections, name = key.split(".")
    for section in sections:
        table = table[section]
    table[name] = _parse(key, value)


def _parse(key: str, value: str) -> Any:  # noqa: ANN401 - the type is the setting's, checked by msgspec
    if not _is_list(key):
        return value
    if not value.lstrip().startswith("["):
        return value.splitlines() if key == "version-files" else value.split()  # a place of the version is a line
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except ValueError as error:
        raise Misconfigured(
            "bad-setting", f"--set {key}: {value} is not a TOML list: {error}", hint='write ["one", "two"]'
        ) from error


def _is_list(key: str) -> bool:
    owner: Any = Settings
    *sections, name = key.split(".")
    for section in sections:
        owner = get_type_hints(owner)[section]
    return "tuple" in str(get_type_hints(owner)[name.replace("-", "_")])


def _convert(table: Any, *, strict: bool) -> Settings:  # noqa: ANN401 - anything may stand in a TOML file
    try:
        settings = msgspec.convert(table, Settings, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        place = re.search(r" - at `\$\.?(.*?)`$", message)
        section = place[1] if place else ""
        unknown = re.search(r"unknown field `(.*?)`", message)
        if unknown:
            key = f"{section}.{unknown[1]}".removeprefix(".")
            raise Misconfigured(
                "unknown-setting", f"[tool.mergeship] {key}: no such setting", hint=_nearest(key)
            ) from error
        plain = message.removesuffix(place[0]) if place else message
        raise Misconfigured(
            "bad-setting",
            f"[tool.mergeship] {section}: {plain}".replace("] :", "]:"),
            hint="the settings and their types are listed in the README",
        ) from error
    _check_kinds(settings.forge.leave)
    return settings


def _check_kinds(leave: Sequence[str]) -> None:
    """Refuse what is no setting of a forge; to know those takes a while, and hardly anyone leaves one."""
    if not leave:
        return
    from mergeship.core.forge.registry import KINDS

    for kind in leave:
        if kind not in KINDS:
            raise Misconfigured(
                "bad-setting", f"[tool.mergeship] forge.leave: no setting {kind!r}", hint=f"choose {', '.join(KINDS)}"
            )


def _nearest(key: str) -> str:
    near = difflib.get_close_matches(key, keys(), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"the settings are {', '.join(keys())}"
