"""The verbs, in the order of the help. A verb's module is imported when the verb is called."""

from mergeship.verbs import forge, project, rehearsal, stages
from mergeship.verbs.call import Call, Verb

VERBS: dict[str, Verb] = {**rehearsal.VERBS, **project.VERBS, **forge.VERBS, **stages.VERBS}
"""By their names; one of two words belongs to a group."""
GROUPS = {"forge": "plan and apply the repository's settings on GitHub"}

__all__ = ["GROUPS", "VERBS", "Call", "Verb"]
