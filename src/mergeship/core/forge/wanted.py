"""What the settings of a repository should be, so that no release is doubled, lost, or shipped by a stranger."""

from collections.abc import Iterator

import msgspec

from mergeship.core.forge.setting import (
    ADMINISTRATORS,
    MAIN,
    OUR_TAGS,
    OURS,
    TAGS,
    TOKEN,
    Actions,
    Actual,
    Check,
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
from mergeship.core.settings import Kind, Settings

LABELS = (
    Label("deploy", "0e8a16", "Merging this pull request ships a release"),
    Label("no-deploy", "cfd3d7", "Merging this pull request ships nothing"),
    Label("bump:patch", "bfdadc", "The release raises the third number of the version"),
    Label("bump:minor", "bfd4f2", "The release raises the second number of the version"),
    Label("bump:major", "d4c5f9", "The release raises the first number of the version"),
    Label("feature", "a2eeef", "In the release notes: something new"),
    Label("fix", "d73a4a", "In the release notes: something mended"),
    Label("chore", "fef2c0", "In the release notes: upkeep"),
    Label("documentation", "0075ca", "In the release notes: words"),
)
"""What the gate reads, and what release notes sort by."""


class Wish(msgspec.Struct, frozen=True):
    """What a setting should be, why, and what it would be if it also lost what others have put there."""

    wanted: Setting | None
    """None for what should not be there."""
    why: str
    found: Setting | None
    stripped: Setting | None = None
    """The same without what mergeship did not create; None for nothing at all."""
    removes: str = ""
    """What that is, in words; empty where there is nothing of the kind."""


class Asked(msgspec.Struct, frozen=True):
    """What the project says of itself."""

    settings: Settings
    contexts: tuple[str, ...]
    """The checks that its workflows report on a pull request."""
    replace_token: bool = False
    unpinned: tuple[str, ...] = ()
    """Actions that its workflows do not name by their whole commit, each with its workflow."""


def wishes(actual: Actual, asked: Asked) -> tuple[list[Wish], list[str]]:
    """Every setting as it should be, and what a person has to know besides."""
    notes: list[str] = []
    families: dict[Kind, Iterator[Wish]] = {
        "merging": _merging(actual),
        "protection": _protection(actual, asked, notes),
        "tag-protection": _tags(actual),
        "workflow-permissions": _permissions(actual),
        "actions": _actions(actual, asked, notes),
        "fork-approval": _forks(actual, notes),
        "environment": _environment(actual, asked, notes),
        "secret": _secret(actual, asked, notes),
        "label": _labels(actual),
    }
    leave = asked.settings.forge.leave
    if leave:
        notes.append(f"left to somebody else: {', '.join(leave)}")
    return [wish for kind, family in families.items() if kind not in leave for wish in family], notes


def _merging(actual: Actual) -> Iterator[Wish]:
    wanted = Merging(squash=True, title="PR_TITLE", message="PR_BODY", delete_branch=True)
    why = "the squash commit keeps the checklist, which nobody can edit later"
    yield Wish(wanted, why, actual.find(Merging))


def _protection(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Wish]:
    if "protection" in actual.lacking:
        notes.append(f"main cannot be protected here: {actual.lacking['protection']}. Whoever can write can push to it")
        return
    found = actual.find(Protection)
    have = found if isinstance(found, Protection) else None
    checks = tuple(Check(context, actual.actions_app) for context in asked.contexts)
    alone = len(actual.writers) == 1
    fewest = _reviews(have, asked, alone=alone)
    # Whoever has asked for more reviews knows why; ours are what the settings say.
    reviews = fewest if have is None or have.ruleset == OURS else max(fewest, have.reviews)
    if alone and asked.settings.forge.reviews is None:
        notes.append(
            f"{actual.writers[0]} alone can write here, and nobody approves an own pull request: no review is needed"
        )
    more = tuple(sorted(check for check in have.checks if check.context not in asked.contexts)) if have else ()
    bypass = tuple(who for who in have.bypass if who != ADMINISTRATORS) if have else ()
    wanted = Protection(
        by=have.by if have else "ruleset", ruleset=have.ruleset if have else OURS, active=True, covers=True,
        pull_requests=True, reviews=reviews, squash=True, checks=tuple(sorted({*checks, *more})), strict=True,
        linear=True, force_pushes=False, deletions=False, bypass=bypass,
    )  # fmt: skip
    stripped = msgspec.structs.replace(wanted, checks=tuple(sorted(set(checks))), bypass=(), reviews=fewest)
    others = [*(f"the check {check.context!r}" for check in more), *(f"the bypass of {who}" for who in bypass)]
    others += [f"{reviews - fewest} of {reviews} reviews"] if reviews > fewest else []
    notes += [f"besides, {words}" for words in actual.besides]
    why = "main takes nothing but pull requests that were tested and say clearly whether they deploy"
    yield Wish(wanted, why, have, stripped if others else None, ", ".join(others))


def _reviews(have: Protection | None, asked: Asked, *, alone: bool) -> int:
    if asked.settings.forge.reviews is not None:
        return asked.settings.forge.reviews
    return 0 if alone else max(1, have.reviews if have else 1)


def _tags(actual: Actual) -> Iterator[Wish]:
    if "tag-protection" in actual.lacking:
        return
    found = actual.find(TagProtection)
    have = found if isinstance(found, TagProtection) else None
    bypass = have.bypass if have else ()
    name, creations = (have.ruleset, have.creations) if have else (OUR_TAGS, True)
    wanted = TagProtection(
        name, active=True, covers=True, creations=creations, updates=False, deletions=False, bypass=bypass
    )
    stripped = msgspec.structs.replace(wanted, bypass=(), creations=True)
    others = [f"the bypass of {who}" for who in bypass]
    others += [] if creations else [f"the rule that nobody makes a tag {TAGS}, which deploy has to make"]
    yield Wish(wanted, "the tag of a release stays where it is", have, stripped, ", ".join(others))


def _permissions(actual: Actual) -> Iterator[Wish]:
    why = "each job asks for what it needs, and the job `sync` opens the version pull request"
    yield Wish(WorkflowPermissions("read", pull_requests=True), why, actual.find(WorkflowPermissions))


def _actions(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Wish]:
    found = actual.find(Actions)
    if not isinstance(found, Actions):
        notes.append("which actions may run was not checked: GitHub did not tell")
        return
    pinned = None if found.pinned is None else True
    if pinned and asked.unpinned:
        loose = f"{', '.join(asked.unpinned)}: name them by their whole commit"
        words = "GitHub does not run" if found.pinned else "that actions are pinned is not asked for yet, because of"
        notes.append(f"{words} {loose}")
        pinned = found.pinned
    if pinned is None:
        notes.append("whether actions have to be pinned was not checked: this server does not tell")
    if found.allowed not in {"all", ""}:
        notes.append(f"the allowed actions are {found.allowed}: those that the workflows use have to be among them")
    yield Wish(Actions(True, found.allowed, pinned), "actions run, and are pinned: a tag can be moved", found)


def _forks(actual: Actual, notes: list[str]) -> Iterator[Wish]:
    if "fork-approval" in actual.lacking:
        if not actual.private:
            notes.append(f"the approval of forks' workflows was not checked: {actual.lacking['fork-approval']}")
        return
    why = "a fork's pull request runs code on the self-hosted runner"
    yield Wish(ForkApproval("all_external_contributors"), why, actual.find(ForkApproval))


def _environment(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Wish]:
    name = asked.settings.environment
    if not name:
        notes.append("the setting environment is empty: every writer can read the token, by a workflow on a branch")
        return
    if "environment" in actual.lacking:
        notes.append(
            f"environments are not to be had here ({actual.lacking['environment']}): every writer can read the token, "
            "by a workflow on a branch"
        )
        return
    found = actual.find(Environment, name)
    have = found if isinstance(found, Environment) else None
    kept = tuple(branch for branch in have.branches if _names_more(branch)) if have else ()
    wanted = Environment(name, tuple(sorted({MAIN, *kept})))
    stripped = Environment(name, (MAIN,)) if kept else None
    removes = ", ".join(f"{branch} as a place to deploy from" for branch in kept)
    yield Wish(wanted, "only what is on main can reach the token", have, stripped, removes)


def _names_more(branch: str) -> bool:
    return branch != MAIN and not branch.startswith("(")


def _secret(actual: Actual, asked: Asked, notes: list[str]) -> Iterator[Wish]:
    name = asked.settings.environment
    environment = "" if "environment" in actual.lacking else name
    if name and "environment" in asked.settings.forge.leave and actual.find(Environment, name) is None:
        notes.append(f"the secret {TOKEN} waits for the environment {name}, which is left to somebody else")
        return
    stored = {secret.environment: secret for secret in actual.settings if isinstance(secret, Secret)}
    if asked.settings.attests and actual.private:
        notes.append(
            "this repository is private, and attestations name it in Sigstore's public log: "
            "attestations = false leaves them out"
        )
    if asked.settings.auth == "trusted":
        for secret in stored.values():
            yield Wish(secret, "", secret, *_without(secret))
        return
    here = stored.get(environment)
    wanted = Secret(TOKEN, environment, here.updated if here and not asked.replace_token else "")
    where = f"in the environment {environment}" if environment else "of the repository"
    yield Wish(wanted, f"deploy uploads with it; it is kept {where}", here)
    if environment and "" in stored:
        yield Wish(stored[""], "", stored[""], *_without(stored[""]))
        if here is None:
            notes.append(f"the repository's own secret {TOKEN} cannot be read and moved: its value is asked for anew")


def _without(secret: Secret) -> tuple[None, str]:
    where = f"of the environment {secret.environment}" if secret.environment else "of the whole repository"
    return None, f"the secret {secret.name} {where}, which nothing needs"


def _labels(actual: Actual) -> Iterator[Wish]:
    have = {label.name.lower(): label for label in actual.settings if isinstance(label, Label)}
    for label in LABELS:
        found = have.get(label.name.lower())
        yield Wish(found or label, "the gate and the release notes read it", found)
