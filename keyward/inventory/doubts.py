"""What an index tells and the cache knows otherwise: an index is late, so each such thing is asked for by itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keyward.inventory.rows import secret_info
from keyward.model.credential import Credential
from keyward.model.secretinfo import SecretInfo

if TYPE_CHECKING:
    import sqlite3


def doubted_keys(connection: "sqlite3.Connection", source: str, rows: Sequence[Credential]) -> set[str]:
    """The ids of keys of a source that the index does not tell of, has in another state, or has although they were gone."""
    told = {one.id: one.state.value for one in rows}
    states = connection.execute("SELECT id, state FROM key WHERE source = ?", (source,))
    known = {row[0]: row[1] for row in states}
    gone = (
        connection.execute("SELECT key FROM change WHERE what = 'gone'").fetchall()
        if told.keys() - known.keys()
        else ()
    )
    return {one for one, state in known.items() if told.get(one) != state} | {
        row[0] for row in gone if row[0] in told and row[0] not in known
    }


def doubted_secrets(connection: "sqlite3.Connection", source: str, rows: Sequence[SecretInfo]) -> set[str]:
    """The ids of secrets of a source that the index does not tell of, or of which it lacks a version as it is known."""
    told = {str(one.ref): _states(one) for one in rows}
    known = [secret_info(row) for row in connection.execute("SELECT * FROM secret WHERE source = ?", (source,))]
    names = ((str(one.ref), _states(one)) for one in known)
    return {name for name, states in names if name not in told or not states <= told[name]}


def _states(info: SecretInfo) -> frozenset[tuple[str, str]]:
    return frozenset((one.id, one.state.value) for one in info.versions or ())
