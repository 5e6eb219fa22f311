"""What can be set on a forge, each as a value: as it is read, as it is wanted, and as it is written.

Source: https://docs.github.com/rest
"""

from typing import Literal

import msgspec

MAIN = "main"
TAGS = "v*"
TOKEN = "PYPI_API_TOKEN"  # noqa: S105 - a name
OURS, OUR_TAGS = "mergeship: main", "mergeship: tags"
"""The names of the rulesets that a plan makes."""


class Merging(msgspec.Struct, frozen=True, tag="merging", tag_field="kind"):
    """How pull requests are merged. A squash commit that has the pull request's text keeps its intent for ever."""

    squash: bool
    title: str
    """Of a squash commit: `PR_TITLE` or `COMMIT_OR_PR_TITLE`."""
    message: str
    """`PR_BODY`, `COMMIT_MESSAGES` or `BLANK`."""
    delete_branch: bool
    """Whether a merged branch is deleted."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "pull requests"


class Check(msgspec.Struct, frozen=True, order=True):
    """A check that has to be green before a merge, and the App that may report it (0 for any)."""

    context: str
    app: int = 0


class Protection(msgspec.Struct, frozen=True, tag="protection", tag_field="kind"):
    """What main is protected by."""

    by: Literal["ruleset", "classic"]
    ruleset: str
    """The name of the ruleset; empty for classic branch protection."""
    active: bool
    covers: bool
    """Whether it is about main, and nothing else."""
    pull_requests: bool
    """Whether changes have to come by pull requests."""
    reviews: int
    squash: bool
    """Whether it lets pull requests be squashed."""
    checks: tuple[Check, ...]
    strict: bool
    """Whether a branch has to be up to date with main."""
    linear: bool
    force_pushes: bool
    deletions: bool
    bypass: tuple[str, ...]
    """Who need not obey: `RepositoryRole 5 always`, or `administrators` for classic protection."""

    @property
    def name(self) -> str:
        """The branch."""
        return MAIN


class TagProtection(msgspec.Struct, frozen=True, tag="tag-protection", tag_field="kind"):
    """What the tags of releases are protected by: new ones are free, those that are there stay."""

    ruleset: str
    active: bool
    covers: bool
    """Whether it is about the tags of releases, and nothing else."""
    creations: bool
    """Whether new ones are free."""
    updates: bool
    deletions: bool
    bypass: tuple[str, ...]

    @property
    def name(self) -> str:
        """The pattern of their names."""
        return TAGS


class WorkflowPermissions(msgspec.Struct, frozen=True, tag="workflow-permissions", tag_field="kind"):
    """What GITHUB_TOKEN may do where a workflow does not say it."""

    default: str
    """`read` or `write`."""
    pull_requests: bool
    """Whether Actions may open pull requests."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "GITHUB_TOKEN"


class Actions(msgspec.Struct, frozen=True, tag="actions", tag_field="kind"):
    """Which actions may run."""

    enabled: bool
    allowed: str
    """`all`, `local_only` or `selected`; as it is."""
    pinned: bool | None
    """Whether an action has to be named by its whole commit; None where that is not told."""

    @property
    def name(self) -> str:
        """What is set here."""
        return "actions"


class ForkApproval(msgspec.Struct, frozen=True, tag="fork-approval", tag_field="kind"):
    """Whose pull requests run workflows only after a person has agreed."""

    policy: str

    @property
    def name(self) -> str:
        """What is set here."""
        return "workflows of forks"


class Environment(msgspec.Struct, frozen=True, tag="environment", tag_field="kind"):
    """An environment, and the branches that may deploy to it: none named means all of them."""

    name: str
    branches: tuple[str, ...]
    """Patterns; `(protected branches)` for whatever is protected, `tag: …` for tags."""


class Secret(msgspec.Struct, frozen=True, tag="secret", tag_field="kind"):
    """A secret, by its name: nobody can read its value again."""

    name: str
    environment: str
    """Empty for a secret of the whole repository."""
    updated: str = ""
    """When it was stored, as GitHub tells it."""


class Label(msgspec.Struct, frozen=True, tag="label", tag_field="kind"):
    """A label."""

    name: str
    color: str = ""
    description: str = ""


Setting = (
    Merging | Protection | TagProtection | WorkflowPermissions | Actions | ForkApproval | Environment | Secret | Label
)


class Actual(msgspec.Struct, frozen=True):
    """A repository's settings as they are, and what has to be known of it to say what they should be."""

    repository: str
    """`owner/name`, as GitHub spells it."""
    private: bool
    writers: tuple[str, ...]
    """Everybody who may push."""
    actions_app: int
    """The id of the App that is GitHub Actions; 0 where it is not known."""
    settings: tuple[Setting, ...]
    lacking: dict[str, str] = {}
    """Kinds that are not to be had here, each with GitHub's words."""
    besides: tuple[str, ...] = ()
    """What others demand of main besides, in words."""

    def find(self, kind: type[msgspec.Struct], name: str = "") -> Setting | None:
        """The setting of a kind, and of a name where there are several."""
        found = (one for one in self.settings if isinstance(one, kind) and (not name or one.name == name))
        return next(found, None)


PROTECTED_BRANCHES = "(protected branches)"
ADMINISTRATORS = "administrators"
