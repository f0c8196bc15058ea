"""The audit trail for who must not trust it: checked link by link, anchored outside, written out. Nothing is changed and nothing is made."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from keyward.ledger.chain import chain_key, first_misfit
from keyward.ledger.writable import plain, stamp
from keyward.model.errors import Interrupted, LedgerBroken, NotConfigured, UsageError

if TYPE_CHECKING:
    import threading

    from keyward.desk.desk import Desk
    from keyward.ledger.queries import Reading

SCHEMA = "keyward.audit/1"
_HEAD = "head"
_EMPTY = "0:"
_ANCHOR = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
_TEXTS = ("at", "kind", "rotation", "step", "target", "actor", "host", "chain")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of the trail as somebody noted it outside: its number, and its link (64 hex)."""

    seq: int
    link: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of the trail found.

    Attributes:
        lines: how many lines were looked at.
        misfit: the number of the first line that does not fit; None when all do.
        head: the newest line as the ledger notes it, `<seq>:<link>`.
        anchored: whether the anchored line is still there, unchanged; None when no anchor was given.
    """

    lines: int
    misfit: int | None
    head: str
    anchored: bool | None

    @property
    def fine(self) -> bool:
        """Whether nothing was changed, as far as can be told."""
        return self.misfit is None and self.anchored is not False


def anchor(text: str) -> Anchor:
    """Read what `keyward audit head` printed.

    Raises:
        UsageError: it is nothing of that kind.
    """
    if text == _EMPTY:
        return Anchor(0, "")
    match = _ANCHOR.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise UsageError("An anchor is <seq>:<64 hex digits>, as `keyward audit head` printed it.")
    return Anchor(int(match[1]), match[2])


def check(desk: "Desk", noted: Anchor | None = None, stop: "threading.Event | None" = None) -> Checked:
    """Check every line of the trail, and whether the anchored one is still there; `stop` says that nobody waits for it any more.

    Raises:
        Interrupted: stopped.
        FingerprintKeyMissing: only who has the key can check.
    """
    with _ledger(desk) as ledger:
        key = chain_key(desk.books.key_of_reading())
        held: list[bool] = []

        def passing() -> Iterator[Mapping[str, Any]]:
            for line in _stoppable(ledger.stored(), stop):
                if noted is not None and line["seq"] == noted.seq:
                    held.append(str(line["chain"]) == noted.link)
                yield line

        with ledger.steady():
            head = ledger.meta(_HEAD) or ""
            lines, misfit = first_misfit(key, passing(), head)
    if noted is None:
        return Checked(lines, misfit, head or _EMPTY, None)
    # A check stops at the first line that does not fit; what comes after it proves nothing.
    return Checked(lines, misfit, head or _EMPTY, noted.seq == 0 or held == [True])


def head(desk: "Desk") -> str:
    """The newest line's number and link, `<seq>:<link>`, to be kept outside; `0:` before the first.

    Raises:
        LedgerBroken: the ledger's note of it and the line itself differ.
    """
    with _ledger(desk) as ledger, ledger.steady():
        noted = ledger.meta(_HEAD) or _EMPTY
        seq = noted.partition(":")[0]
        # From the line before the noted one on: so a note behind the trail shows as well as one ahead of it.
        newest = list(ledger.stored(after=int(seq) - 1)) if seq.isascii() and seq.isdecimal() and len(seq) < 19 else []
    found = [f"{line['seq']}:{line['chain']}" for line in newest]
    if found != ([] if noted == _EMPTY else [noted]):
        raise LedgerBroken(
            "The newest line of the audit trail is not the one that the ledger notes: it was changed from outside.",
            hint="`keyward audit verify` shows where. Restore the ledger from a backup.",
        )
    return noted


def lines(
    desk: "Desk", *, after: int = 0, since: datetime | None = None, stop: "threading.Event | None" = None
) -> Iterator[dict[str, object]]:
    """Every line as JSON-ready data, oldest first; those that cannot be read are there too, as they are stored.

    Args:
        desk: whose ledger.
        after: only lines with a greater number; 0: all.
        since: only lines of that time (UTC) or later; a line whose time cannot be read is never left out.
        stop: nobody waits for them any more.

    Raises:
        Interrupted: stopped.
    """
    with _ledger(desk) as ledger, ledger.steady():
        for line in _stoppable(ledger.stored(after=after) if after else ledger.stored(), stop):
            if since is None or not _before(str(line["at"]), since):
                yield _shown(line, desk.parts.world)


def _stoppable(found: Iterable[Mapping[str, Any]], stop: "threading.Event | None") -> Iterator[Mapping[str, Any]]:
    for line in found:
        if stop is not None and stop.is_set():
            raise Interrupted("Stopped.")
        yield line


def _before(at: str, since: datetime) -> bool:
    try:
        return stamp(datetime.fromisoformat(at)) < stamp(since)
    except ValueError:
        return False


def _shown(line: Mapping[str, Any], world: str) -> dict[str, object]:
    """One line. What somebody wrote in from outside may be anything: key material is hidden here once more."""
    try:
        detail = json.loads(line["detail"])
    except (TypeError, ValueError, RecursionError):
        detail = str(line["detail"])
    texts = {name: plain(str(line[name])) for name in _TEXTS}
    return {"schema": SCHEMA, "world": world, "seq": line["seq"], **texts, "detail": plain(detail)}


def _ledger(desk: "Desk") -> "Reading":
    ledger = desk.books.reading()
    if ledger is None:
        raise NotConfigured(f"There is no ledger yet ({desk.books.name}), so there is no audit trail.")
    return ledger
