"""An index that tells of many scopes at once, and later than the scopes themselves would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from keyward.model.context import Ctx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Indexed(Generic[T]):
    """What an index told.

    `rows` by scope, for every scope that the index knows, be it empty. A scope that is not in it has to be asked itself; `why` says for
    what reason. That something is not in the rows proves nothing: an index is late.
    """

    rows: Mapping[str, Sequence[T]]
    why: str = ""


class Indexing(Protocol[T]):
    """A provider or store with `Can.INDEX`."""

    def indexed(self, roots: Sequence[str], scopes: Sequence[str], ctx: Ctx) -> Indexed[T]:
        """What an index tells of these scopes; it never raises for an index that says no, that is a reason.

        Args:
            roots: what the index is asked about, such as `organizations/123`.
            scopes: the scopes wanted.
            ctx: how to ask.

        Raises:
            Interrupted: cancelled.
        """
        ...
