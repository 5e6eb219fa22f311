"""Performs what a decision asks for: reads main and its policies, looks pull requests up."""

from collections.abc import Mapping
from functools import partial

import msgspec

from mergeship.adapters.github import Forge, people
from mergeship.core.progress import Note, Reporter
from mergeship.core.project import Source
from mergeship.core.release import commit_range
from mergeship.core.release.claim import (
    ClaimFacts,
    LookUpSkips,
    ProjectFacts,
    Question,
    ReadPolicies,
    policies_since,
    unconfirmed,
)
from mergeship.core.release.commit_range import Commit
from mergeship.core.release.decision import highest, require_role
from mergeship.core.trigger import Trigger
from mergeship.core.workflow import FOLDER
from mergeship.errors import Held
from mergeship.pipeline.merges import look_up_merges
from mergeship.pipeline.policies import policies
from mergeship.pipeline.project_state import ProjectState
from mergeship.pipeline.verify_ledger import Verified, last_skip

READ = 1000  # commits of main whose messages are read


def facts(state: ProjectState, source: Source, verified: Verified, commit: str, trigger: Trigger) -> ClaimFacts:
    """What is known of a commit before anyone is asked."""
    declared, settings = source.declared, state.settings
    return ClaimFacts(
        project=ProjectFacts(state.project, declared.version, declared.tag_prefix, settings.intent, state.lease),
        commit=commit,
        trigger=trigger,
        run=state.run,
        now=state.now,
        first_parents=_first_parents(state),
        ledger=verified.ledger,
        tags=state.refs.tags,
        listing=verified.listing,
        void=tuple(verified.belief.void),
        by_person=verified.by_person,
        unsourced=verified.belief.unsourced,
        doubtful=verified.doubtful,
        introduced=_introduced(state, verified),
    )


def _first_parents(state: ProjectState) -> tuple[Commit, ...]:
    """Main's first-parent line, the newest first; what is far back without its messages."""
    commits = [Commit(sha, text) for sha, text in state.repository.first_parents(state.refs.main, READ)]
    older = state.repository.older(commits[-1].sha) if len(commits) == READ else ()
    return (*commits, *map(Commit, older))


def _introduced(state: ProjectState, verified: Verified) -> str:
    """The commit that brought the pipeline to main: the record begins there, until there is a release."""
    if verified.ledger.skips or any(entry.begun for entry in verified.ledger.releases):
        return ""
    return state.repository.introduced(state.refs.main, "mergeship", FOLDER)


def learn(
    step: Question,
    known: ClaimFacts,
    state: ProjectState,
    source: Source,
    verified: Verified,
    environ: Mapping[str, str],
    *,
    report: Reporter,
) -> ClaimFacts:
    """What is known once a step is done. Raises Held if the forge does not answer."""
    if isinstance(step, ReadPolicies):
        return _read(step, known, state)
    if isinstance(step, LookUpSkips):
        report(Note("there is much since the last release: looking for a run that had nothing to ship"))
        return msgspec.structs.replace(known, skipped=last_skip(state, environ, report, verified, step))
    commits = "1 commit" if len(step.commits) == 1 else f"{len(step.commits)} commits"
    report(Note(f"looking up the pull requests of {commits}, since {step.since}"))
    return msgspec.structs.replace(known, merges=tuple(look_up_merges(state, source, step.commits, known, environ)))


def require_confirmed(
    state: ProjectState,
    source: Source,
    verified: Verified,
    trigger: Trigger,
    environ: Mapping[str, str],
    report: Reporter,
) -> None:
    """Raise Held if what steers secrets here is not what a person has confirmed who may, whatever decide said."""
    known = facts(state, source, verified, state.head, trigger)
    known = msgspec.structs.replace(known, trigger=with_role(known, state, environ, report))
    while unread := unconfirmed(known):
        known = _read(unread, known, state)


def _read(step: ReadPolicies, known: ClaimFacts, state: ProjectState) -> ClaimFacts:
    before = policies(state.repository, step.base, state.overrides) if step.base else None
    if step.base and before is None:
        words = f"{step.base[:12]} is not here, so what these merges change is not known"
        raise Held(
            "policy-changed", words, hint="run the job again; if it stays so, " + commit_range.confirm(step.head)
        )
    written = policies(state.repository, step.head, state.overrides)
    return msgspec.structs.replace(known, policies=(before, written))


def with_role(known: ClaimFacts, state: ProjectState, environ: Mapping[str, str], report: Reporter) -> Trigger:
    """The trigger with what the person may do who decides, if one does. Raises Held if that is not enough.

    It takes the higher role of those that the settings name now, and named before these merges; and whoever runs a
    decision again has to have it too.
    """
    person = known.trigger.by_hand
    if person is None:
        return known.trigger
    forge = Forge(environ, state.name, state.settings.forge.deadline, report)
    usual = "maintain" if forge.ask(people.in_organization) else "write"
    wanted = highest([state.settings.decide.by or usual, _role_before(known, state) or usual])
    again = environ.get("GITHUB_TRIGGERING_ACTOR") or person.actor
    for actor in dict.fromkeys((again, person.actor)):
        roles = forge.ask(partial(people.roles_of, login=actor))
        decided = require_role(msgspec.structs.replace(person, actor=actor), roles, wanted)
    return msgspec.structs.replace(known.trigger, by_hand=decided)


def _role_before(known: ClaimFacts, state: ProjectState) -> str:
    """The role that the setting named where a person has last confirmed it; empty for none."""
    try:
        before = policies(state.repository, since, state.overrides) if (since := policies_since(known)) else None
    except Held:
        return ""
    return (before or {}).get("decide.by", "")
