"""Payload shapes: the key-shaped parts of a payload, found, read and replaced one at a time.

A payload is one value (perhaps with white space around it), JSON, an env file, INI or YAML; of anything else the pieces that have a key's
shape. A part is named by what holds it: nothing for the whole payload, a JSON pointer, a variable, `section/key`. A piece of a larger
value is `<name>~@<n>`, the n-th there; the second of two parts of one name is `<name>~.2`; a key where a name belongs is `~key` in names.
A replacement leaves every other byte alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from keyward.model import dotenv
from keyward.model.detectors import find, identify
from keyward.model.errors import Conflict, Refused
from keyward.model.leaf import Leaf, Write, without_keys, write_anything, write_word
from keyward.model.parts_base64 import unwrapped
from keyward.model.parts_ini import ini_leaves, is_ini
from keyward.model.parts_json import OBJECT, json_leaves
from keyward.model.parts_yaml import is_yaml, yaml_leaves
from keyward.model.secret import Secret

DOTENV, JSON, INI, YAML = "dotenv", "json", "ini", "yaml"
_BLANK = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a payload.

    `kind` is the kind of its detector, or empty when it has no key's shape. `[start, end)` is where it is written in the payload, in
    the form that `encoding` names.
    """

    name: str
    value: Secret
    kind: str
    start: int
    end: int
    encoding: str
    write: Write = field(repr=False, compare=False)


def all_values(payload: bytes, hint: str = "") -> tuple[Part, ...]:
    """Every scalar of the payload and every key-shaped piece of one, in order; the whole payload first.

    Some have the shape of a key (their `kind` says which), others may be known by their fingerprint.

    Args:
        payload: what a store holds.
        hint: the format, when the store knows it: `dotenv`, `json`, `ini` or `yaml`; otherwise it is told from the payload.
    """
    plain = _whole(payload)
    whole = unwrapped(plain)
    # What is a key file as a whole has no other parts, whatever its letters look like.
    leaves = _structured(payload, hint) if whole is plain else None
    leaves = leaves and [unwrapped(leaf) for leaf in leaves]
    found: list[Part] = []
    if leaves is None or not any(not leaf.name for leaf in leaves):
        found.append(_part(whole))
    for leaf in leaves or ():
        found.append(_part(leaf))
        found.extend(_pieces(leaf))
    found.extend(_loose(payload, leaves or [], found[0]))
    return tuple(_distinct(sorted(found, key=lambda part: (part.start, -part.end))))


def read_part(payload: bytes, name: str, hint: str = "") -> Secret | None:
    """The value of that part; None when the payload has no such part."""
    return next((part.value for part in all_values(payload, hint) if part.name == name), None)


def splice(payload: bytes, part_name: str, old: Secret, new: Secret, hint: str = "") -> bytes:
    """The payload with one part replaced and every other byte as it was.

    Args:
        payload: what is there now.
        part_name: which part.
        old: what it must hold.
        new: what it shall hold.
        hint: as for `all_values`.

    Raises:
        Conflict: there is no such part, or it holds something else.
        Refused: the new value cannot be written there without changing what else is there.
    """
    before = all_values(payload, hint)
    part = next((part for part in before if part.name == part_name), None)
    if part is None:
        raise Conflict(
            f"There is no part {part_name or 'that is the whole payload'!r} here.",
            hint="Scan again to see where the key is now.",
        )
    if part.value != old:
        raise Conflict(
            f"Part {part_name!r} holds another value than expected.",
            hint="Somebody else changed it; decide which one is right.",
        )
    written = part.write(new.reveal(), payload[part.start : part.end])
    changed = payload[: part.start] + written + payload[part.end :]
    after = all_values(changed, hint)
    beside = _beside(before, part_name, part.start, part.end)
    read_back = next((other.value for other in after if other.name == part_name), None)
    if read_back != new or beside != _beside(after, part_name, part.start, part.start + len(written)):
        raise Refused(
            f"The new value cannot be written to part {part_name!r} so that it reads back and nothing else changes.",
            hint="Choose another place for it, or change the format by hand.",
        )
    return changed


def _beside(parts: tuple[Part, ...], name: str, start: int, end: int) -> list[tuple[str, Secret]]:
    """The other parts that share no byte with that span."""
    return [(part.name, part.value) for part in parts if part.name != name and (part.end <= start or part.start >= end)]


def _whole(payload: bytes) -> Leaf:
    start = len(_BYTE_ORDER_MARK) if payload.startswith(_BYTE_ORDER_MARK) else 0
    return Leaf("", start, len(payload), Secret(payload[start:]), "raw", write_anything)


def _structured(payload: bytes, hint: str) -> list[Leaf] | None:
    """The leaves of a payload whose format is known or can be told; None for anything else."""
    if hint == DOTENV:
        return list(_dotenv_leaves(payload))
    if hint == INI or (not hint and is_ini(payload)):
        return list(ini_leaves(payload))
    leaves = json_leaves(payload) if hint in ("", JSON) else None
    if leaves is not None:
        return leaves
    if identify(payload.strip(_BLANK)) is not None:
        return None
    if hint == YAML or (not hint and is_yaml(payload)):
        return list(yaml_leaves(payload))
    leaves = [] if hint else list(_dotenv_leaves(payload))
    return leaves or None


def _dotenv_leaves(payload: bytes) -> Iterator[Leaf]:
    for parsed in dotenv.parse(payload):
        assignment = replace(parsed, name=without_keys(parsed.name))

        def write(value: bytes, raw: bytes, to: dotenv.Assignment = assignment) -> bytes:
            return dotenv.written(value, to, raw)

        yield Leaf(
            assignment.name, assignment.start, assignment.end, assignment.value, f"dotenv{assignment.quote}", write
        )


def _part(leaf: Leaf) -> Part:
    start, end = leaf.trimmed()
    value = leaf.value.reveal()[start:end]
    detector = identify(value, leaf.name)
    return Part(
        leaf.name, Secret(value), detector.kind if detector else "", *leaf.span(start, end), leaf.encoding, leaf.write
    )


def _pieces(leaf: Leaf) -> Iterator[Part]:
    """What has a key's shape inside a scalar that is more than that."""
    if leaf.whole or leaf.encoding == OBJECT:
        return
    value = leaf.value.reveal()
    whole = leaf.trimmed()
    inside = [match for match in find(value) if (match.start, match.end) != whole]
    for number, match in enumerate(inside, 1):
        piece = Secret(value[match.start : match.end])
        yield Part(
            f"{leaf.name}~@{number}",
            piece,
            match.detector.kind,
            *leaf.span(match.start, match.end),
            leaf.encoding,
            leaf.write,
        )


def _loose(payload: bytes, leaves: list[Leaf], whole: Part) -> Iterator[Part]:
    """What has a key's shape outside every scalar: in comments, in lines that were passed over, in text."""
    number = 0
    spans = iter(sorted((leaf.start, leaf.end) for leaf in leaves))
    span = next(spans, None)
    for match in find(payload):
        while span is not None and span[1] <= match.start:
            span = next(spans, None)
        if (span is not None and span[0] < match.end) or (match.start, match.end) == (whole.start, whole.end):
            continue
        number += 1
        value = Secret(payload[match.start : match.end])
        yield Part(f"~@{number}", value, match.detector.kind, match.start, match.end, "text", write_word)


def _distinct(parts: list[Part]) -> Iterator[Part]:
    seen: dict[str, int] = {}
    for part in parts:
        times = seen[part.name] = seen.get(part.name, 0) + 1
        if times == 1:
            yield part
        else:
            name = f"{part.name}~.{times}"
            yield Part(name, part.value, part.kind, part.start, part.end, part.encoding, part.write)
