"""What a run on a commit does: the one way to a decision, for `gate` and `decide`."""

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from mergeship.core import pep440
from mergeship.core.event import Note, Tell
from mergeship.core.listing import Listing
from mergeship.core.release import commit_range, decision
from mergeship.core.release.commit_range import Beginning, Commit, Range
from mergeship.core.release.decision import Decision
from mergeship.core.trigger import Trigger
from mergeship.core.version import tagged
from mergeship.errors import Held
from mergeship.pipeline.merges import merged, policy_before
from mergeship.pipeline.standing import Standing

READ = 5000  # commits of main that are read: a run of an old commit is found among them


class Decided(msgspec.Struct, frozen=True):
    """A decision, and what it was taken on."""

    span: Range
    decision: Decision
    listed: Listing


def decided(
    standing: Standing, listed: Listing, commit: str, trigger: Trigger, environ: Mapping[str, str], tell: Tell
) -> Decided:
    """What a run on `commit` does; `listed` is what the index has. Raises Held for what cannot be read."""
    settings = standing.source.settings
    line = [Commit(sha, message) for sha, message in standing.repository.line(standing.refs.main, READ)]
    begins = _beginning(standing, listed, trigger, commit, line)
    if trigger.by_hand:
        span = commit_range.by_hand(line, commit, standing.ledger, standing.now, standing.lease)
        with suppress(Held):  # where the history holds, a person goes on from the commit before
            counted = commit_range.since_last_release(
                line, commit, standing.ledger, begins, standing.now, standing.lease
            )
            span = msgspec.structs.replace(span, bound=counted.bound)
        return Decided(span, decision.settled(span, trigger.by_hand) or decision.by_hand(trigger.by_hand), listed)
    span = commit_range.since_last_release(line, commit, standing.ledger, begins, standing.now, standing.lease)
    settled = decision.settled(span)
    if settled is None:
        _refuse_another_policy(standing, span)
        commits = "1 commit" if len(span.commits) == 1 else f"{len(span.commits)} commits"
        tell(Note(f"looking up the pull requests of {commits}, since {span.since}"))
        settled = decision.decide(merged(standing, span.commits, environ), settings.intent, span.since)
    return Decided(span, settled, listed)


def _refuse_another_policy(standing: Standing, span: Range) -> None:
    """What is merged does not choose by which rule it is read."""
    before = policy_before(standing.repository, span.bound, standing.overrides) if span.bound else None
    written = policy_before(standing.repository, span.head, standing.overrides)
    if before and written and before != written:
        raise Held(
            "policy-changed",
            f"the setting intent was {before} before these merges, and is {written} now",
            hint=f"a person confirms the first run under a new policy: {commit_range.DISPATCH}",
        )


def _beginning(standing: Standing, listed: Listing, trigger: Trigger, commit: str, line: list[Commit]) -> Beginning:
    shas = [one.sha for one in line]
    parent = shas[shas.index(commit) + 1] if commit in shas[:-1] else ""
    versions = [version for version in listed.versions if pep440.is_version(version)]
    highest = max(zip(pep440.comparable(versions), versions, strict=True), default=None)
    found = _tagged(standing, highest[1]) if highest else ""
    return commit_range.beginning(found, trigger.pushed, commit, parent)


def _tagged(standing: Standing, version: str) -> str:
    """The commit that a version's tag is on; empty where it has none."""
    name, prefix = standing.source.project.normalized, standing.source.declared.tag_prefix
    for tag, commit in standing.refs.tags.items():
        if any(pep440.same(used.version, version) for used in tagged(name, [tag], prefix)):
            return commit
    return ""
