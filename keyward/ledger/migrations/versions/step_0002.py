"""Accepted risks and attestations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _texts(*names: str, key: bool = False) -> list["sa.Column[str]"]:
    return [sa.Column(name, _TEXT, primary_key=key, nullable=False) for name in names]


def upgrade() -> None:
    """Make the two tables."""
    op.create_table("accepted_risk", *_texts("rule", "subject", key=True), *_texts("actor", "reason", "at", "until"))
    op.create_table(
        "attestation",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("checklist", "item", "scope", "actor", "statement", "at", "expires"),
    )
    op.create_index("attestation_by_item", "attestation", ["checklist", "item", "scope"])
