"""What all settings of a forge have in common: as they are, as they should be, and what that is decided from."""

from typing import TYPE_CHECKING, TypeVar

import msgspec

MAIN = "main"
TAGS = "v*"


class Setting(msgspec.Struct, frozen=True, tag_field="kind"):
    """What can be set, as a value: as it is read, as it is wanted, and as it is written. Its tag is its kind."""

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """What is set: a name if there are several of a kind, else a word for it."""

    @classmethod
    def kind(cls) -> str:
        """What it is called in a plan, and in the setting forge.leave."""
        return str(cls.__struct_config__.tag)


_T = TypeVar("_T", bound=Setting)


class Actual(msgspec.Struct, frozen=True):
    """A repository's settings as they are, and what has to be known of it to say what they should be."""

    repository: str
    """`owner/name`, as GitHub spells it."""
    private: bool
    writers: tuple[str, ...]
    """Everybody who may push."""
    actions_app: int
    """The id of the App that is GitHub Actions; 0 if it is not known."""
    settings: tuple[Setting, ...]
    lacking: dict[str, str] = {}
    """Kinds that are not available here, each with GitHub's words."""
    besides: tuple[str, ...] = ()
    """What others demand of main besides, in words."""

    def all(self, kind: type[_T]) -> list[_T]:
        """The settings of a kind."""
        return [setting for setting in self.settings if isinstance(setting, kind)]

    def setting(self, kind: type[_T], name: str = "") -> _T | None:
        """The setting of a kind, and of a name if there are several; None if it is not there."""
        return next((setting for setting in self.all(kind) if name in {"", setting.name}), None)


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the project says of itself."""

    contexts: tuple[str, ...]
    """The checks that its workflows report on a pull request."""
    environment: str
    """The environment of the deploy job; empty for none."""
    trusted: bool
    """Whether no token of the index is stored."""
    attests: bool
    """Whether uploads are attested, in a public log."""
    reviews: int | None
    """Approving reviews of a pull request; None if that was not asked for."""
    leave: tuple[str, ...]
    """Kinds that someone else decides on."""
    replace_token: bool = False
    unpinned: tuple[str, ...] = ()
    """Actions that its workflows do not name by their whole commit, each with its workflow."""


class Desired(msgspec.Struct, frozen=True):
    """What a setting should be, why, and what it would be if it also lost what others have put there."""

    wanted: Setting | None
    """None for what should not be there."""
    why: str
    current: Setting | None
    stripped: Setting | None = None
    """The same without what mergeship did not create; None for nothing at all."""
    removes: str = ""
    """What that is, in words; empty if there is nothing of the kind."""
