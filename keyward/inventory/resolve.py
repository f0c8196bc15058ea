"""Which key a person means (DESIGN.md section 5): a full id, a unique prefix of one, or a display name."""

from typing import TYPE_CHECKING

from keyward.model.errors import AmbiguousKey, UnknownKey
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader

_SHOWN = 8
_SHORTEST = 3
"""Characters that a prefix must have: fewer are more likely a slip."""


def resolve(cache: "CacheReader", text: str, *, exact: bool = False) -> str:
    """The full id of that key.

    Args:
        cache: what the scans found.
        text: what was typed.
        exact: whether only a full id will do, as for unattended writes.

    Raises:
        UnknownKey: there is none; the hint has the nearest names.
        AmbiguousKey: there are several; the hint lists their ids.
    """
    found = [row[0] for row in cache.rows("SELECT id FROM key WHERE id = ?", (text,))]
    if found:
        return str(found[0])
    if exact:
        raise UnknownKey(
            f"There is no key with the id {clean(text)!r}.",
            hint="Unattended changes need the full id; `keyward list -o ids` prints them.",
        )
    found = [row[0] for row in cache.rows("SELECT id FROM key WHERE name = ? ORDER BY id", (text,))]
    found = found or _starting(cache, text)
    if len(found) == 1:
        return str(found[0])
    if found:
        shown = ", ".join(found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise AmbiguousKey(f"{clean(text)!r} could be {len(found)} keys.", hint=f"Name one by its id: {shown}{more}.")
    raise UnknownKey(f"There is no key {clean(text)!r} in the last scan.", hint=_nearest(cache, text))


def _starting(cache: "CacheReader", text: str) -> list[str]:
    """Ids that begin so, or whose last component does (the uid is what people copy)."""
    if len(text) < _SHORTEST:
        return []
    ids = cache.rows("SELECT id FROM key WHERE substr(id, 1, ?1) = ?2 ORDER BY id", (len(text), text))
    found = [row[0] for row in ids]
    if found:
        return found
    rows = cache.rows("SELECT id FROM key WHERE uid != '' AND substr(uid, 1, ?1) = ?2 ORDER BY id", (len(text), text))
    return [row[0] for row in rows]


def _nearest(cache: "CacheReader", text: str) -> str:
    import difflib  # only when something was not found

    names: dict[str, str] = {}
    for key, name in cache.rows("SELECT id, name FROM key"):
        names.setdefault(key, key)
        if name:
            names.setdefault(name, key)
    near = difflib.get_close_matches(text, names, 3, 0.6)
    if near:
        told = [f"{name!r} ({names[name]})" if names[name] != name else name for name in near]
        return f"Near to it: {', '.join(told)}."
    if not names:
        return "The cache is empty: run `keyward scan` first."
    return "`keyward list` shows what there is; `keyward scan` looks again."
