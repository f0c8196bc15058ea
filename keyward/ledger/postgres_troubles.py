"""What PostgreSQL's errors mean to a person (PostgreSQL 18, appendix A: SQLSTATE). No statement, no row and no address is repeated."""

import re
from typing import Any

from keyward.model.errors import Held, KeywardError, LedgerBroken, NotAllowed, NotConfigured
from keyward.model.redact import label
from keyward.model.text import clean

GRANTS = "docs/ledger.md has the statements that give a writer or a reader its rights; then run the same command again."
_AGAIN = ("40001", "40P01", "57P03", "53300")
_LOST = ("08", "57P01", "57P02")
_WAITED = ("55P03", "57014", "25P03")
_FULL = ("53100", "53200", "58030")
_MEANINGS: tuple[tuple[tuple[str, ...], type[KeywardError], str, str], ...] = (
    ((*_WAITED, *_AGAIN), Held, "Others were writing to the ledger {name} for too long.", "Try again in a minute."),
    (
        ("25006",),
        NotAllowed,
        "The ledger {name} can only be read: the server is a standby, or set to read only. Nothing of this step was recorded.",
        "See who set default_transaction_read_only, or name the primary in ledger.url (with several hosts add ?target_session_attrs=read-write); then run the same command again.",
    ),
    (("3F000", "42P01"), LedgerBroken, "The ledger {name} lacks a table.", "Restore it from a backup."),
)


def state(error: BaseException) -> str:
    """The SQLSTATE, five characters; empty when the server said none."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def again(error: BaseException) -> bool:
    """Whether the server undid it, and the same may succeed at once."""
    return state(error) in _AGAIN


def lost(error: BaseException) -> bool:
    """Whether there is no connection any more."""
    return bool(getattr(error, "connection_invalidated", False)) or state(error).startswith(_LOST)


def busy(error: BaseException) -> bool:
    """Whether the server will soon have a connection to give."""
    return state(error) in _AGAIN or bool(re.search(r"too many clients|connection slots|starting up", str(error)))


def said(error: BaseException) -> str:
    """What the server said, in one line, without statement, row or address."""
    inner: Any = getattr(error, "orig", error)
    primary = getattr(getattr(inner, "diag", None), "message_primary", None)
    return label(clean(str(primary or type(inner).__name__)), 300)


def trouble(error: BaseException, name: str) -> KeywardError:
    """The same error in keyward's words.

    Args:
        error: what SQLAlchemy or the driver raised.
        name: what a person calls the ledger.
    """
    code = state(error)
    if code in _FULL:
        return KeywardError(
            f"The ledger {name} could not be written: {said(error)}. Nothing of this step was recorded.",
            hint="Make room on the database server and run the same command again.",
        )
    if code == "42501":
        what = (
            f"The database user may not do that in the ledger {name}: {said(error)}. Nothing of this step was recorded."
        )
        return NotAllowed(what, hint=GRANTS)
    for codes, kind, what, advice in _MEANINGS:
        if code in codes:
            return kind(what.format(name=name), hint=advice)
    if lost(error):
        return KeywardError(
            f"The connection to the ledger {name} was lost. Nothing of this step was recorded.",
            hint="Run the same command again when the database can be reached.",
        )
    return KeywardError(f"The ledger {name} failed: {said(error)} ({code or 'no code'}). Nothing was recorded.")


_REASONS = (
    (
        r"password authentication failed|no password supplied|SCRAM",
        "PostgreSQL did not accept the user or its password",
        "Keep the password in ~/.pgpass (mode 0600), the file that PGPASSFILE names, PGPASSWORD or a service file.",
    ),
    (
        r"Peer authentication failed|Ident authentication|no pg_hba\.conf entry|role .* does not exist|not permitted to log in",
        "PostgreSQL does not let this user in",
        "Ask for a role and a line in pg_hba.conf; over the Unix socket the role must be called like the system's user.",
    ),
    (r"database .* does not exist", "there is no such database", "Make it with createdb, or mend ledger.url."),
    (
        r"root certificate file",
        "there is no certificate of the authority that the server's is checked with",
        "Add ?sslrootcert=/path/ca.pem to ledger.url, or ?sslrootcert=system for a public authority.",
    ),
    (
        r"certificate|SSL|TLS",
        "the server did not prove over TLS that it is the right one",
        "Its certificate must be for the host in ledger.url and signed by the authority in sslrootcert; the server needs ssl = on.",
    ),
    (r"could not translate host name|Name or service", "the name of its host is not known", "Mend ledger.url."),
    (r"definition of service|service file", "there is no such service", "See PGSERVICEFILE, ~/.pg_service.conf."),
    (
        r"too many clients|connection slots",
        "the server has no free connection",
        "Raise max_connections, or put a pooler before it.",
    ),
    (r"timeout|timed out", "the server does not answer", "See that it runs and can be reached from here."),
    (r"refused|No such file|unreachable|Is the server running", "nothing listens there", "See that the server runs."),
)


def unreachable(error: BaseException, name: str) -> NotConfigured:
    """Why no connection could be made. What libpq says is not repeated: it names user, host and paths."""
    text = str(error)
    for pattern, what, advice in _REASONS:
        if re.search(pattern, text):
            kind = NotAllowed if pattern.startswith(("password", "Peer")) else NotConfigured
            return kind(f"The ledger {name} cannot be used: {what}.", hint=advice)
    return NotConfigured(f"The ledger {name} cannot be reached.", hint="`psql` with the same address says more.")
