"""The tables as the statements use them. How they came to be stands in the migrations; a test compares both.

Times are texts in ISO 8601, UTC, microseconds; data are canonical JSON texts: the same in every database. Texts sort by their code
points in every database.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def _text(name: str, *, key: bool = False) -> "Column[str]":
    return Column(name, _TEXT, primary_key=key, nullable=False)


def _maybe(name: str) -> "Column[str]":
    return Column(name, _TEXT, nullable=True)


meta = Table("meta", metadata, _text("name", key=True), _text("value"))

rotation = Table(
    "rotation",
    metadata,
    _text("id", key=True),
    _text("credential"),
    _text("state"),
    _text("data"),
    _text("waiting_on"),
    _text("why"),
    _maybe("due"),
    _text("group"),
    _text("actor"),
    _text("host"),
    _text("reason"),
    Column("schema", Integer, nullable=False),
    _maybe("created"),
    _maybe("updated"),
)

is_open = text("state NOT IN ('done', 'aborted')")
Index(
    "one_open_rotation", rotation.c.credential, unique=True, sqlite_where=is_open, postgresql_where=is_open
)  # one open rotation a credential, whatever the program thinks
Index("rotation_by_credential", rotation.c.credential)
Index("rotation_by_group", rotation.c.group)

lease = Table(
    "lease",
    metadata,
    _text("name", key=True),
    _text("owner"),
    Column("fence", Integer, nullable=False),
    _text("boot"),
    Column("until", Float, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer().with_variant(BigInteger(), "postgresql"), primary_key=True, autoincrement=False),
    _text("at"),
    _text("kind"),
    _text("rotation"),
    _text("step"),
    _text("target"),
    _text("detail"),
    _text("actor"),
    _text("host"),
    _text("chain"),
)
Index("event_by_rotation", event.c.rotation, event.c.seq)

target = Table("target", metadata, _text("target", key=True), _text("actor"), _text("at"), _text("how"))

placement = Table(
    "placement",
    metadata,
    _text("secret", key=True),
    _text("version", key=True),
    _text("part", key=True),
    _text("host", key=True),
    _text("credential", key=True),
    _text("source"),
    _text("fingerprint"),
    _text("role"),
    _text("version_state"),
    _text("store"),
    _text("scope"),
    _text("alias"),
    _text("found_by"),
    _text("first_seen"),
    _text("last_read"),
    _maybe("gone"),
    _text("written_by"),
)
Index("placement_by_credential", placement.c.credential)
Index("placement_by_source", placement.c.source, placement.c.host)

probe = Table(
    "probe",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("credential"),
    _text("at"),
    _text("verdict"),
    _text("evidence"),
    _text("rotation"),
)
Index("probe_by_credential", probe.c.credential, probe.c.at)

accepted_risk = Table(
    "accepted_risk",
    metadata,
    _text("rule", key=True),
    _text("subject", key=True),
    _text("actor"),
    _text("reason"),
    _text("at"),
    _text("until"),
)

attestation = Table(
    "attestation",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("checklist"),
    _text("item"),
    _text("scope"),
    _text("actor"),
    _text("statement"),
    _text("at"),
    _text("expires"),
    _text("kind"),
    _text("evidence"),
    _text("data"),
)
Index("attestation_by_item", attestation.c.checklist, attestation.c.item, attestation.c.scope)
