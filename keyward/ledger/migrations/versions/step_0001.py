"""Rotations, leases, the audit trail, targets, placements, probes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # sorted by code points, as SQLite does
_OPEN = sa.text("state NOT IN ('done', 'aborted')")


def _texts(*names: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, _TEXT, nullable=False) for name in names]


def _keys(*names: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, _TEXT, primary_key=True, nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables of the first version."""
    op.create_table("meta", *_keys("name"), *_texts("value"))
    op.create_table(
        "rotation",
        *_keys("id"),
        *_texts("credential", "state", "data", "waiting_on", "why"),
        sa.Column("due", _TEXT),
        *_texts("group", "actor", "host", "reason"),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("created", _TEXT),
        sa.Column("updated", _TEXT),
    )
    op.create_index(
        "one_open_rotation", "rotation", ["credential"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("rotation_by_credential", "rotation", ["credential"])
    op.create_index("rotation_by_group", "rotation", ["group"])
    op.create_table(
        "lease",
        *_keys("name"),
        *_texts("owner"),
        sa.Column("fence", sa.Integer, nullable=False),
        *_texts("boot"),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column(
            "seq", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), primary_key=True, autoincrement=False
        ),
        *_texts("at", "kind", "rotation", "step", "target", "detail", "actor", "host", "chain"),
    )
    op.create_index("event_by_rotation", "event", ["rotation", "seq"])
    _forbid_changes()
    op.create_table("target", *_keys("target"), *_texts("actor", "at", "how"))
    op.create_table(
        "placement",
        *_keys("secret", "version", "part", "host", "credential"),
        *_texts("source", "fingerprint", "role", "version_state", "store", "scope", "alias", "found_by"),
        *_texts("first_seen", "last_read"),
        sa.Column("gone", _TEXT),
        *_texts("written_by"),
    )
    op.create_index("placement_by_credential", "placement", ["credential"])
    op.create_index("placement_by_source", "placement", ["source", "host"])
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("credential", "at", "verdict", "evidence", "rotation"),
    )
    op.create_index("probe_by_credential", "probe", ["credential", "at"])


def _forbid_changes() -> None:
    """Make the database itself refuse to change or remove lines of the audit trail."""
    if op.get_bind().dialect.name == "sqlite":
        _forbid_changes_on_sqlite()
    else:
        _forbid_changes_on_postgresql()


def _forbid_changes_on_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_never_{act.lower()} BEFORE {act} ON event "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
        )
    # Also against REPLACE, which deletes without asking the trigger above.
    op.execute(
        "CREATE TRIGGER event_in_order BEFORE INSERT ON event "
        "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
    )


def _forbid_changes_on_postgresql() -> None:
    # The caller has put the ledger's schema first on the search path; the functions keep that.
    refuse = "RAISE EXCEPTION 'the audit trail only grows' USING ERRCODE = 'restrict_violation'"
    kind = "RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT"
    op.execute(f"CREATE FUNCTION event_refuse() {kind} AS $$ BEGIN {refuse}; END $$")
    op.execute(
        f"CREATE FUNCTION event_in_order() {kind} AS $$ DECLARE newest bigint := max(seq) FROM event; BEGIN "
        f"IF NEW.seq <> coalesce(newest, 0) + 1 THEN {refuse}; END IF; RETURN NEW; END $$"
    )
    for act in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER event_never_{act.lower()} BEFORE {act} ON event "
            "FOR EACH STATEMENT EXECUTE FUNCTION event_refuse()"
        )
    op.execute("CREATE TRIGGER event_in_order BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_in_order()")
