"""Frozen dataclasses to JSON-ready data and back, tolerantly: what an older version wrote is read, what is unknown is passed over.

A rotation outlives upgrades, so a field that is missing gets its default, and a word that is not known is an error that names it.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache, partial
from operator import attrgetter
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from keyward.model.errors import LedgerBroken
from keyward.model.secret import Secret

T = TypeVar("T")


_PLAIN = frozenset({type(None), str, int, float, bool})


def encode(value: object) -> Any:
    """The value as JSON-ready data: times as ISO 8601 in UTC, durations in seconds.

    Raises:
        TypeError: there is something in it that must not or cannot be written, such as a `Secret`.
    """
    kind: Any = type(value)
    return value if kind in _PLAIN else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:  # noqa: PLR0911  # one return for each kind of value
    """What writes values of that type: found once, for a rotation has hundreds of parts and is written at each of its steps."""
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, (str, int, float)):
        return _as_it_is
    if issubclass(kind, datetime):
        return lambda value: value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if issubclass(kind, timedelta):
        return timedelta.total_seconds
    if issubclass(kind, Mapping):
        return lambda value: {str(key): encode(item) for key, item in value.items()}
    if issubclass(kind, (frozenset, set)):
        return lambda value: sorted([encode(item) for item in value])
    if issubclass(kind, (tuple, list)):
        return lambda value: [encode(item) for item in value]
    if not issubclass(kind, Secret) and is_dataclass(kind):
        names = tuple(item.name for item in fields(kind))
        return lambda value: {name: encode(getattr(value, name)) for name in names}
    raise TypeError(f"{kind.__name__} has no JSON form here")


def _as_it_is(value: Any) -> Any:
    return value


def decode(kind: type[T], data: object) -> T:
    """Read a dataclass back from what `encode` made, or from what an older version did.

    Raises:
        LedgerBroken: the data does not fit.
    """
    wanted: Any = kind
    try:
        return cast("T", _reader(wanted)(data))
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise LedgerBroken(
            f"A row of the ledger cannot be read as {kind.__name__}: {error}.",
            hint="It may have been written by a newer keyward; nothing was changed.",
        ) from None


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What reads data as that type; like `_writer`, found once."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        one = _reader(next(item for item in get_args(kind) if item is not type(None)))
        return lambda data: None if data is None else one(data)
    if origin is tuple or origin is frozenset:
        each = _reader(get_args(kind)[0])
        return lambda data: origin([each(item) for item in data])
    if origin is not None and issubclass(origin, Mapping):
        return lambda data: {str(key): item for key, item in data.items()}
    if is_dataclass(kind):
        return partial(_read_dataclass, kind)
    return _plain_reader(kind)


def _plain_reader(kind: Any) -> Callable[[Any], Any]:
    if kind is datetime:
        return lambda data: datetime.fromisoformat(str(data))
    if kind is timedelta:
        return lambda data: timedelta(seconds=float(data))
    known = kind in (str, int, float, bool) or (isinstance(kind, type) and issubclass(kind, Enum))
    return cast("Callable[[Any], Any]", kind) if known else _as_it_is


@cache
def _parts(kind: Any) -> tuple[tuple[str, bool, Callable[[Any], Any]], ...]:
    """Name of each field, whether it must be there, and what reads it."""
    hints = get_type_hints(kind)
    return tuple(
        (item.name, item.default is MISSING and item.default_factory is MISSING, _reader(hints[item.name]))
        for item in fields(kind)
    )


def _read_dataclass(kind: Any, data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} is not a mapping")
    known = {}
    for name, needed, read in _parts(kind):
        if name in data:
            known[name] = read(data[name])
        elif needed:
            raise KeyError(f"{kind.__name__}.{name}")
    return kind(**known)
