"""Which characters a TrueType font has: its cmap, read in a few lines."""

import struct
from pathlib import Path

MONO = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")


def characters(file):
    """Every character for which the font has a glyph."""
    data = file.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    cmap = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    found = set()
    for number in range(count):
        at = cmap + struct.unpack_from(">I", data, cmap + 4 + 8 * number + 4)[0]
        (form,) = struct.unpack_from(">H", data, at)
        if form == 4:
            found |= _segments(data, at)
        elif form == 12:
            (groups,) = struct.unpack_from(">I", data, at + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(map(chr, found))


def _segments(data, at):
    (double,) = struct.unpack_from(">H", data, at + 6)
    ends, starts, deltas, offsets = (at + 14, at + 16 + double, at + 16 + 2 * double, at + 16 + 3 * double)
    found = set()
    for place in range(0, double, 2):
        first, last = (struct.unpack_from(">H", data, table + place)[0] for table in (starts, ends))
        (delta,), (offset,) = (struct.unpack_from(">H", data, table + place) for table in (deltas, offsets))
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code + delta
            if offset:
                (glyph,) = struct.unpack_from(">H", data, offsets + place + offset + 2 * (code - first))
                glyph = glyph and glyph + delta
            if glyph & 0xFFFF:
                found.add(code)
    return found
