"""What the rules find of every key, kept in the scan cache, so that lists and filters cost nothing. It is what `keyward check` finds."""

from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

from keyward.desk.checking import check
from keyward.desk.judged_mark import META, mark
from keyward.inventory.cache_schema import LIST
from keyward.inventory.cache_write import CacheWriter
from keyward.model.errors import KeywardError
from keyward.model.finding import Subject

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from keyward.desk.desk import Desk
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.judging import Judged

_ROWS = "SELECT ordinal, id, findings, doubts FROM key"
_CHANGE = "UPDATE key SET findings = ?, doubts = ? WHERE ordinal = ?"


def judge(
    desk: "Desk", since: str | None = None, cancel: "threading.Event | None" = None
) -> "tuple[Checked, Sequence[str]]":
    """Ask every rule of everything, and keep in the cache what was found of keys.

    Args:
        desk: parts and books.
        since: see `keyward.desk.checking.check`.
        cancel: stops it before the next rule; nothing is kept then.

    Returns:
        What was found, and the ids of the keys of which something else is known now.

    Raises:
        SettingsError: the policy names rules that there are not, or limits of another kind than theirs.
        Interrupted: cancelled.
    """
    desk.hygiene.judge_data()  # first: what it changes is no change of what is judged here
    with closing(desk.cache()) as cache:
        written = cache.written
        there = {row[0] for row in cache.rows("SELECT id FROM key")}
    found = check(desk, since=since, cancel=cancel)
    try:
        return found, _keep(desk, found, there, written)
    except KeywardError as error:  # it was judged all the same, and is told
        desk.warn(f"What the list says of findings is from an earlier check: {error}")
        return found, ()


def _keep(desk: "Desk", found: "Checked", there: set[str], written: int) -> list[str]:
    """Write it down; what was written meanwhile shows in the mark, which does not hold then."""
    if found.scanned_at is None:
        return []
    broken, doubts = _by_key(found.judged)
    changed: list[tuple[str, int, int, str]] = []
    with closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache, cache.batch():
        for ordinal, key, findings, doubted in cache.connection.execute(_ROWS).fetchall():
            says = LIST.join(broken[key]), len(doubts[key])
            if key in there and (findings, doubted) != says:
                changed.append((*says, ordinal, key))
        cache.connection.executemany(_CHANGE, [one[:3] for one in changed])
        made = mark(desk.parts, found.at, written + 1)  # this batch counts too
        cache.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, made))
    return [one[3] for one in changed]


def _by_key(judged: "Judged") -> tuple[dict[str, dict[str, None]], dict[str, set[str]]]:
    """The rules that each key breaks, worst first, and those that cannot be told there; what somebody accepted is neither."""
    broken: dict[str, dict[str, None]] = defaultdict(dict)
    doubts: dict[str, set[str]] = defaultdict(set)
    for one in judged.broken:
        if one.of is Subject.KEY:
            broken[one.subject][one.rule] = None
    for one in judged.unknown:
        if one.of is Subject.KEY:
            doubts[one.subject].add(one.rule)
    return broken, doubts
