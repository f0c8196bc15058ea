"""One connection to a PostgreSQL server, and what became of a transaction whose answer was lost.

Needs the extra `postgres`; loaded only for a ledger on PostgreSQL, also by those who only read, so SQLAlchemy is not used here.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from keyward.ledger.address import Address
from keyward.ledger.postgres_troubles import busy, unreachable
from keyward.model.errors import KeywardError, NotConfigured

SCHEMA = "keyward"
"""The PostgreSQL schema that holds the tables."""

# What the driver says of broken connections is told as an error; without a handler it would go to standard error as well.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

_OLDEST = 130000
_PATIENCE = 10.0
_UNTIL_KNOWN = 30.0
_ABANDONED = "20s"
"""A transaction that writes and whose program was stopped ends after so long, and the others can go on."""
_PATIENT = {
    "connect_timeout": "10",
    "tcp_user_timeout": "20000",  # milliseconds: a connection that a firewall has forgotten is noticed, not waited for
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_OPENING = f"""
    SELECT {{mark}},
      pg_postmaster_start_time()::text,
      set_config('search_path', '{SCHEMA}, pg_catalog, pg_temp', true),
      set_config('lock_timeout', '15s', true),
      set_config('statement_timeout', '60s', true),
      set_config('idle_in_transaction_session_timeout', '{{abandoned}}', true),
      set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
        ELSE current_setting('synchronous_commit') END, true)"""
_WRITING = (
    "BEGIN ISOLATION LEVEL READ COMMITTED",  # not READ WRITE: who runs the server may have set it to read only, as some do when its disk fills up
    _OPENING.format(mark="pg_current_xact_id()::text", abandoned=_ABANDONED),
)
_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", _OPENING.format(mark="''", abandoned="10min"))


@dataclass(frozen=True, slots=True)
class Mark:
    """Names a transaction: its number, and when the server that gave it was started."""

    number: str
    server: str


class Link(psycopg.Connection[Any]):
    """A connection whose first statement brings BEGIN and the settings of the transaction along, in one round trip."""

    mark: Mark | None = None
    """The transaction under way, or the one that ended last."""
    opening: tuple[str, str] = _READING
    alone = False

    def begins(self, *, writing: bool, alone: bool = False) -> None:
        """Say what the next transaction is for; costs nothing. `alone`: it has one statement, and ends with it."""
        self.mark = None
        self.opening = _WRITING if writing else _READING
        self.alone = alone


class _Cursor(psycopg.Cursor[Any]):
    """Sends what opens a transaction together with its first statement."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> "_Cursor":
        link = self.connection
        if not isinstance(link, Link) or link.info.transaction_status != TransactionStatus.IDLE:
            return super().execute(query, params, **how)
        with link.pipeline():
            opening = _open(link)
            super().execute(query, params, **how)
            if link.alone:
                psycopg.Cursor[Any](link).execute("COMMIT")
        _note(link, opening)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **how: Any) -> None:
        link = self.connection
        if not isinstance(link, Link) or link.info.transaction_status != TransactionStatus.IDLE:
            super().executemany(query, params_seq, **how)
            return
        with link.pipeline():
            opening = _open(link)
            super().executemany(query, params_seq, **how)
        _note(link, opening)


def _open(link: Link) -> psycopg.Cursor[Any]:
    begin, settings = link.opening
    psycopg.Cursor[Any](link).execute(begin)
    opening = psycopg.Cursor[Any](link)
    opening.execute(settings)
    return opening


def _note(link: Link, opening: psycopg.Cursor[Any]) -> None:
    found = opening.fetchone()
    if found is not None and found[0]:
        link.mark = Mark(str(found[0]), str(found[1]))


def connect(address: Address) -> Link:
    """A connection; tried for ten seconds while the server has none to give.

    Raises:
        NotConfigured: there is no such server, or it lets nobody in.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            link = Link.connect(
                _described(address),
                autocommit=True,  # the driver would send its BEGIN alone, and wait for the answer
                cursor_factory=_Cursor,
                prepare_threshold=None,  # a pooler may give the next transaction to another session
            )
            break
        except psycopg.Error as error:
            if not busy(error) or time.monotonic() > until:
                raise unreachable(error, address.name) from None
            time.sleep(0.2)
    if link.info.server_version < _OLDEST:
        link.close()
        raise NotConfigured(
            f"The ledger {address.name} is on PostgreSQL {link.info.server_version // 10000}.",
            hint="13 or newer is needed.",
        )
    return link


def _described(address: Address, **more: str) -> str:
    """What libpq is told; the address's own words come first."""
    return make_conninfo("", **{"application_name": "keyward", **_PATIENT, **more, **address.parameters})


def fate(address: Address, mark: Mark) -> bool:
    """Whether a transaction, whose commit was sent and not answered, was kept.

    Raises:
        KeywardError: nobody can say; then it must not be done again before the ledger was read again.
    """
    until = time.monotonic() + _UNTIL_KNOWN
    while True:
        try:
            with Link.connect(_described(address, connect_timeout="5"), autocommit=True) as link:
                query = "SELECT pg_postmaster_start_time()::text, pg_xact_status(%s::text::xid8)"
                found = link.execute(query, (mark.number,)).fetchone()
        except psycopg.Error:
            found = None
        if found is not None:
            server, status = found
            # After a fail-over to a copy the number may belong to another transaction.
            if server == mark.server and status in ("committed", "aborted"):
                return bool(status == "committed")
            if server != mark.server or status is None:
                break
        if time.monotonic() > until:
            break
        time.sleep(0.3)
    raise KeywardError(
        f"The connection to the ledger {address.name} was lost in the moment of writing, so it is not known whether this step was recorded.",
        hint="Nothing else was done. Run the same command again: it reads the ledger first.",
    )
