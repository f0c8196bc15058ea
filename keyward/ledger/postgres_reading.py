"""Reading a ledger on PostgreSQL with the driver alone, for ticks that find nothing to do, `history`, `status` and lists."""

import re
from typing import Any

import psycopg
from psycopg.rows import dict_row

from keyward.ledger.address import Address, address
from keyward.ledger.place import no_ledger
from keyward.ledger.postgres_link import Link, connect
from keyward.ledger.postgres_troubles import trouble
from keyward.ledger.queries import Reading
from keyward.ledger.version import check_known, check_world

_FACTS = "SELECT name, value FROM keyward.meta WHERE name IN ('schema', 'world')"
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


class PostgresReading(Reading):
    """What is in a ledger on PostgreSQL, as it was when it was first asked: one transaction, which cannot write.

    Args:
        where: the `postgresql:` URL.
        world: when given, the world that the ledger must belong to.
        spare: keeps one connection for the next reading, which then need not make one; whoever owns it closes what is left in it.

    Raises:
        NoLedger: there is none.
        NotConfigured: the database cannot be reached.
        NotAllowed: this user may not read it.
        LedgerBroken: it is newer than this program.
        AnotherWorld: it belongs to other endpoints.
    """

    def __init__(self, where: str, *, world: str | None = None, spare: "list[Link] | None" = None) -> None:
        found = address(where)
        self.name = found.name
        self._spare = spare
        self._link, facts = self._facts(found)
        try:
            if facts is None:
                raise no_ledger(self.name)  # noqa: TRY301  # the connection is closed below, whatever went wrong
            check_known(self.name, facts.get("schema"))
            check_world(self.name, facts.get("world"), world)
        except BaseException:
            self._link.close()
            raise

    def _facts(self, found: Address) -> tuple[Link, dict[str, str] | None]:
        """A connection, and what the ledger says of itself; None when there is none."""
        while True:
            kept = self._spare.pop() if self._spare else None
            link = kept or connect(found)
            link.begins(writing=False)
            try:
                return link, dict(link.execute(_FACTS).fetchall())
            except psycopg.errors.UndefinedTable:
                return link, None
            except psycopg.Error as error:
                link.close()
                if kept is None:  # one that lay idle may be gone; a new one is tried then
                    raise trouble(error, self.name) from None

    def close(self) -> None:
        """Let go of the connection."""
        if self._spare is None or self._spare or self._link.closed:
            self._link.close()
            return
        try:
            self._link.rollback()
        except psycopg.Error:
            self._link.close()
        else:
            self._spare.append(self._link)

    def _ask(self, query: str, **values: object) -> list[dict[str, Any]]:
        try:
            with self._link.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(_PARAMETER.sub(r"%(\1)s", query), values).fetchall()
        except psycopg.Error as error:
            raise trouble(error, self.name) from None
