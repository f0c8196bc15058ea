"""Which ledgers this program can use."""

from keyward.model.errors import AnotherWorld, LedgerBroken
from keyward.model.text import clean

SCHEMA = 3
"""The number of the newest migration."""


def check_known(name: str, schema: str | None) -> int:
    """The number of the ledger's schema.

    Raises:
        LedgerBroken: this program does not know it.
    """
    number = int(schema) if schema is not None and schema.isascii() and schema.isdecimal() else 0
    if number < 1:
        raise LedgerBroken(
            f"The ledger {name} does not say which version it is. It was not changed.",
            hint="Restore it from a backup.",
        )
    if number > SCHEMA:
        raise LedgerBroken(
            f"The ledger {name} was written by a newer keyward (its version is {number}, this one knows {SCHEMA}). It was not changed.",
            hint="Upgrade keyward on this machine; a ledger never goes back to an older version.",
        )
    return number


def check_world(name: str, found: str | None, wanted: str | None) -> None:
    """See that the ledger belongs to the endpoints that are in use.

    Raises:
        AnotherWorld: it does not.
    """
    if wanted is not None and found != wanted:
        raise AnotherWorld(
            f"The ledger {name} belongs to the world {clean(found or 'unknown')!r}, but the endpoints in use are {clean(wanted)!r}.",
            hint="Set or unset the endpoint variables, or use another ledger with KEYWARD_HOME or ledger.url.",
        )
