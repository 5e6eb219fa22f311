"""What the catalogue says of one code."""

from typing import NamedTuple

from mergeship.errors import MergeshipError


class Code(NamedTuple):
    """A code, for people: which kind of error carries it, what it means, and what to do."""

    kinds: tuple[type[MergeshipError], ...]
    meaning: str
    remedy: str

    @property
    def statuses(self) -> str:
        """The exit statuses that go with it."""
        return " or ".join(sorted({str(kind.exit_status) for kind in self.kinds}))
