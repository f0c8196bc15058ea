"""The audit trail's chain: each line is bound to the one before by HMAC-SHA-256 (RFC 2104), so a changed or missing line shows.

Who holds the key can forge it; who can only write the database cannot. The newest link, kept outside (`keyward audit head`), also
shows that lines at the end were taken away.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret

_DOMAIN = b"keyward/chain/v1\0"
_PURPOSE = b"keyward/chain-key/v1\0"
_BOUND = ("seq", "at", "kind", "rotation", "step", "target", "actor", "host", "detail")


def chain_key(key: FingerprintKey) -> Secret:
    """The key of the chain, derived from the ledger's fingerprint key; neither tells the other's outputs."""
    return Secret(hmac.new(key.key.reveal(), _PURPOSE + key.id.encode(), hashlib.sha256).digest())


def link(key: Secret, before: str, event: Mapping[str, Any]) -> str:
    """The link of one line: 64 lower-case hex characters.

    Args:
        key: the key of the chain.
        before: the link of the line before; empty at the first one.
        event: the line's columns as they are stored.
    """
    # As it is stored, not as it would be written now: nothing may be tidied up before it is bound. ASCII, whatever a line holds.
    line = json.dumps([before, *(event[name] for name in _BOUND)], separators=(",", ":"), default=repr)
    return hmac.new(key.reveal(), _DOMAIN + line.encode("ascii"), hashlib.sha256).hexdigest()


def first_misfit(key: Secret, lines: Iterable[Mapping[str, Any]], head: str) -> tuple[int, int | None]:
    """How many lines were checked, and the number of the first that does not fit; None when all do.

    Args:
        key: the key of the chain.
        lines: all lines in order, as they are stored.
        head: the ledger's own note of its newest line, `<seq>:<link>`; empty before the first.
    """
    before, count = "", 0
    for line in lines:
        count += 1
        if line["seq"] != count or str(line["chain"]) != link(key, before, line):
            return count, count
        before = str(line["chain"])
    return (count, None) if head == noted(count, before) else (count, count + 1)


def noted(seq: int, newest: str) -> str:
    """The note of the newest line, as the ledger keeps it."""
    return f"{seq}:{newest}" if seq else ""
