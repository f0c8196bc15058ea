"""What a query is asked of: one key as a row, or many keys as columns. Both have the same fields with the same meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from keyward.model.finding import UNJUDGED


@dataclass(frozen=True, slots=True)
class QueryRow:
    """One key as queries see it.

    Times are seconds since 1970, UTC; None is unknown (for `expires`: never). `last_used_status` is a `UseStatus` word, `last_used_at`
    is set for used, `last_used_window` is how many days the record reaches back. `stores` are names of stores, `secrets` ids of secrets
    that hold it, `findings` ids of the rules that it breaks (with `unknown` behind them where a rule cannot be told there, and only `unjudged`
    where none was ever asked), `places` how many placements. `restrictions` are API names and the kind of client restriction;
    empty means none, None unknown. `data` are words of `keyward.model.handling.Word`. `source_status` is how the reading of its source ended (`stale` for rows of an earlier scan).
    `haystack` is everything that bare text is looked for in, case-folded.
    """

    id: str
    name: str = ""
    provider: str = ""
    scope: str = ""
    kind: str = ""
    state: str = ""
    created: float | None = None
    first_seen: float | None = None
    last_used_status: str = "not_scanned"
    last_used_at: float | None = None
    last_used_window: int | None = None
    expires: float | None = None
    stores: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    findings: tuple[str, ...] = (UNJUDGED,)
    places: int = 0
    restrictions: tuple[str, ...] | None = None
    data: tuple[str, ...] = ()
    source_status: str = ""
    haystack: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Many keys: the fields of `QueryRow` as parallel sequences."""

    id: Sequence[str]
    name: Sequence[str]
    provider: Sequence[str]
    scope: Sequence[str]
    kind: Sequence[str]
    state: Sequence[str]
    created: Sequence[float | None]
    first_seen: Sequence[float | None]
    last_used_status: Sequence[str]
    last_used_at: Sequence[float | None]
    last_used_window: Sequence[int | None]
    expires: Sequence[float | None]
    stores: Sequence[tuple[str, ...]]
    secrets: Sequence[tuple[str, ...]]
    findings: Sequence[tuple[str, ...]]
    places: Sequence[int]
    restrictions: Sequence[tuple[str, ...] | None]
    data: Sequence[tuple[str, ...]]
    source_status: Sequence[str]
    haystack: Sequence[str]
