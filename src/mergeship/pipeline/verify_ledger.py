"""What the index lists, once the ledger agrees with it and with the tags."""

from collections.abc import Mapping

from mergeship.adapters import index
from mergeship.core.listing import Listing
from mergeship.core.release import conflicts
from mergeship.core.release.commit_range import DISPATCH
from mergeship.core.text import without_password
from mergeship.errors import Failed, Held
from mergeship.pipeline.project_state import ProjectState


def verify_ledger(state: ProjectState, environ: Mapping[str, str], *, by_hand: bool = False) -> Listing:
    """What the index lists; the ledger that agrees with it is the one that this runner remembers.

    Raises Held if the index cannot be read, or if the ledger says something else. A release that is merely gone
    from the index is no obstacle if a person decides (`by_hand`).

    A release that was seen there and is not shown now is waited for: pages lag behind, and not everywhere the same.
    """
    settings = state.settings.index
    simple = index.addresses(settings).simple
    listed = index.listing(simple, state.project, settings.deadline, environ)
    last = conflicts.last_finished(state.ledger)
    if listed.files and not any(file.sha256 for file in listed.files):
        raise Held(
            "index-without-hashes",
            f"{without_password(simple)}{state.project}/ gives no sha256 of any file, so no upload could be proven",
            hint="use an index that does (PEP 503, PEP 691)",
        )
    if last and not by_hand and any(listed.lacks(file) for file in last.files):
        try:
            index.wait_until_listed(simple, state.project, last.files, settings.deadline, environ)
        except Failed:
            pass  # reported below, as one of the conflicts
        else:
            listed = index.listing(simple, state.project, settings.deadline, environ)
    wrong = conflicts.conflicts(state.ledger, listed, state.refs.tags, by_hand=by_hand)
    if wrong:
        raise Held("ledger-disagrees", "; ".join(wrong), hint=_HINT)
    if state.refs.ledger:
        state.store.remember(state.refs.ledger)
    return listed


_HINT = (
    "someone wrote to refs/mergeship/ledger, moved a tag or deleted a release: see git log -p of the ledger, and put "
    "back what mergeship wrote; if an owner deleted a release, " + DISPATCH
)
