"""Bringing the tables up to this program's version."""

from pathlib import Path
from typing import TYPE_CHECKING

from keyward.ledger.version import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import Connection

_STEPS = Path(__file__).parent / "migrations"


def upgrade(connection: "Connection", *, to: int = SCHEMA) -> None:
    """Run the missing steps in the connection's transaction, which the caller commits or rolls back.

    Args:
        connection: where the tables are; in a transaction.
        to: the version to stop at.
    """
    from alembic import command  # only when something is to be upgraded
    from alembic.config import Config
    from sqlalchemy import delete

    from keyward.ledger.schema import meta

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, f"{to:04d}")
    connection.execute(delete(meta).where(meta.c.name == "schema"))
    connection.execute(meta.insert(), {"name": "schema", "value": str(to)})
