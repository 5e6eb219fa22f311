"""GitHub workflow files: written from settings, and read."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from mergeship.core.settings import Settings
from mergeship.errors import Misconfigured

FOLDER = ".github/workflows"
PATH = f"{FOLDER}/ci-cd.yml"
PULL_REQUEST_TEMPLATE = ".github/pull_request_template.md"
CHECKS = f"{FOLDER}/ci.yml"
TEMPLATES = {PATH: "ci-cd.yml", CHECKS: "ci.yml", PULL_REQUEST_TEMPLATE: "pull_request_template.md"}
"""The files of the pipeline, and the template of each."""
BUMP_SCRIPT = ".github/scripts/bump_patch.py"
BUMP_SCRIPT_TEMPLATE = "bump_patch.py"
"""For a pipeline that is written by hand, and goes without mergeship."""


_STORED = ["          PYPI_API_TOKEN: ${{ secrets.PYPI_API_TOKEN }}"]
_TRUSTED = ["      id-token: write # the identity that the index gives a token for"]
"""The lines of a template that one way to upload needs, and the other does not."""


SUFFIXES = (".yml", ".yaml")
"""Of workflow files."""
_STAGE = re.compile(
    r"^[ \t]*(?:(?:exec|uv run|uvx|python3? -m)[ \t]+)*mergeship (decide|build|deploy|sync)\b", re.MULTILINE
)
"""A line that calls a stage, and not one that speaks of it."""
_PULLS = {"pull_request", "pull_request_target"}
_HOSTED = ("ubuntu-", "windows-", "macos-")
_LARGEST = 1_000_000  # characters of a file
_DEEPEST = 100
_COMMIT = re.compile("[0-9a-f]{40}")


class Use(msgspec.Struct, frozen=True):
    """A `uses:` of a step or of a job."""

    job: str
    action: str
    """`owner/name`, with the folder inside it if there is one."""
    ref: str

    @property
    def is_pinned(self) -> bool:
        """Whether GitHub would run it if actions have to be pinned: workflows that are called need not be."""
        return self.action.endswith(SUFFIXES) or bool(_COMMIT.fullmatch(self.ref))

    @property
    def repository(self) -> str:
        """`owner/name`."""
        return "/".join(self.action.split("/")[:2])


class Workflow(msgspec.Struct, frozen=True):
    """What a rehearsal needs to know of a workflow file."""

    path: str
    jobs: tuple[str, ...]
    names: tuple[str, ...]
    """What each job is called for people, and its check too."""
    uses: tuple[Use, ...]
    """Remote ones only."""
    labels: tuple[str, ...]
    """Everything that `runs-on` names."""
    secrets: tuple[str, ...]
    identity: bool
    """Whether a job may ask for its identity."""
    ours: bool
    """Whether its steps are mergeship's stages."""


def render(template: str, settings: Settings) -> str:
    """A template with the settings filled in."""
    labels = settings.runs_on
    runs_on = labels[0] if len(labels) == 1 else f"[{', '.join(labels)}]"
    left_out = [] if settings.environment else ["    environment: @ENVIRONMENT@"]
    left_out += _STORED if settings.auth == "trusted" else _TRUSTED
    template = "".join(line for line in template.splitlines(keepends=True) if line.rstrip("\n") not in left_out)
    values = {"RUNS_ON": runs_on, "TIMEOUT": str(settings.timeout_minutes), "ENVIRONMENT": settings.environment}
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


def scalars(text: str) -> tuple[str, ...]:
    """Every value and every name in a YAML file, escapes resolved. Raises Misconfigured for what is no YAML.

    Whatever they are tagged as, and without building anything: what refers to another part of it is not followed.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, ScalarEvent

    values: list[str] = []
    depth = 0
    try:
        if len(text) > _LARGEST:
            raise ValueError(f"it is longer than {_LARGEST} characters")
        for event in YAML(pure=True).parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > _DEEPEST:
                raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
            if isinstance(event, ScalarEvent):
                values.append(event.value)
    except (YAMLError, ValueError) as error:
        raise Misconfigured("broken-workflow", f"it cannot be read: {error}", hint="fix the YAML") from error
    return tuple(values)


@lru_cache(16)  # the same file is read for each of a ledger's runs, and by several readers
def tree(text: str, path: str) -> Mapping[str, Any]:
    """A workflow file as YAML has it, with its mapping `jobs`. Raises Misconfigured for what is no workflow."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if max(len(text), 100 * (text.count("[") + text.count("{"))) > _LARGEST // 10:
        scalars(text)  # too large or too deep to be loaded
    try:
        parsed = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        position = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Misconfigured(
            "broken-workflow", f"{path}{position}: {error.problem or error.context}", hint="fix the YAML there"
        ) from error
    except (YAMLError, ValueError) as error:  # ValueError: a day that is none
        raise Misconfigured("broken-workflow", f"{path}: {error}", hint="fix the YAML") from error
    jobs = parsed.get("jobs") if isinstance(parsed, dict) else None
    if not isinstance(jobs, dict) or not all(isinstance(job, dict) for job in jobs.values()):
        raise Misconfigured("broken-workflow", f"{path} has no jobs", hint="it needs a mapping `jobs:`")
    whole: dict[str, Any] = parsed
    return whole


def read(text: str, path: str) -> Workflow:
    """A workflow file, read. Raises Misconfigured for what is no workflow."""
    whole = tree(text, path)
    jobs = whole["jobs"]
    return Workflow(
        path=path,
        jobs=tuple(str(name) for name in jobs),
        names=tuple(str(job.get("name") or name) for name, job in jobs.items()),
        uses=tuple(use for name, job in jobs.items() for use in _uses(str(name), job)),
        labels=tuple(dict.fromkeys(label for job in jobs.values() for label in _labels(job))),
        secrets=tuple(dict.fromkeys(re.findall(r"""\bsecrets(?:\.|\[\s*['"])([A-Za-z_]\w*)""", text))),
        identity=any(_may_identify(job) for job in (whole, *jobs.values())),
        ours=any(
            re.search(r"\bmergeship build\b", str(step.get("run"))) for job in jobs.values() for step in _steps(job)
        ),
    )


def stages(text: str, path: str) -> Mapping[str, frozenset[str]]:
    """The jobs of each of mergeship's stages, as runs name them. Raises Misconfigured for what is no workflow.

    A stage that no step calls in so many words is not there, nor is one whose job is called by an expression or a
    matrix.
    """
    jobs: dict[str, frozenset[str]] = {}
    unclear: set[str] = set()
    for identity, job in tree(text, path)["jobs"].items():
        name = str(job.get("name") or identity)
        for step in _steps(job):
            for stage in _STAGE.findall(str(step.get("run", ""))):
                jobs[stage] = jobs.get(stage, frozenset()) | {name}
                unclear |= {stage} if "${{" in name or "strategy" in job else set()
    return {stage: names for stage, names in jobs.items() if stage not in unclear}


def without_condition(text: str, path: str) -> frozenset[str]:
    """The jobs whose own `if` asks for no job before them, as runs name them: they begin whatever was decided.

    Raises Misconfigured for what is no workflow.
    """
    jobs = tree(text, path)["jobs"].items()
    told = [job for _, job in jobs if "needs." in str(job.get("if", ""))]
    return frozenset(str(job.get("name") or identity) for identity, job in jobs if job not in told)


def shares_runner(texts: Mapping[str, str], deploying: str) -> tuple[str, ...]:
    """The workflow files whose pull requests may run on the machine that deploys; `deploying` is that pipeline's path.

    Two jobs meet on a runner of one's own unless each asks for a label that the other does not.
    """
    runners = list(_runners(texts, deploying))
    deploys = [labels for path, labels in runners if path == deploying]
    return tuple(
        dict.fromkeys(
            path
            for path, labels in runners
            if path != deploying and any(labels <= other or other <= labels for other in deploys)
        )
    )


def _runners(texts: Mapping[str, str], deploying: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The labels of each job of one's own runners that deploys, or that runs for pull requests."""
    for path, text in texts.items():
        try:
            whole = tree(text, path)
        except Misconfigured:
            continue  # GitHub does not run it
        for job in whole["jobs"].values():
            labels = frozenset(label.lower() for label in _labels(job))
            hosted = any(label.startswith(_HOSTED) for label in labels)
            wanted = _deploys(job) if path == deploying else _PULLS & set(_names(whole.get("on")))
            if wanted and labels and not hosted:
                yield path, labels


def _deploys(job: dict[str, Any]) -> bool:
    return any("deploy" in _STAGE.findall(str(step.get("run", ""))) for step in _steps(job))


def _names(value: object) -> list[str]:
    """What `on:` names, be it one event, a list, or a mapping."""
    if isinstance(value, dict | list):
        return [str(name) for name in value]
    return [str(value)]


def _may_identify(holder: dict[str, Any]) -> bool:
    """Whether the permissions of a workflow or of a job include its identity."""
    permissions = holder.get("permissions")
    return permissions == "write-all" or (isinstance(permissions, dict) and permissions.get("id-token") == "write")


def _steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    steps = job.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _uses(name: str, job: dict[str, Any]) -> Iterator[Use]:
    for holder in (job, *_steps(job)):
        action, at, ref = str(holder.get("uses", "")).partition("@")
        if at and not action.startswith(("./", "docker://")):
            yield Use(name, action, ref)


def _labels(job: dict[str, Any]) -> list[str]:
    """What `runs-on` names; for an expression, whatever stands in the matrix."""
    runs_on = job.get("runs-on", [])
    if isinstance(runs_on, dict):
        runs_on = runs_on.get("labels", [])
    labels = [str(label) for label in runs_on] if isinstance(runs_on, list) else [str(runs_on)]
    if any("${{" in label for label in labels):
        strategy = job.get("strategy")
        labels += _texts(strategy.get("matrix") if isinstance(strategy, dict) else None)
    return [label for label in labels if "${{" not in label]


def _texts(value: object) -> list[str]:
    """Every text inside of lists and mappings, each of which counts once: an alias may lead back to itself."""
    values, seen = [value], {id(value)}
    for inner in values:  # grows while it is read
        held = inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        new = [one for one in held if isinstance(one, str) or id(one) not in seen]
        seen.update(map(id, new))
        values += new
    return [text for text in values if isinstance(text, str)]
