"""What the index lists, once the ledger agrees with it and with the tags."""

from collections.abc import Mapping

from mergeship.adapters import index
from mergeship.core import ledger
from mergeship.core.listing import Listing
from mergeship.errors import Failed, Held
from mergeship.pipeline.standing import Standing


def listed(standing: Standing, environ: Mapping[str, str]) -> Listing:
    """What the index lists; the ledger that agrees with it is the one that this runner remembers.

    Raises Held where the index cannot be read, or where the ledger says something else.

    A release that was seen there and is not shown now is waited for: pages lag behind, and not everywhere the same.
    """
    settings, project = standing.source.settings.index, standing.source.project.normalized
    where = index.addresses(settings).simple
    found = index.listing(where, project, settings.deadline, environ)
    last = ledger.last_finished(standing.ledger)
    if last and any(found.lacks(file) for file in last.files):
        try:
            index.wait_until_listed(where, project, last.files, settings.deadline, environ)
        except Failed:
            pass  # told below, as one of the disagreements
        else:
            found = index.listing(where, project, settings.deadline, environ)
    wrong = ledger.disagreements(standing.ledger, found, standing.refs.tags)
    if wrong:
        raise Held("ledger-disagrees", "; ".join(wrong), hint=_HINT)
    if standing.refs.ledger:
        standing.state.remember(standing.refs.ledger)
    return found


_HINT = (
    "somebody wrote to refs/mergeship/ledger, moved a tag or deleted a release: see git log -p of the ledger, and put "
    "back what mergeship wrote"
)
