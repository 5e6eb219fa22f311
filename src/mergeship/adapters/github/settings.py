"""A repository's settings on GitHub: all of them read, and one at a time written.

What somebody else has set besides is read just before, and kept.
Source: https://docs.github.com/rest (repos, actions, deployments, issues)
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast

from mergeship.adapters.github import environments, protection, secrets
from mergeship.adapters.github.connection import (
    ADMIN_READ,
    ADMIN_WRITE,
    FORBIDDEN,
    NOT_FOUND,
    Connection,
    Refused,
    unless,
)
from mergeship.core.forge.setting import (
    Actions,
    Actual,
    Environment,
    ForkApproval,
    Label,
    Merging,
    Protection,
    Secret,
    Setting,
    TagProtection,
    WorkflowPermissions,
)
from mergeship.errors import Held, Misconfigured

_UPGRADE = "upgrade to"
"""GitHub's words for what a plan does not include."""


async def actual(ask: Connection, environment: str, leave: Collection[str] = ()) -> Actual:
    """Everything of a repository, but for the kinds to `leave`. `environment` is the one that matters, empty for none.

    Raises Misconfigured for a repository that cannot be set up, Held for what cannot be read.
    """
    with as_github(ask):
        return await _actual(ask, environment, leave)


@contextmanager
def as_github(ask: Connection) -> Iterator[None]:
    """Raises Held for answers that lack what GitHub's have."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        words = f"{ask.api} did not answer like GitHub: {type(error).__name__} {error}"
        hint = "check GITHUB_API_URL: that of GitHub Enterprise Server ends with /api/v3"
        raise Held("forge-unreadable", words, hint=hint) from error


async def _actual(ask: Connection, environment: str, leave: Collection[str]) -> Actual:
    repository = await ask.item(ask.base)
    _refuse(repository, ask.repository)
    if await unless(NOT_FOUND, ask.item(f"{ask.base}/branches/main", "contents=read")) is None:
        raise Misconfigured(
            "no-main", f"{ask.repository} has no branch main yet", hint="push it first: git push origin HEAD:main"
        )
    private = bool(repository.get("private"))
    writers = await _writers(ask)
    app = await unless(NOT_FOUND, ask.item("/apps/github-actions"))
    found: list[Setting] = [_merging(repository)]
    lacking: dict[str, str] = {}
    single: dict[str, Callable[[Connection], Awaitable[Setting | None]]] = {
        "protection": protection.of_main,
        "tag-protection": protection.of_tags,
        "workflow-permissions": _workflow_permissions,
        "actions": _actions,
        "fork-approval": _fork_approval,
        "environment": lambda ask: environments.read(ask, environment),
    }
    # A secret belongs to its environment, which is read for its sake.
    unread = {*leave} if "secret" in leave else {*leave} - {"environment"}
    for kind, read in single.items():
        if kind in unread:
            continue
        if (kind == "fork-approval" and private) or (kind == "environment" and not environment):
            lacking[kind] = "not asked for"
            continue
        if kind == "environment" and private and _UPGRADE in lacking.get("protection", "").lower():
            # An empty list is what GitHub says to the question itself; it refuses when one is made.
            lacking[kind] = lacking["protection"]
            continue
        try:
            one = await read(ask)
        except Refused as refused:
            if not _not_here(kind, refused):
                raise
            lacking[kind] = refused.said
        else:
            found += [one] if one is not None else []
    there = environment if any(isinstance(one, Environment) for one in found) else ""
    found += await secrets.stored(ask, there) if "secret" not in leave else ()
    found += await _labels(ask) if "label" not in leave else ()
    unprotected = "protection" in leave or "protection" in lacking
    besides = () if unprotected else await protection.besides(ask, found)
    full_name = str(repository["full_name"])
    return Actual(full_name, private, writers, int(app["id"]) if app else 0, tuple(found), lacking, besides)


async def again(ask: Connection, setting: Setting) -> Setting | None:
    """One setting as it is now; None where it is not there. Raises Held for what cannot be read."""
    with as_github(ask):
        return await _again(ask, setting)


async def _again(ask: Connection, setting: Setting) -> Setting | None:
    kind = type(setting)
    if kind is Merging:
        return _merging(await ask.item(ask.base))
    if kind is Label:
        found = await unless(NOT_FOUND, ask.item(f"{ask.base}/labels/{_quoted(setting.name)}"))
        return _label(found) if found else None
    if isinstance(setting, Secret):
        return next((one for one in await secrets.stored(ask, setting.environment) if _same(one, setting)), None)
    if isinstance(setting, Environment):
        return await environments.read(ask, setting.name)
    one: dict[type, Callable[[Connection], Awaitable[Setting | None]]] = {
        Protection: protection.of_main,
        TagProtection: protection.of_tags,
        WorkflowPermissions: _workflow_permissions,
        Actions: _actions,
        ForkApproval: _fork_approval,
    }
    return await one[kind](ask)


async def write(ask: Connection, before: Setting | None, after: Setting | None, value: str) -> None:
    """Put one setting from what it was to what it should be. `value` is that of a secret."""
    match after or before:
        case Protection() as wanted:
            await protection.write(ask, wanted)
        case TagProtection() as tags:
            await protection.write_tags(ask, tags)
        case Environment() as environment:
            await environments.write(ask, cast("Environment | None", before), environment)
        case Secret() as secret:
            await (secrets.store(ask, secret, value) if after else secrets.remove(ask, secret))
        case Label() as label:
            words = {"name": label.name, "color": label.color, "description": label.description}
            await ask.write("POST", f"{ask.base}/labels", words, "issues=write")
        case Merging() | WorkflowPermissions() | Actions() | ForkApproval() as plain:
            method, path, body = _request(plain)
            await ask.write(method, f"{ask.base}{path}", body, ADMIN_WRITE)
        case None:
            raise ValueError("a change from nothing to nothing")


def _request(setting: Merging | WorkflowPermissions | Actions | ForkApproval) -> tuple[str, str, dict[str, Any]]:
    """The one request that writes a setting: method, path below the repository, body."""
    match setting:
        case Merging():
            return "PATCH", "", {
                "allow_squash_merge": setting.squash,
                "squash_merge_commit_title": setting.title,
                "squash_merge_commit_message": setting.message,
                "delete_branch_on_merge": setting.delete_branch,
            }  # fmt: skip
        case WorkflowPermissions():
            return "PUT", "/actions/permissions/workflow", {
                "default_workflow_permissions": setting.default,
                "can_approve_pull_request_reviews": setting.pull_requests,
            }  # fmt: skip
        case Actions():
            allowed = {"allowed_actions": setting.allowed} if setting.allowed else {}
            pinned = {} if setting.pinned is None else {"sha_pinning_required": setting.pinned}
            body = {"enabled": setting.enabled, **pinned, **allowed}
            return "PUT", "/actions/permissions", body
        case ForkApproval():
            return "PUT", f"/{_FORKS}", {"approval_policy": setting.policy}


_FORKS = "actions/permissions/fork-pr-contributor-approval"


def _same(one: Secret, other: Secret) -> bool:
    return (one.name, one.environment) == (other.name, other.environment)


def _not_here(kind: str, refused: Refused) -> bool:
    """Whether a refusal means that there is no such thing here, and not that it may not be read."""
    if refused.status == FORBIDDEN and _UPGRADE in refused.said.lower():
        return True
    return kind in {"fork-approval", "environment"} and refused.status == NOT_FOUND


def _refuse(repository: dict[str, Any], asked: str) -> None:
    name = str(repository["full_name"])
    if name.lower() != asked.lower():
        raise Misconfigured(
            "repository-renamed",
            f"{asked} is called {name} now",
            hint=f"git remote set-url origin {repository.get('clone_url') or name}",
        )
    if repository.get("archived"):
        raise Misconfigured(
            "repository-archived", f"{name} is archived: nothing of it can be changed", hint="unarchive it"
        )
    if "allow_squash_merge" not in repository:
        raise Misconfigured(
            "forge-permission",
            f"{name} does not show its settings to you",
            hint="somebody who administrates it has to do this, with a token that has the permission "
            "administration=write: gh auth login, or GH_TOKEN",
        )
    branch = repository.get("default_branch")
    if branch != "main":
        raise Misconfigured(
            "other-default-branch",
            f"the default branch of {name} is called {branch}, and releases are made from main",
            hint=f"rename it: gh api -X POST repos/{name}/branches/{branch}/rename -f new_name=main",
        )


async def _writers(ask: Connection) -> tuple[str, ...]:
    """The people who may write."""
    found = await ask.all(f"{ask.base}/collaborators?permission=push&per_page=100")
    return tuple(sorted(one["login"] for one in found if one.get("type") != "Bot"))


def _merging(repository: dict[str, Any]) -> Merging:
    return Merging(
        squash=bool(repository["allow_squash_merge"]),
        title=str(repository.get("squash_merge_commit_title")),
        message=str(repository.get("squash_merge_commit_message")),
        delete_branch=bool(repository.get("delete_branch_on_merge")),
    )


async def _workflow_permissions(ask: Connection) -> WorkflowPermissions:
    found = await ask.item(f"{ask.base}/actions/permissions/workflow", ADMIN_READ)
    return WorkflowPermissions(
        str(found["default_workflow_permissions"]), bool(found["can_approve_pull_request_reviews"])
    )


async def _actions(ask: Connection) -> Actions:
    found = await ask.item(f"{ask.base}/actions/permissions", ADMIN_READ)
    pinned = found.get("sha_pinning_required")
    allowed = str(found.get("allowed_actions", ""))
    return Actions(bool(found["enabled"]), allowed, None if pinned is None else bool(pinned))


async def _fork_approval(ask: Connection) -> ForkApproval:
    found = await ask.item(f"{ask.base}/{_FORKS}", ADMIN_READ)
    return ForkApproval(str(found["approval_policy"]))


async def _labels(ask: Connection) -> list[Label]:
    found = map(_label, await ask.all(f"{ask.base}/labels?per_page=100"))
    return sorted(found, key=lambda label: label.name)


def _label(found: dict[str, Any]) -> Label:
    return Label(str(found["name"]), str(found["color"]), str(found.get("description") or ""))


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
