"""What kind of statement an attestation is, where it can be seen, and the answers in it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; until now nothing but attestations was kept."""
    for name, before in (("kind", "attested"), ("evidence", ""), ("data", "{}")):
        op.add_column("attestation", sa.Column(name, _TEXT, nullable=False, server_default=before))
