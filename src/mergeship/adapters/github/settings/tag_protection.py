"""What protects the tags of releases: a ruleset only about them."""

from typing import Any

from mergeship.adapters.github.connection import Connection
from mergeship.adapters.github.settings import rulesets
from mergeship.adapters.github.settings.handler import single
from mergeship.core.forge.setting import TAGS
from mergeship.core.forge.tag_protection import OUR_TAGS, TagProtection

_TAGS_ALONE = ({f"refs/tags/{TAGS}"},)
Json = dict[str, Any]


async def _read(ask: Connection) -> TagProtection | None:
    """What protects the tags of releases; None for nothing."""
    ruleset = await rulesets.find(ask, "tag", OUR_TAGS, _TAGS_ALONE)
    if ruleset is None:
        return None
    rules = rulesets.rules_of(ruleset)
    return TagProtection(
        ruleset=ruleset["name"],
        active=ruleset["enforcement"] == "active",
        covers=rulesets.is_about(ruleset, _TAGS_ALONE),
        creations="creation" not in rules,
        updates="update" not in rules,
        deletions="deletion" not in rules,
        bypass=rulesets.bypass_of(ruleset),
    )


async def _write(ask: Connection, wanted: TagProtection) -> None:
    """Protect the tags of releases: new ones are free."""
    current = await rulesets.find(ask, "tag", OUR_TAGS, _TAGS_ALONE)
    about = {"ref_name": {"include": [f"refs/tags/{TAGS}"], "exclude": []}}
    rules: Json = {"update": {}, "deletion": {}}
    gone = {"creation"} if wanted.creations else set()
    await rulesets.write(ask, current, rulesets.body(current, wanted.ruleset, "tag", about, rules, gone, wanted.bypass))


HANDLER = single(_read, _write)
