"""Frozen dataclasses to JSON-ready data and back, tolerantly: what an older version wrote is read, what is unknown is passed over.

A rotation outlives upgrades, so a field that is missing gets its default, and a word that is not known is an error that names it.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from keyward.model.errors import LedgerBroken
from keyward.model.secret import Secret

T = TypeVar("T")


def encode(value: object) -> Any:  # noqa: PLR0911  # one return for each kind of value
    """The value as JSON-ready data: times as ISO 8601 in UTC, durations in seconds.

    Raises:
        TypeError: there is something in it that must not or cannot be written, such as a `Secret`.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(encode(item) for item in value)
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if is_dataclass(value) and not isinstance(value, Secret):
        return {name: encode(getattr(value, name)) for name in _names(type(value))}
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _named(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


_names: Callable[[Any], tuple[str, ...]] = cache(_named)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def decode(kind: type[T], data: object) -> T:
    """Read a dataclass back from what `encode` made, or from what an older version did.

    Raises:
        LedgerBroken: the data does not fit.
    """
    try:
        return cast("T", _read(kind, data))
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise LedgerBroken(
            f"A row of the ledger cannot be read as {kind.__name__}: {error}.",
            hint="It may have been written by a newer keyward; nothing was changed.",
        ) from None


def _read(kind: Any, data: Any) -> Any:  # noqa: PLR0911  # one return for each kind of type
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        return _read(next(item for item in get_args(kind) if item is not type(None)), data)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in data)
    if origin is frozenset:
        return frozenset(_read(get_args(kind)[0], item) for item in data)
    if origin is not None and issubclass(origin, Mapping):
        return {str(key): item for key, item in data.items()}
    if is_dataclass(kind):
        return _read_dataclass(kind, data)
    return _read_plain(kind, data)


def _read_plain(kind: Any, data: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(str(data))
    if kind is timedelta:
        return timedelta(seconds=float(data))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind in (str, int, float, bool):
        return kind(data)
    return data


def _read_dataclass(kind: Any, data: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} is not a mapping")
    known = {}
    for item in fields(kind):
        if item.name in data:
            known[item.name] = _read(hints[item.name], data[item.name])
        elif item.default is MISSING and item.default_factory is MISSING:
            raise KeyError(f"{kind.__name__}.{item.name}")
    return kind(**known)
