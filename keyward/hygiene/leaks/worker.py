"""The other end of `keyward.hygiene.leaks.crew`: a process that looks into batches of texts and tells what they hold, one JSON line each.

Everything comes in by standard input, the keys that name values first; nothing that goes out is a value.
"""

import json
import sys
from typing import Any

from keyward.hygiene.leaks.found import Answer, Item, Left, Mark, Unread
from keyward.hygiene.leaks.reading import Reader, Setup
from keyward.hygiene.leaks.seek import Keys
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret


def setup_line(setup: Setup) -> str:
    """What the other process is told first. It holds fingerprint keys: only ever written to its standard input."""
    keys = setup.keys
    same = keys.ledger is keys.ids
    return json.dumps(
        {
            "ids": _key(keys.ids),
            "ledger": None if keys.ledger is None or same else _key(keys.ledger),
            "same": same,
            "known": sorted(keys.known),
            "largest": setup.largest,
            "git": setup.git,
            "environ": None if setup.environ is None else dict(setup.environ),
        }
    )


def _key(key: FingerprintKey) -> list[str]:
    return [key.id, key.key.reveal().hex()]


def _setup(line: str) -> Setup:
    told = json.loads(line)
    ids = _named(told["ids"])
    ledger = ids if told["same"] else None if told["ledger"] is None else _named(told["ledger"])
    keys = Keys(ids, ledger, frozenset(told["known"]))
    return Setup(keys, told["largest"], tuple(told["git"]), told["environ"])


def _named(told: list[str]) -> FingerprintKey:
    return FingerprintKey(told[0], Secret(bytes.fromhex(told[1])))


def batch_line(items: "list[Item]") -> str:
    """A batch as it is told."""
    return json.dumps([[item.at, item.name, item.size, item.commit] for item in items])


def _batch(line: str) -> list[Item]:
    return [Item(*one) for one in json.loads(line)]


def answer_line(answer: Answer, items: list[Item]) -> str:
    """An answer as it is told: items by their number in the batch."""
    number = {item: at for at, item in enumerate(items)}
    marks = [
        [
            number[item],
            [
                mark.line,
                mark.kind,
                mark.confidence,
                mark.masked,
                mark.id,
                mark.fingerprint,
                mark.value_id,
                mark.account,
                mark.expires,
                mark.in_query,
            ],
        ]
        for item, mark in answer.marks
    ]
    left = [[number[one.item], one.why.value, one.detail] for one in answer.left]
    return json.dumps([answer.read, answer.size, marks, left])


def answer_of(line: str, items: list[Item]) -> Answer:
    """The answer that was told for that batch."""
    told: list[Any] = json.loads(line)
    read, size, marks, left = told
    return Answer(
        read,
        size,
        [(items[at], Mark(*mark)) for at, mark in marks],
        [Unread(items[at], Left(why), detail) for at, why, detail in left],
    )


def main() -> None:
    """Look into what standard input names, until it ends."""
    reader = Reader(_setup(sys.stdin.readline()))
    print("ready", flush=True)  # noqa: T201  # to the process that started this one
    try:
        for line in sys.stdin:
            items = _batch(line)
            sys.stdout.write(answer_line(reader.look(items), items) + "\n")
            sys.stdout.flush()
    finally:
        reader.close()
